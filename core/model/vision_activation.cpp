// The plain loop of the tower's activation quantization, and what a file may say of it.
#include "core/model/vision_activation.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"

namespace qvlm {

std::string_view name_of(VisionRange range) {
  return range == VisionRange::DYNAMIC_TOKEN ? "dynamic token" : "static position";
}

void quantize_vision_activations(std::span<float> x, int64_t positions, const VisionQuantizer& quantizer) {
  if (!quantizer.active()) return;
  validate(quantizer, positions, "vision activation quantizer");
  if (positions <= 0 || x.size() % static_cast<size_t>(positions) != 0)
    throw Error::in("vision activation quantizer", "positions", "a divisor of " + std::to_string(x.size()) + " values",
                    std::to_string(positions));
  const size_t channels = x.size() / static_cast<size_t>(positions);
  const float top = static_cast<float>((1 << quantizer.bits) - 1);
  for (size_t position = 0; position < static_cast<size_t>(positions); ++position) {
    const auto row = x.subspan(position * channels, channels);
    const size_t bound = quantizer.low.size() == 1 ? 0 : position;
    float low = quantizer.low[bound], high = quantizer.high[bound];
    if (quantizer.range == VisionRange::DYNAMIC_TOKEN && channels > 0) {
      const auto [least, most] = std::minmax_element(row.begin(), row.end());
      low *= *least;
      high *= *most;
    }
    low = std::min(low, 0.0f);
    high = std::max(high, 0.0f);
    const float scale = std::max((high - low) / top, 1e-8f);
    const float zero = std::clamp(std::nearbyint(-low / scale), 0.0f, top);
    for (float& value : row) value = (std::clamp(std::nearbyint(value / scale) + zero, 0.0f, top) - zero) * scale;
  }
}

void validate(const VisionQuantizer& quantizer, int64_t positions, const std::string& origin) {
  if (quantizer.bits != 16 && (quantizer.bits < 2 || quantizer.bits > 8))
    throw Error::in(origin, "bits", "2 to 8, or 16", std::to_string(quantizer.bits));
  if (!quantizer.active()) return;
  const size_t count = quantizer.low.size();
  if (count != quantizer.high.size() || (count != 1 && count != static_cast<size_t>(positions)))
    throw Error::in(origin, "bounds", "1 or " + std::to_string(positions) + " low and as many high ones",
                    std::to_string(count) + " and " + std::to_string(quantizer.high.size()));
  for (const auto* bounds : {&quantizer.low, &quantizer.high})
    for (const float bound : *bounds)
      if (!std::isfinite(bound)) throw Error::in(origin, "bounds", "finite numbers", "infinity or NaN");
}

}  // namespace qvlm
