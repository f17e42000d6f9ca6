// AWQ (Lin et al. 2024; algorithms.md 2.2): input channels that carry large activations get finer steps, by scales that fold into
// what stands before them; then the weights' outliers are clamped.
#pragma once

#include "core/lab/quantization/methods/weight_method.h"

namespace qvlm::quantization {

inline constexpr int kAwqRatios = 20;       // r = 0, 1/20, ..., 19/20
inline constexpr int kAwqShrinks = 10;      // clip bound absmax (1 - i / 20), i = 0 .. 9
inline constexpr int64_t kAwqClipTokens = 512;

class ActivationAwareScaling : public WeightMethod {
 public:
  /// clip: clamp outliers after scaling. duo: scales by activations and weights (AutoAWQ). scale: false where the channels' scales are
  /// chosen already, so that only outliers are clamped.
  explicit ActivationAwareScaling(bool clip = true, bool duo = false, bool scale = true) : clip_(clip), duo_(duo), scale_(scale) {}

  /// Scales, in this order: query, key, value (folded into attention_norm); output (into the value's rows and bias; with grouped
  /// queries one scale for the heads that share a value); gate, up (into mlp_norm); down (into up's rows). Then clamps value, output,
  /// gate, up and down. Losses are taken on the search's batches, tokens by
  /// their weights.
  PreparedLayer prepare(const reference::DecoderLayer& layer, const LayerCalibration& calibration) const override;
  bool couples_sites() const override { return true; }

 private:
  bool clip_, duo_, scale_;
};

/// s = max(mean_absolute^ratio, 1e-4), divided by sqrt(max s min s). [width]
torch::Tensor awq_scales(const torch::Tensor& mean_absolute, double ratio);

/// Duo scaling: s = max(x^ratio / (w^(1 - ratio) + 1e-4), 1e-4), normalised likewise, with w [width] from awq_weight_means.
torch::Tensor awq_duo_scales(const torch::Tensor& mean_absolute, const torch::Tensor& weight_means, double ratio);

/// Mean over the rows of |w| / max|w| of its group. weight [rows, columns] -> [columns]
torch::Tensor awq_weight_means(const torch::Tensor& weight, const WeightGrid& grid);

/// The weight with each group clamped to +- absmax (1 - i / 20), where i gives the least sum over tokens of
/// (sum over the group's columns of x_c (Q(clamped)_c - w_c))^2. weight [rows, columns], x [tokens, columns].
torch::Tensor awq_clip(const torch::Tensor& weight, const torch::Tensor& x, const WeightGrid& grid, const std::string& name,
                       const reference::Workers* workers = nullptr);

}  // namespace qvlm::quantization
