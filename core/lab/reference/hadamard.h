// The online Hadamard transform in torch: the same numbers as the plain loop of core/model/hadamard.h.
#pragma once

#include <torch/types.h>

namespace qvlm::reference {

/// x [..., width] -> x (I (x) H) / sqrt(block), each run of `block` channels by itself; computed in float32, back in x's
/// type. Throws Error unless `block` is an order of a Hadamard matrix and divides the width.
torch::Tensor apply_hadamard(const torch::Tensor& x, int64_t block);

}  // namespace qvlm::reference
