// Activation quantization, row by row.
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

// Vector code for what the processor has, chosen when the program is loaded.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define QVLM_VECTORISED __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define QVLM_VECTORISED
#endif

constexpr float kRounder = 0x1.8p23f;  // adding and taking it away rounds half to even, for magnitudes below 2^22
constexpr size_t kLanes = 16;

struct Range {
  float low, high;
};

QVLM_VECTORISED Range range_of(const float* x, size_t count) {
  float low[kLanes], high[kLanes];
  for (size_t lane = 0; lane < kLanes; ++lane) low[lane] = high[lane] = x[0];
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const float value = x[i + lane];
      low[lane] = value < low[lane] ? value : low[lane];
      high[lane] = value > high[lane] ? value : high[lane];
    }
  }
  Range range{low[0], high[0]};
  for (size_t lane = 0; lane < kLanes; ++lane) range = {std::min(range.low, low[lane]), std::max(range.high, high[lane])};
  for (; i < count; ++i) range = {std::min(range.low, x[i]), std::max(range.high, x[i])};
  return range;
}

// x -> (clamp(round(x / scale), -zero, top - zero)) scale. Clamped first, so that the rounder holds: the bounds are whole numbers.
QVLM_VECTORISED void round_to_grid(float* x, size_t count, float scale, float least, float most) {
  for (size_t i = 0; i < count; ++i) {
    float code = x[i] / scale;
    code = code < least ? least : code;
    code = code > most ? most : code;
    x[i] = ((code + kRounder) - kRounder) * scale;
  }
}

void quantize(std::span<float> x, float low, float high, int bits) {
  low = std::min(low, 0.0f);
  high = std::max(high, 0.0f);
  const float top = static_cast<float>((1 << bits) - 1);
  const float scale = std::max((high - low) / top, 1e-8f);
  const float zero = std::clamp(std::nearbyint(-low / scale), 0.0f, top);  // nearbyint: half to even by default
  round_to_grid(x.data(), x.size(), scale, -zero, top - zero);
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
    const auto [low, high] = range_of(part.data(), part.size());
    quantize(part, low * quantizer.clip, high * quantizer.clip, quantizer.bits);
  }
}

}  // namespace qvlm
