// Quantizing activations that are torch tensors, by core/model/activation_quantizer.h.
#pragma once

#include <torch/types.h>

#include <vector>

#include "core/lab/reference/decoder.h"
#include "core/model/activation_quantizer.h"

namespace qvlm::reference {

/// Quantizes and dequantizes x [..., channels], in float32 inside, back in x's type. An inactive quantizer returns x itself.
/// Not differentiable. Throws Error where the group does not divide the channels.
torch::Tensor quantize_activations(const torch::Tensor& x, const ActivationQuantizer& quantizer);

/// A hook that quantizes every site with its own quantizer (one a site, Site::index()).
SiteHook quantizing_hook(std::vector<ActivationQuantizer> quantizers);

}  // namespace qvlm::reference
