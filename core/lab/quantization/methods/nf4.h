// NF4 with double quantization, the weights of QLoRA (Dettmers et al. 2023; algorithms.md 2.5): 16 levels at a normal distribution's
// quantiles, scaled by each block's largest magnitude.
#pragma once

#include "core/lab/quantization/methods/weight_method.h"

namespace qvlm::quantization {

/// Blocks are the recipe's weight groups: QLoRA's are 64.
class NormalFloatRounding : public WeightMethod {
 public:
  std::vector<RoundedSite> round(const PreparedLayer& prepared, const SiteInputs& inputs, std::span<const float> percentiles) const override;
};

/// The 16 levels, ascending from -1 to 1. [16]
torch::Tensor nf4_codebook();

/// Codes of the nearest level of w / m, where m is the greatest |bound| of the group at the percentile; scales are the m, quantized again
/// (core/model/double_scales.h): at blocks of 64, 4.127 bits a weight of a large matrix.
GridWeight nf4_round(const GroupedWeight& weight, float percentile);

}  // namespace qvlm::quantization
