// What is done to a float model without changing its function: norm gains folded, the residual stream and each head's
// values rotated, the MLP's middle channels scaled and transformed (QuaRot, arXiv 2404.00456; SpinQuant, 2405.16406).
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "core/lab/quantization/transforms/rotation.h"
#include "core/model/vlm_config.h"
#include "core/run/recipe.h"

namespace qvlm::quantization {

/// An undefined tensor scales nothing.
struct LayerTransform {
  std::vector<Rotation> values;  // R2, [head_dim] wide, one a key-value head; empty: none
  torch::Tensor value_scales;    // [kv_heads * head_dim]: value's rows times these, output's columns over them; before R2
  torch::Tensor middle_scales;   // [ffn]: up's rows times these, down's columns over them
};

/// Norm gains are always folded into the linears behind them: the norms become ones, a tied head is untied.
struct ModelTransform {
  std::string name;                    // goes into the transformed model's fingerprint: must say all that it does
  Rotation residual;                   // R1, [hidden] wide
  bool principal = false;              // R1 goes along the residual stream's principal axes
  std::vector<LayerTransform> layers;  // one a decoder layer, or none
  int down_hadamard = 0;               // R4's block; 0: none
};

/// The transform that a recipe asks for, with Hadamard matrices and signs drawn from `seed`. `axes` [hidden, hidden]: R1 of
/// RotationMode::PRINCIPAL, one axis a column. Throws Error: a width that has no Hadamard block, RotationMode::NONE, axes that are not
/// orthonormal or not there.
ModelTransform make_transform(const DecoderConfig& config, RotationMode mode, uint64_t seed, const torch::Tensor& axes = {});

/// One line on how each width is rotated: "R1 576 = Hadamard of 36 x 16; R4 11008 in blocks of 256".
std::string describe(const ModelTransform& transform, const DecoderConfig& config);

}  // namespace qvlm::quantization
