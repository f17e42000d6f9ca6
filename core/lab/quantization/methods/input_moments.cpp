// Sums of outer products, one matrix product a batch.
#include "core/lab/quantization/methods/input_moments.h"

#include <ATen/ops/linalg_cholesky_ex.h>

#include <algorithm>

#include "core/base/error.h"

namespace qvlm::quantization {
namespace {

// The real rows' weights. [tokens, 1]
torch::Tensor token_weights(const SiteInputs& inputs, size_t batch) {
  return calibration::real_rows(inputs.batches.all[batch], inputs.weights_of(batch).unsqueeze(-1));
}

constexpr int kHeldOutEvery = 4;  // samples

// Sums over rows.
struct Sums {
  torch::Tensor hessian, shift;
  double total = 0;

  Sums(int64_t width, bool with_shift) : hessian(torch::zeros({width, width})) {
    if (with_shift) shift = torch::zeros({width, width});
  }
  void add(const torch::Tensor& x, const torch::Tensor& exact, const torch::Tensor& weights) {
    const auto weighted = x * weights;
    hessian.addmm_(x.t(), weighted);
    if (shift.defined()) shift.addmm_((exact - x).t(), weighted);
    total += weights.sum(torch::kFloat64).item<double>();
  }
  InputMoments moments() && {
    hessian.mul_(2 / total);
    if (shift.defined()) shift.mul_(2 / total);
    return {std::move(hessian), std::move(shift)};
  }
};

void demand_finite(const torch::Tensor& hessian, const SiteInputs& inputs) {
  if (!torch::isfinite(hessian).all().item<bool>()) {
    throw Error(inputs.layer_name + ": the inputs of " + std::string(linears_of(inputs.kind).front()) + " have values that are not finite");
  }
}

const calibration::BatchTensors& path_of(const SiteInputs& inputs) { return (inputs.rounded.empty() ? inputs.exact : inputs.rounded).site_inputs; }

// 1 on the rows of the samples that are held out, else 0. [tokens, 1]
torch::Tensor held_out_rows(const calibration::Batch& batch, int64_t longest) {
  auto rows = torch::zeros({batch.size(), longest, 1});
  for (int64_t i = 0; i < batch.size(); ++i) {
    if (batch.samples[static_cast<size_t>(i)] % kHeldOutEvery == kHeldOutEvery - 1) rows[i].fill_(1);
  }
  return calibration::real_rows(batch, rows);
}

}  // namespace

InputMoments input_moments(const SiteInputs& inputs, bool with_shift) {
  Sums sums(path_of(inputs).width(), with_shift);
  for (size_t b = 0; b < inputs.batches.all.size(); ++b) {
    const calibration::Batch& batch = inputs.batches.all[b];
    const auto x = calibration::real_rows(batch, path_of(inputs)[b]);  // [tokens, width]
    sums.add(x, with_shift ? calibration::real_rows(batch, inputs.exact.site_inputs[b]) : x, token_weights(inputs, b));
  }
  demand_finite(sums.hessian, inputs);
  return std::move(sums).moments();
}

ValidatedMoments validated_moments(const SiteInputs& inputs, const torch::Tensor& weight, double damping) {
  Sums sums(path_of(inputs).width(), true);
  const auto each = [&](bool held_out, const auto& work) {
    for (size_t b = 0; b < inputs.batches.all.size(); ++b) {
      const calibration::Batch& batch = inputs.batches.all[b];
      const auto states = path_of(inputs)[b];
      const auto held = held_out_rows(batch, states.size(1));
      const auto weights = token_weights(inputs, b) * (held_out ? held : 1 - held);
      if (weights.sum().item<double>() > 0) work(calibration::real_rows(batch, states), calibration::real_rows(batch, inputs.exact.site_inputs[b]), weights);
    }
  };
  each(false, [&](const torch::Tensor& x, const torch::Tensor& exact, const torch::Tensor& weights) { sums.add(x, exact, weights); });
  demand_finite(sums.hessian, inputs);
  double agreement = 0, size = 0;
  if (const auto lower = damped_cholesky(sums.hessian, damping); lower.defined()) {
    const auto answer = torch::cholesky_solve(sums.shift.t(), lower);  // B^T
    each(true, [&](const torch::Tensor& x, const torch::Tensor& exact, const torch::Tensor& weights) {
      const auto foretold = torch::mm(torch::mm(x, answer), weight.t()), found = torch::mm(exact - x, weight.t());
      agreement += (foretold * found * weights).sum(torch::kFloat64).item<double>();
      size += (foretold.square() * weights).sum(torch::kFloat64).item<double>();
    });
  }
  each(true, [&](const torch::Tensor& x, const torch::Tensor& exact, const torch::Tensor& weights) { sums.add(x, exact, weights); });
  demand_finite(sums.hessian, inputs);
  return {std::move(sums).moments(), size > 0 ? std::clamp(agreement / size, 0.0, 1.0) : 0};
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
