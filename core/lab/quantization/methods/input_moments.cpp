// Sums of outer products, one matrix product a batch.
#include "core/lab/quantization/methods/input_moments.h"

#include <ATen/ops/linalg_cholesky_ex.h>

#include "core/base/error.h"

namespace qvlm::quantization {
namespace {

// The real rows' weights. [tokens, 1]
torch::Tensor token_weights(const SiteInputs& inputs, size_t batch) {
  return calibration::real_rows(inputs.batches.all[batch], inputs.weights_of(batch).unsqueeze(-1));
}

}  // namespace

InputMoments input_moments(const SiteInputs& inputs, bool with_shift) {
  const auto& path = inputs.rounded.empty() ? inputs.exact : inputs.rounded;
  const int64_t width = path.site_inputs.width();
  InputMoments moments{torch::zeros({width, width}), {}};
  if (with_shift) moments.shift = torch::zeros({width, width});
  double total = 0;
  for (size_t b = 0; b < inputs.batches.all.size(); ++b) {
    const auto x = calibration::real_rows(inputs.batches.all[b], path.site_inputs[b]);  // [tokens, width]
    const auto weights = token_weights(inputs, b);
    const auto weighted = x * weights;
    moments.hessian.addmm_(x.t(), weighted);
    if (with_shift) {
      moments.shift.addmm_((calibration::real_rows(inputs.batches.all[b], inputs.exact.site_inputs[b]) - x).t(), weighted);
    }
    total += weights.sum(torch::kFloat64).item<double>();
  }
  moments.hessian.mul_(2 / total);
  if (with_shift) moments.shift.mul_(2 / total);
  if (!torch::isfinite(moments.hessian).all().item<bool>()) {
    throw Error(inputs.layer_name + ": the inputs of " + std::string(linears_of(inputs.kind).front()) + " have values that are not finite");
  }
  return moments;
}

torch::Tensor mean_square(const SiteInputs& inputs) {
  const int64_t width = inputs.exact.site_inputs.width();
  auto sum = torch::zeros({width});
  double total = 0;
  for (size_t b = 0; b < inputs.batches.all.size(); ++b) {
    const auto weights = token_weights(inputs, b);
    sum += (calibration::real_rows(inputs.batches.all[b], inputs.exact.site_inputs[b]).square() * weights).sum(0);
    total += weights.sum(torch::kFloat64).item<double>();
  }
  return sum / total;
}

torch::Tensor damped_cholesky(const torch::Tensor& hessian, double damping) {
  const auto diagonal = hessian.diagonal();
  const auto dead = diagonal == 0;
  const double live = static_cast<double>((~dead).sum().item<int64_t>());
  const double mean = live > 0 ? diagonal.sum().item<double>() / live : 1;
  for (double d = damping; d <= kMostDamping + 1e-9; d += kDampingStep) {
    auto damped = hessian.clone();
    damped.diagonal().add_(dead.to(torch::kFloat32), mean).add_(d * mean);
    const auto [factor, info] = at::linalg_cholesky_ex(damped);
    if (info.item<int>() == 0) return factor;
  }
  return {};
}

}  // namespace qvlm::quantization
