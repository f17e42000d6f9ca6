// Two products, one along each axis of the rows.
#include "core/lab/reference/kronecker.h"

#include "core/base/error.h"

namespace qvlm::reference {

torch::Tensor times_kronecker(const torch::Tensor& x, const torch::Tensor& left, const torch::Tensor& right) {
  const int64_t m = left.size(0), n = right.size(0);
  if (x.size(-1) != m * n) {
    throw Error::in("site transform", "width", std::to_string(m * n), std::to_string(x.size(-1)));
  }
  // All rows in one product an axis, the other turned to the front: a product a row would cost more in calls than in arithmetic.
  const auto behind = torch::mm(x.reshape({-1, n}), right).view({-1, m, n}).transpose(1, 2);              // [rows, n, m]
  return torch::mm(behind.reshape({-1, m}), left).view({-1, n, m}).transpose(1, 2).reshape(x.sizes());  // [rows, m, n]
}

}  // namespace qvlm::reference
