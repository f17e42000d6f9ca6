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

/// Codes of the nearest level of w / m, where m is the greatest |bound| of the group at the percentile; scales are the double-quantized
/// m, in float16 as the file stores them (16 bits a block, where QLoRA's own format keeps 8 and a part).
GridWeight nf4_round(const GroupedWeight& weight, float percentile);

/// What is left of block maxima after QLoRA's second quantization: less their mean, in blocks of 256 (row by row) scaled by the block's
/// largest magnitude, to the nearest of 256 dynamic levels. Any shape, float32.
torch::Tensor double_quantize(const torch::Tensor& maxima);

}  // namespace qvlm::quantization
