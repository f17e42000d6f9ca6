// Cayley's map, and Hadamard matrices to start from.
#include "core/lab/quantization/transforms/invertible.h"

#include <ATen/ops/linalg_solve.h>

#include <cmath>

#include "core/lab/reference/hadamard.h"
#include "core/model/hadamard.h"

namespace qvlm::quantization {
namespace {

torch::Tensor orthogonal(const torch::Tensor& parameters) {
  const auto upper = parameters.triu(1);
  const auto skew = upper - upper.t();
  const auto one = torch::eye(parameters.size(0), parameters.options());
  return at::linalg_solve(one + skew, one - skew);
}

}  // namespace

InvertibleMatrix InvertibleMatrix::make(int64_t n, bool hadamard) {
  auto start = torch::eye(n, torch::kFloat64);
  if (const int64_t block = hadamard ? hadamard_block(n) : 1; block > 1) {
    // Entries of +-1 are exact; the norm is taken in double.
    const double norm = std::sqrt(static_cast<double>(block));
    start = (reference::apply_hadamard(torch::eye(n), block).to(torch::kFloat64) * norm).round() / norm;
  }
  return {start, torch::zeros({n, n}), torch::zeros({n, n}), torch::zeros({n})};
}

InvertibleMatrix::Pair InvertibleMatrix::matrices() const {
  const auto u = torch::mm(start.to(left.scalar_type()), orthogonal(left)), v = orthogonal(right).t();
  return {torch::mm(u * log_scale.exp(), v), torch::mm(u * (-log_scale).exp(), v)};
}

InvertibleMatrix InvertibleMatrix::in_double() const {
  const auto wide = [](const torch::Tensor& x) { return x.detach().to(torch::kFloat64); };
  return {start, wide(left), wide(right), wide(log_scale)};
}

}  // namespace qvlm::quantization
