// How the activations of one site are quantized when the model runs (algorithms.md 1.4 "Quantiser"). Plain data and its formula.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace qvlm {

enum class ActivationGranularity { NONE, STATIC_TENSOR, DYNAMIC_TOKEN, DYNAMIC_GROUP };

/// One site. NONE or bits 16: the activation passes unchanged.
struct ActivationQuantizer {
  ActivationGranularity granularity = ActivationGranularity::NONE;
  int bits = 16;
  int64_t group = 0;          // DYNAMIC_GROUP: channels a group
  float low = 0, high = 0;    // STATIC_TENSOR: clipping bounds
  float clip = 1;             // DYNAMIC_*: ratio applied to the token's or group's own minimum and maximum
  bool active() const { return granularity != ActivationGranularity::NONE && bits < 16; }
  bool operator==(const ActivationQuantizer&) const = default;
};

std::string_view name_of(ActivationGranularity granularity);

/// Quantizes and dequantizes rows in place: x [tokens, channels]. s = max((hi - lo) / (2^b - 1), 1e-8), z = clamp(round(-lo / s), 0, 2^b - 1),
/// q = clamp(round(x / s) + z, 0, 2^b - 1), x = (q - z) s, with lo <= 0 <= hi enforced; round half to even. The plain loop that every other
/// implementation is tested against.
void quantize_activations(std::span<float> x, int64_t channels, const ActivationQuantizer& quantizer);

}  // namespace qvlm
