// The online transform of one site in torch: the same numbers as the plain loop of core/model/kronecker.h.
#pragma once

#include <torch/types.h>

#include <string>

#include "core/model/model.h"
#include "core/model/sites.h"

namespace qvlm::reference {

/// What a site's linears read is multiplied by left (x) right before it is quantized; the linears hold the inverse. Float32, whatever the
/// model runs in.
struct SiteTransform {
  torch::Tensor left;   // [m, m]; undefined: no transform
  torch::Tensor right;  // [n, n]; m n is the site's width
  bool active() const { return left.defined(); }

  /// Of one layer's site, "decoder.3." + transform_part(...). Throws Error naming the tensor: missing, not finite.
  static SiteTransform load(const Model& model, int layer, SiteKind kind);
};

/// x [..., m n] -> x (left (x) right), computed in float32, back in x's type; x itself where there is no transform. Differentiable.
torch::Tensor apply_transform(const torch::Tensor& x, const SiteTransform& transform);

}  // namespace qvlm::reference
