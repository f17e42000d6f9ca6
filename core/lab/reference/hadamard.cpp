// H as small factors, each a matrix product along an axis of its own.
#include "core/lab/reference/hadamard.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/model/hadamard.h"

namespace qvlm::reference {

namespace {

constexpr int kFactorPowers = 5;  // Sylvester factors of at most 32: a product with one is quicker than five butterflies

torch::Tensor sylvester(int powers) {
  auto h = torch::ones({1, 1});
  for (int i = 0; i < powers; ++i) h = torch::cat({torch::cat({h, h}, 1), torch::cat({h, -h}, 1)}, 0);
  return h;
}

}  // namespace

torch::Tensor apply_hadamard(const torch::Tensor& x, int64_t block) {
  const auto order = hadamard_order(block);
  if (!order) throw Error::in("Hadamard", "block", "an order of a Hadamard matrix", std::to_string(block));
  const int64_t width = x.size(-1);
  if (width % block != 0) throw Error::in("Hadamard", "block", "a divisor of " + std::to_string(width), std::to_string(block));
  auto y = x.to(torch::kFloat32) * (1 / std::sqrt(static_cast<double>(block)));
  // The last axis first: S = S_a (x) S_b (x) ... works on [..., a, b, ...] one axis after the other.
  int64_t behind = 1;
  const auto multiply = [&](const torch::Tensor& factor) {
    const int64_t n = factor.size(0);
    if (behind == 1) {
      y = torch::matmul(y.reshape({-1, n}), factor);
    } else {
      y = torch::matmul(factor.t(), y.reshape({-1, n, behind}));
    }
    behind *= n;
  };
  for (int left = order->powers; left > 0;) {
    const int powers = std::min(left, kFactorPowers);
    multiply(sylvester(powers));
    left -= powers;
  }
  if (order->core > 1) {
    auto core = hadamard_core(order->core);
    multiply(torch::from_blob(core.data(), {order->core, order->core}).clone());
  }
  return y.reshape(x.sizes()).to(x.scalar_type());
}

}  // namespace qvlm::reference
