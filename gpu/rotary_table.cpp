// Computes the rotary table.
#include "gpu/rotary_table.h"

#include <cmath>
#include <numbers>

namespace qvlm {

RotaryTable rotary_table(const DecoderConfig& config, int64_t positions) {
  const int half = config.head_dim / 2;
  std::vector<float> frequencies(static_cast<size_t>(half));
  for (int i = 0; i < half; ++i) {
    double f = 1.0 / std::pow(double(config.rope_theta), 2.0 * i / config.head_dim);
    const RopeScaling& s = config.rope_scaling;
    if (s.kind == RopeScaling::Kind::LINEAR) f /= s.factor;
    if (s.kind == RopeScaling::Kind::LLAMA3) {
      const double wavelength = 2 * std::numbers::pi / f;
      const double low = s.original_context / double(s.low_frequency_factor),
                   high = s.original_context / double(s.high_frequency_factor);
      if (wavelength > low) {
        f /= s.factor;
      } else if (wavelength >= high) {
        const double smooth = (s.original_context / wavelength - s.low_frequency_factor) /
                              (double(s.high_frequency_factor) - s.low_frequency_factor);
        f = (1 - smooth) * f / s.factor + smooth * f;
      }
    }
    frequencies[static_cast<size_t>(i)] = static_cast<float>(f);
  }
  RotaryTable table;
  table.cosines.reserve(static_cast<size_t>(positions * half));
  table.sines.reserve(static_cast<size_t>(positions * half));
  for (int64_t p = 0; p < positions; ++p)
    for (float f : frequencies) {
      const float angle = static_cast<float>(p) * f;
      table.cosines.push_back(std::cos(angle));
      table.sines.push_back(std::sin(angle));
    }
  return table;
}

}  // namespace qvlm
