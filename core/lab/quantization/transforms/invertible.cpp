// Cayley's map, and Hadamard matrices to start from.
#include "core/lab/quantization/transforms/invertible.h"

#include <ATen/ops/linalg_solve.h>

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
  const auto one = torch::eye(n);
  const int64_t block = hadamard ? hadamard_block(n) : 1;
  return {block > 1 ? reference::apply_hadamard(one, block) : one, torch::zeros({n, n}), torch::zeros({n, n}), torch::zeros({n})};
}

InvertibleMatrix::Pair InvertibleMatrix::matrices() const {
  const auto u = torch::mm(start, orthogonal(left)), v = orthogonal(right).t();
  return {torch::mm(u * log_scale.exp(), v), torch::mm(u * (-log_scale).exp(), v)};
}

InvertibleMatrix InvertibleMatrix::in_double() const {
  const auto wide = [](const torch::Tensor& x) { return x.detach().to(torch::kFloat64); };
  return {wide(start), wide(left), wide(right), wide(log_scale)};
}

}  // namespace qvlm::quantization
