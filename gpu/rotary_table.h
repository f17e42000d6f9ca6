// Cosines and sines of the rotary embedding.
#pragma once

#include <cstdint>
#include <vector>

#include "core/model/vlm_config.h"

namespace qvlm {

struct RotaryTable {
  std::vector<float> cosines, sines;  // [positions, head_dim / 2]
};

/// Angles position / theta^(2 i / head_dim), scaled as transformers' modeling_rope_utils does for "linear" and
/// "llama3"; float32 as there.
RotaryTable rotary_table(const DecoderConfig& config, int64_t positions);

}  // namespace qvlm
