// The two linears between tower and decoder.
#include "core/lab/reference/projector.h"

#include "core/lab/reference/functions.h"
#include "core/lab/reference/tensors.h"

namespace qvlm::reference {

Projector Projector::load(const Model& model, torch::ScalarType type) {
  return {{load_tensor(model, "projector.0.weight", type), load_optional(model, "projector.0.bias", type)},
          {load_tensor(model, "projector.2.weight", type), load_optional(model, "projector.2.bias", type)}};
}

torch::Tensor project(const ProjectorConfig& config, const Projector& projector, const torch::Tensor& features) {
  return projector.second(activate(projector.first(features), config.activation));
}

}  // namespace qvlm::reference
