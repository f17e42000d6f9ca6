// Rounding groups of values onto the grid between their own bounds, with gradients: rounding counts as the identity (straight-through
// estimator), the bounds and what clips them are differentiated.
#pragma once

#include <torch/types.h>

namespace qvlm::quantization {

/// How values are rounded: the grids of GroupedWeight::quantize(1) and of ActivationQuantizer, but for what storing does to a scale.
struct FakeGrid {
  int bits = 4;
  bool symmetric = false;
};

/// x [count, group], float32: each row a group. low, high [count]: factors on the row's bounds; undefined: 1.
///   asymmetric: lo = low min(min x, 0), hi = high max(max x, 0), s = max((hi - lo) / (2^b - 1), 1e-8), z = round(-lo / s)
///   symmetric:  s = max(|low min x|, |high max x|, tiny) / (2^(b-1) - 1), z = 2^(b-1)
/// y = (clamp(round(x / s) + z, 0, 2^b - 1) - z) s. Backward: round(t) passes gradients as t does, a clamped value gets none, and bounds pass
/// theirs to the least and the greatest value of the row and to the factors.
torch::Tensor fake_quantize(const torch::Tensor& x, const torch::Tensor& low, const torch::Tensor& high, const FakeGrid& grid);

}  // namespace qvlm::quantization
