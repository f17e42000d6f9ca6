// The small buffers that change from step to step while the recorded commands stay. Layouts as in shaders/common.glsl
// and sample.comp.
#pragma once

#include <cstdint>

namespace qvlm {

struct StepState {
  uint32_t position = 0;  // of the first row of the step
  uint32_t reserved[3] = {0, 0, 0};
};

/// Followed by `recent` distinct token ids.
struct SamplingRequest {
  float temperature = 0;
  uint32_t top_k = 0;
  float top_p = 1;
  float repetition_penalty = 1;
  float uniform_number = 0;
  uint32_t recent = 0;
  uint32_t reserved[2] = {0, 0};
};
static_assert(sizeof(SamplingRequest) == 32);

struct SamplingResult {
  uint32_t token = 0;
  uint32_t not_finite = 0;
};

}  // namespace qvlm
