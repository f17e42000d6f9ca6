// Rotary frequencies (with Llama 3's and linear scaling) and their application.
#include "core/lab/reference/rotary.h"

#include <cmath>
#include <numbers>

#include "core/base/error.h"

namespace qvlm::reference {

namespace {

// The frequency of channel pair i, radians a position, scaled as config.rope_scaling says.
double frequency(const DecoderConfig& config, int64_t pair) {
  const double plain = std::pow(static_cast<double>(config.rope_theta), -2.0 * static_cast<double>(pair) / config.head_dim);
  const RopeScaling& scaling = config.rope_scaling;
  if (scaling.kind == RopeScaling::Kind::NONE) return plain;
  if (scaling.kind == RopeScaling::Kind::LINEAR) return plain / scaling.factor;
  // Llama 3: low frequencies are slowed down, high ones kept, and between them the two are blended.
  const double wavelength = 2 * std::numbers::pi / plain;
  const double low = scaling.original_context / static_cast<double>(scaling.low_frequency_factor);
  const double high = scaling.original_context / static_cast<double>(scaling.high_frequency_factor);
  if (wavelength < high) return plain;
  if (wavelength > low) return plain / scaling.factor;
  const double blend = (scaling.original_context / wavelength - scaling.low_frequency_factor) /
                       (static_cast<double>(scaling.high_frequency_factor) - scaling.low_frequency_factor);
  return (1 - blend) * plain / scaling.factor + blend * plain;
}

}  // namespace

RotaryTable RotaryTable::make(const DecoderConfig& config, int64_t positions) {
  const int64_t pairs = config.head_dim / 2;
  const auto cos = torch::empty({positions, config.head_dim}, torch::kFloat32);
  const auto sin = torch::empty({positions, config.head_dim}, torch::kFloat32);
  float* c = cos.data_ptr<float>();
  float* s = sin.data_ptr<float>();
  for (int64_t pair = 0; pair < pairs; ++pair) {
    // The angle is a float32 product, as in the libraries that models were trained with.
    const float step = static_cast<float>(frequency(config, pair));
    for (int64_t position = 0; position < positions; ++position) {
      const float angle = static_cast<float>(position) * step;
      for (const int64_t channel : {pair, pair + pairs}) {
        c[position * config.head_dim + channel] = std::cos(angle);
        s[position * config.head_dim + channel] = std::sin(angle);
      }
    }
  }
  return {cos, sin};
}

torch::Tensor apply_rotary(const torch::Tensor& x, const RotaryTable& table, int64_t first_position) {
  const int64_t rows = x.size(2), pairs = x.size(3) / 2;
  if (first_position < 0 || first_position + rows > table.cos.size(0)) {
    throw Error::in("rotary table", "positions", "at least " + std::to_string(first_position + rows), std::to_string(table.cos.size(0)));
  }
  const auto cos = table.cos.narrow(0, first_position, rows).to(x.scalar_type());  // [rows, head_dim]
  const auto sin = table.sin.narrow(0, first_position, rows).to(x.scalar_type());
  const auto turned = torch::cat({-x.narrow(-1, pairs, pairs), x.narrow(-1, 0, pairs)}, -1);
  return x * cos + turned * sin;
}

}  // namespace qvlm::reference
