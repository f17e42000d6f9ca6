// Rotary position embedding (Su et al. 2021), in the half-split layout: channel i turns with channel i + head_dim / 2.
#pragma once

#include <torch/types.h>

#include "core/model/vlm_config.h"

namespace qvlm::reference {

/// cos and sin of position * frequency, float32. [positions, head_dim], both halves equal.
struct RotaryTable {
  torch::Tensor cos, sin;

  /// For positions 0 .. positions - 1, with the config's base and scaling (none, linear, or Llama 3's).
  static RotaryTable make(const DecoderConfig& config, int64_t positions);
};

/// x [batch, heads, rows, head_dim]; row r stands at position first_position + r. Computed in x's type.
/// Throws Error where the table is too short.
torch::Tensor apply_rotary(const torch::Tensor& x, const RotaryTable& table, int64_t first_position);

}  // namespace qvlm::reference
