// The Kronecker product of two small matrices applied to rows, in torch.
#pragma once

#include <torch/types.h>

namespace qvlm::reference {

/// x [..., m n] -> x (left (x) right), left [m, m], right [n, n], in the tensors' own type. Differentiable. Throws Error where the sizes do
/// not fit.
torch::Tensor times_kronecker(const torch::Tensor& x, const torch::Tensor& left, const torch::Tensor& right);

}  // namespace qvlm::reference
