// How the inputs of one site of the vision tower are quantized when the model runs: per token, with the token's own range or with ranges
// that were stored for each token position (Q-VLM's tower: static, per position). Plain data and its formula.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qvlm {

enum class VisionRange {
  DYNAMIC_TOKEN,   // low and high multiply the token's own minimum and maximum
  STATIC_POSITION  // low and high are the bounds themselves
};

/// One site of the tower (4 a layer, in the order of core/model/sites.h). 16 bits: the activation passes unchanged.
struct VisionQuantizer {
  int bits = 16;
  VisionRange range = VisionRange::DYNAMIC_TOKEN;
  std::vector<float> low, high;  // one for all positions, or one a position (class token first); of equal length
  bool active() const { return bits < 16; }
  bool operator==(const VisionQuantizer&) const = default;
};

/// "dynamic token", "static position"
std::string_view name_of(VisionRange range);

/// Quantizes and dequantizes one picture's rows in place: x [positions, channels], with the grid of core/model/activation_quantizer.h:
/// lo = min(low, 0), hi = max(high, 0) (DYNAMIC_TOKEN: of low * min(row), high * max(row)), s = max((hi - lo) / (2^b - 1), 1e-8),
/// z = clamp(round(-lo / s), 0, 2^b - 1), q = clamp(round(x / s) + z, 0, 2^b - 1), x = (q - z) s. The plain loop that others are tested
/// against. Throws Error unless x and the bounds fit `positions`.
void quantize_vision_activations(std::span<float> x, int64_t positions, const VisionQuantizer& quantizer);

/// Throws Error (naming `origin`): bits outside 2 .. 8 and 16, bounds that are not finite, of unequal length, or not 1 or `positions` many.
void validate(const VisionQuantizer& quantizer, int64_t positions, const std::string& origin);

}  // namespace qvlm
