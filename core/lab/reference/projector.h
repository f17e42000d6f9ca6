// The projector: two linears that carry image features into the decoder's width (LLaVA-1.5's MLP).
#pragma once

#include <torch/types.h>

#include "core/lab/reference/vision.h"

namespace qvlm::reference {

struct Projector {
  Linear first;   // [projector hidden, vision hidden]
  Linear second;  // [decoder hidden, projector hidden]

  static Projector load(const Model& model, torch::ScalarType type);
};

/// Features [n, image_tokens, vision hidden] -> [n, image_tokens, decoder hidden].
torch::Tensor project(const ProjectorConfig& config, const Projector& projector, const torch::Tensor& features);

}  // namespace qvlm::reference
