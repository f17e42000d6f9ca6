// SmoothQuant (Xiao et al. 2023; algorithms.md 2.3): part of each channel's range moves from the activations into the weights, folded
// into the norm before them. Made for W8A8 with one symmetric group a row.
#pragma once

#include "core/lab/quantization/methods/weight_method.h"

namespace qvlm::quantization {

inline constexpr int kSmoothSteps = 20;  // alpha = 0, 1/20, ..., 1

class Smoothing : public WeightMethod {
 public:
  /// Scales query, key, value (folded into attention_norm) and gate, up (into mlp_norm). alpha is the one of least error behind the
  /// sublayer on the search's batches, weights and the site's activations rounded; no smoothing at all is one of the candidates.
  PreparedLayer prepare(const reference::DecoderLayer& layer, const LayerCalibration& calibration) const override;
  bool couples_sites() const override { return true; }
};

/// s = max(a^alpha / w^(1 - alpha), 1e-5). largest_input a [width]: max over tokens of |x|; largest_weight w [width]: max over rows.
torch::Tensor smooth_scales(const torch::Tensor& largest_input, const torch::Tensor& largest_weight, double alpha);

}  // namespace qvlm::quantization
