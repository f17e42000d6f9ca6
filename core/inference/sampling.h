// Choosing the next token. The plain version; the engine's shader computes the same.
#pragma once

#include <cstdint>
#include <span>

namespace qvlm {

struct SamplingParameters {
  float temperature = 0;         // 0: greedy
  int top_k = 0;                 // 0: all
  float top_p = 1;
  float repetition_penalty = 1;  // as in CTRL: positive logits divided, negative multiplied
  uint64_t seed = 0;
  bool operator==(const SamplingParameters&) const = default;
};

/// Throws Error naming the field: a negative temperature, top_p outside (0, 1], ...
void validate(const SamplingParameters& parameters);

/// A uniform number in [0, 1) that depends only on seed and position: the same on every backend.
float uniform_at(uint64_t seed, int64_t position);

/// The token id: repetition penalty, then temperature, top-k, top-p (smallest set with mass >= p), then the inverse of the cumulative
/// distribution in descending order of probability at uniform_at(seed, position). Greedy takes the lowest id among equals. `position` is the
/// generator's position() when the token is chosen. Throws Error where the logits hold a NaN.
int32_t sample_token(std::span<const float> logits, const SamplingParameters& parameters, std::span<const int32_t> recent,
                     int64_t position);

}  // namespace qvlm
