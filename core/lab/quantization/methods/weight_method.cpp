// The table of weight methods.
#include "core/lab/quantization/methods/weight_method.h"

#include "core/base/error.h"
#include "core/lab/quantization/methods/awq.h"
#include "core/lab/quantization/methods/rtn.h"

namespace qvlm::quantization {

const torch::Tensor& PreparedLayer::weight_to_round(std::string_view suffix) const {
  const auto found = to_round.find(std::string(suffix));
  return found != to_round.end() ? found->second : layer.linear(suffix);
}

std::unique_ptr<WeightMethod> make_weight_method(qvlm::WeightMethod method) {
  switch (method) {
    case qvlm::WeightMethod::RTN: return std::make_unique<RoundToNearest>();
    case qvlm::WeightMethod::AWQ: return std::make_unique<ActivationAwareScaling>();
  }
  throw Error("weight method: not known");
}

}  // namespace qvlm::quantization
