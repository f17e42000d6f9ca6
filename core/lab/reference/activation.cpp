// The activation quantizer in torch.
#include "core/lab/reference/activation.h"

#include "core/base/error.h"

namespace qvlm::reference {

torch::Tensor quantize_activations(const torch::Tensor& x, const ActivationQuantizer& quantizer) {
  if (!quantizer.active()) return x;
  const torch::NoGradGuard no_gradients;
  const int64_t channels = x.size(-1);
  const int64_t group = quantizer.granularity == ActivationGranularity::DYNAMIC_GROUP ? quantizer.group : channels;
  if (group <= 0 || channels % group != 0) {
    throw Error::in("activation quantizer", "group", "a divisor of " + std::to_string(channels), std::to_string(group));
  }
  const auto rows = x.to(torch::kFloat32).reshape({-1, group});  // [tokens * groups, group]
  torch::Tensor low, high;                                       // [tokens * groups, 1] or scalars
  if (quantizer.granularity == ActivationGranularity::STATIC_TENSOR) {
    low = torch::full({1, 1}, std::min(quantizer.low, 0.0f));
    high = torch::full({1, 1}, std::max(quantizer.high, 0.0f));
  } else {
    low = (rows.amin(-1, true) * quantizer.clip).clamp_max(0);
    high = (rows.amax(-1, true) * quantizer.clip).clamp_min(0);
  }
  const double top = static_cast<double>((1 << quantizer.bits) - 1);
  const auto scale = ((high - low) / top).clamp_min(1e-8);
  const auto zero = torch::round(-low / scale).clamp(0, top);
  const auto codes = (torch::round(rows / scale) + zero).clamp(0, top);
  return ((codes - zero) * scale).reshape(x.sizes()).to(x.scalar_type());
}

SiteHook quantizing_hook(std::vector<ActivationQuantizer> quantizers) {
  return [quantizers = std::move(quantizers)](Site site, const torch::Tensor& x) {
    return quantize_activations(x, quantizers.at(static_cast<size_t>(site.index())));
  };
}

}  // namespace qvlm::reference
