// The tower's activation quantizer in torch.
#include "core/lab/reference/vision_activation.h"

namespace qvlm::reference {

VisionBounds vision_bounds(const torch::Tensor& x, VisionRange range, const torch::Tensor& low, const torch::Tensor& high) {
  auto lo = low.reshape({1, -1, 1}), hi = high.reshape({1, -1, 1});  // [1, 1 or positions, 1]
  if (range == VisionRange::DYNAMIC_TOKEN) {
    lo = lo * x.amin(-1, /*keepdim=*/true).to(torch::kFloat32);
    hi = hi * x.amax(-1, /*keepdim=*/true).to(torch::kFloat32);
  }
  return {lo.clamp_max(0), hi.clamp_min(0)};
}

torch::Tensor quantize_between(const torch::Tensor& x, const VisionBounds& bounds, int bits) {
  const torch::NoGradGuard no_gradients;
  const double top = static_cast<double>((1 << bits) - 1);
  const auto scale = ((bounds.high - bounds.low) / top).clamp_min(1e-8);
  const auto zero = torch::round(-bounds.low / scale).clamp(0, top);
  const auto codes = (x.to(torch::kFloat32) / scale).round_().add_(zero).clamp_(0, top);
  return ((codes - zero) * scale).to(x.scalar_type());
}

torch::Tensor quantize_vision_activations(const torch::Tensor& x, const VisionQuantizer& quantizer) {
  if (!quantizer.active()) return x;
  const torch::NoGradGuard no_gradients;
  validate(quantizer, x.size(1), "vision activation quantizer");
  const auto low = torch::tensor(at::ArrayRef<float>(quantizer.low)), high = torch::tensor(at::ArrayRef<float>(quantizer.high));
  return quantize_between(x, vision_bounds(x, quantizer.range, low, high), quantizer.bits);
}

VisionHook quantizing_vision_hook(std::vector<VisionQuantizer> quantizers) {
  if (quantizers.empty()) return {};
  return [quantizers = std::move(quantizers)](Site site, const torch::Tensor& x) {
    return quantize_vision_activations(x, quantizers.at(static_cast<size_t>(site.index())));
  };
}

}  // namespace qvlm::reference
