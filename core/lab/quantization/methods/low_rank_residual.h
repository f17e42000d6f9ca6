// A low-rank residual after any weight method (LoRC, ZeroQuant-V2; activation-whitened as in QERA; algorithms.md 2.6): what rounding has
// changed is made good by a thin product in float16, weighted by what the inputs are like.
#pragma once

#include <memory>

#include "core/lab/quantization/methods/weight_method.h"

namespace qvlm::quantization {

class WithResidual : public WeightMethod {
 public:
  WithResidual(std::unique_ptr<WeightMethod> method, int rank) : method_(std::move(method)), rank_(rank) {}

  PreparedLayer prepare(const reference::DecoderLayer& layer, const LayerCalibration& calibration) const override;
  /// The method's rounding, and to each linear the residual of its own error against the prepared layer's weight.
  std::vector<RoundedSite> round(const PreparedLayer& prepared, const SiteInputs& inputs, std::span<const float> percentiles) const override;
  bool couples_sites() const override { return method_->couples_sites(); }
  bool needs_quantized_inputs() const override { return method_->needs_quantized_inputs(); }

 private:
  std::unique_ptr<WeightMethod> method_;
  int rank_;
};

/// The two factors A B of the given rank (at most the smaller dimension) that make |(error - A B) S| small, S S^T being the inputs' second
/// moments: the leading singular vectors of error S, by subspace iteration from a fixed start. Balanced, exact in float16.
struct LowRankFactors {
  torch::Tensor left, right;  // [rows, rank], [rank, columns], float32
};
LowRankFactors low_rank_factors(const torch::Tensor& error, const torch::Tensor& root, int64_t rank);

}  // namespace qvlm::quantization
