// A copy goes through the quantizer.
#include "core/lab/reference/activation.h"

namespace qvlm::reference {

torch::Tensor quantize_activations(const torch::Tensor& x, const ActivationQuantizer& quantizer) {
  if (!quantizer.active()) return x;
  const torch::NoGradGuard no_gradients;
  auto rows = x.detach().to(torch::kFloat32, /*non_blocking=*/false, /*copy=*/true).contiguous();  // [..., channels]
  qvlm::quantize_activations({rows.data_ptr<float>(), static_cast<size_t>(rows.numel())}, rows.size(-1), quantizer);
  return rows.to(x.scalar_type());
}

SiteHook quantizing_hook(std::vector<ActivationQuantizer> quantizers) {
  return [quantizers = std::move(quantizers)](Site site, const torch::Tensor& x) {
    return quantize_activations(x, quantizers.at(static_cast<size_t>(site.index())));
  };
}

}  // namespace qvlm::reference
