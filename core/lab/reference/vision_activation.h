// Quantizing the tower's activations in torch: the same numbers as the plain loop of core/model/vision_activation.h.
#pragma once

#include <torch/types.h>

#include <vector>

#include "core/lab/reference/vision.h"
#include "core/model/vision_activation.h"

namespace qvlm::reference {

/// Bounds of a site's grid, low <= 0 <= high. [n, positions, 1], or what broadcasts to it.
struct VisionBounds {
  torch::Tensor low, high;
};

/// The bounds that `low` and `high` ([1] or [positions], float32) mean for x [n, positions, channels]. Differentiable in all three.
VisionBounds vision_bounds(const torch::Tensor& x, VisionRange range, const torch::Tensor& low, const torch::Tensor& high);

/// x on the grid of `bits` between the bounds, in float32, back in x's type. Not differentiable.
torch::Tensor quantize_between(const torch::Tensor& x, const VisionBounds& bounds, int bits);

/// x [n, positions, channels]; an inactive quantizer returns x itself. Not differentiable. Throws Error where the bounds do not fit.
torch::Tensor quantize_vision_activations(const torch::Tensor& x, const VisionQuantizer& quantizer);

/// A hook that quantizes every site with its own quantizer (one a site, Site::index()); an empty list gives an empty hook.
VisionHook quantizing_vision_hook(std::vector<VisionQuantizer> quantizers);

}  // namespace qvlm::reference
