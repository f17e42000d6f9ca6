// AutoRound (SignRound, Cheng et al. 2024; algorithms.md 3.2): where each weight rounds to, and how far each group is clipped, learned by
// signed gradients of the site's output error.
#pragma once

#include "core/lab/quantization/methods/weight_method.h"

namespace qvlm::quantization {

class SignedGradientRounding : public WeightMethod {
 public:
  explicit SignedGradientRounding(int iterations) : iterations_(iterations) {}

  /// From round to nearest at each percentile: V in [-1/2, 1/2] a weight, alpha and beta in [0, 1] a group,
  ///   s = (alpha hi - beta lo) / (2^b - 1),  q = clamp(round(w / s + V) + z, 0, 2^b - 1)   (symmetric: s = max(beta |lo|, alpha |hi|) / ...)
  /// by steps of lr sign(gradient), lr from 1 / iterations (2 / iterations up to 3 bits) falling to 0, on one batch a step. Loss: the
  /// squared error of output_behind the site, on the quantized path's inputs against the float path. Of some snapshots, round to nearest
  /// among them, the one of least loss over all batches stays. The published method takes the whole layer's output; here a site's.
  std::vector<RoundedSite> round(const PreparedLayer& prepared, const SiteInputs& inputs, std::span<const float> percentiles) const override;
  bool needs_quantized_inputs() const override { return true; }

 private:
  int iterations_;
};

}  // namespace qvlm::quantization
