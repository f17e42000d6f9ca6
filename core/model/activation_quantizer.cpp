// The plain loop of activation quantization.
#include "core/model/activation_quantizer.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/error.h"

namespace qvlm {

std::string_view name_of(ActivationGranularity granularity) {
  switch (granularity) {
    case ActivationGranularity::NONE:
      return "none";
    case ActivationGranularity::STATIC_TENSOR:
      return "static tensor";
    case ActivationGranularity::DYNAMIC_TOKEN:
      return "dynamic token";
    case ActivationGranularity::DYNAMIC_GROUP:
      return "dynamic group";
  }
  throw Error("unknown granularity of activations");
}

namespace {

void quantize(std::span<float> x, float low, float high, int bits) {
  low = std::min(low, 0.0f);
  high = std::max(high, 0.0f);
  const float top = static_cast<float>((1 << bits) - 1);
  const float scale = std::max((high - low) / top, 1e-8f);
  const float zero = std::clamp(std::nearbyint(-low / scale), 0.0f, top);  // nearbyint: half to even by default
  for (float& value : x) {
    const float code = std::clamp(std::nearbyint(value / scale) + zero, 0.0f, top);
    value = (code - zero) * scale;
  }
}

}  // namespace

void quantize_activations(std::span<float> x, int64_t channels, const ActivationQuantizer& quantizer) {
  if (!quantizer.active()) return;
  if (quantizer.bits < 2) throw Error::in("activation quantizer", "bits", "2 to 16", std::to_string(quantizer.bits));
  if (channels <= 0 || x.size() % static_cast<size_t>(channels) != 0)
    throw Error::in("activation quantizer", "channels", fmt::format("a divisor of {} values", x.size()),
                    std::to_string(channels));
  if (quantizer.granularity == ActivationGranularity::STATIC_TENSOR) {
    quantize(x, quantizer.low, quantizer.high, quantizer.bits);
    return;
  }
  const int64_t group = quantizer.granularity == ActivationGranularity::DYNAMIC_GROUP ? quantizer.group : channels;
  if (group <= 0 || channels % group != 0)
    throw Error::in("activation quantizer", "group size", fmt::format("a divisor of {} channels", channels),
                    std::to_string(group));
  for (size_t begin = 0; begin < x.size(); begin += static_cast<size_t>(group)) {
    const auto part = x.subspan(begin, static_cast<size_t>(group));
    const auto [low, high] = std::minmax_element(part.begin(), part.end());
    quantize(part, *low * quantizer.clip, *high * quantizer.clip, quantizer.bits);
  }
}

}  // namespace qvlm
