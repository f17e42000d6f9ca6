// Subspace iteration, and the decorator that adds its factors.
#include "core/lab/quantization/methods/low_rank_residual.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/linalg_solve_triangular.h>

#include <algorithm>

#include "core/lab/quantization/methods/input_moments.h"

namespace qvlm::quantization {
namespace {

constexpr int64_t kMoreDirections = 8;
constexpr int kIterations = 4;
constexpr double kDamping = 0.01;

torch::Tensor orthonormal(const torch::Tensor& x) { return std::get<0>(at::linalg_qr(x, "reduced")); }

torch::Tensor through_half(const torch::Tensor& x) { return x.to(torch::kFloat16).to(torch::kFloat32).contiguous(); }

}  // namespace

LowRankFactors low_rank_factors(const torch::Tensor& error, const torch::Tensor& root, int64_t rank) {
  const auto whitened = torch::mm(error, root);  // M = E S, [rows, columns]
  const int64_t least = std::min(error.size(0), error.size(1)), width = std::min(rank + kMoreDirections, least);
  rank = std::min(rank, least);
  auto generator = at::detail::createCPUGenerator(0);
  auto basis = orthonormal(torch::mm(whitened, torch::randn({error.size(1), width}, generator)));  // [rows, width]
  for (int i = 0; i < kIterations; ++i) basis = orthonormal(torch::mm(whitened, orthonormal(torch::mm(whitened.t(), basis))));
  const auto reduced = torch::mm(basis.t(), whitened);  // [width, columns]
  const auto [values, vectors] = at::linalg_eigh(torch::mm(reduced, reduced.t()), "L");  // ascending
  const auto leading = vectors.narrow(1, width - rank, rank);                            // [width, rank]
  const auto balance = values.narrow(0, width - rank, rank).clamp_min(1e-30).pow(0.25);  // sqrt of the singular values
  // M ~ (basis leading)(leading^T reduced); B is what stands on the right, with S taken out again.
  const auto right = at::linalg_solve_triangular(root, torch::mm(leading.t(), reduced), /*upper=*/false, /*left=*/false);
  return {through_half(torch::mm(basis, leading) * balance), through_half(right / balance.unsqueeze(1))};
}

PreparedLayer WithResidual::prepare(const reference::DecoderLayer& layer, const LayerCalibration& calibration) const {
  return method_->prepare(layer, calibration);
}

std::vector<RoundedSite> WithResidual::round(const PreparedLayer& prepared, const SiteInputs& inputs, std::span<const float> percentiles) const {
  std::vector<RoundedSite> sites = method_->round(prepared, inputs, percentiles);
  auto root = damped_cholesky(input_moments(inputs, false).hessian, kDamping);
  if (!root.defined()) {
    root = torch::eye(prepared.layer.linear(linears_of(inputs.kind).front()).size(1));
    if (inputs.notice) {
      inputs.notice(inputs.layer_name + ": the second moments of the inputs of " + std::string(linears_of(inputs.kind).front()) +
                    " have no Cholesky factor; its linears' residuals are taken without them");
    }
  }
  for (RoundedSite& site : sites) {
    for (auto& [suffix, weight] : site) {
      const LowRankFactors factors = low_rank_factors(prepared.layer.linear(suffix) - weight.dequantize(), root, rank_);
      weight.left = factors.left;
      weight.right = factors.right;
    }
  }
  return sites;
}

}  // namespace qvlm::quantization
