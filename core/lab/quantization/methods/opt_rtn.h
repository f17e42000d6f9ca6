// Error-optimal round to nearest (algorithms.md 2.1): each group's scale is the best of a grid, by the error weighted with E[x^2].
#pragma once

#include "core/lab/quantization/methods/weight_method.h"

namespace qvlm::quantization {

inline constexpr int kScaleFactors = 49;  // 0.5, 0.5125, ..., 1.1, of the bounds at the percentile
inline constexpr double kLeastFactor = 0.5, kFactorStep = 0.0125;

class OptimalRoundToNearest : public WeightMethod {
 public:
  std::vector<RoundedSite> round(const PreparedLayer& prepared, const SiteInputs& inputs, std::span<const float> percentiles) const override;
};

/// Every group's bounds times the factor of least sum over its columns of importance_c (w_c - Q(w)_c)^2; 1 among equals.
/// importance [columns].
GridWeight optimal_round(const GroupedWeight& weight, const torch::Tensor& importance, float percentile);

}  // namespace qvlm::quantization
