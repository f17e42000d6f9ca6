// The kernels as plain loops, sums in double precision.
#include "gpu/reference/plain_kernels.h"

#include <algorithm>
#include <cmath>

#include "core/base/half.h"

namespace qvlm::plain {

float activate(Activation activation, float value) {
  const double x = value;
  switch (activation) {
    case Activation::GELU:
      return static_cast<float>(0.5 * x * (1 + std::erf(x / std::sqrt(2.0))));
    case Activation::QUICK_GELU:
      return static_cast<float>(x / (1 + std::exp(-1.702 * x)));
    case Activation::GELU_TANH:
      return static_cast<float>(0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))));
    case Activation::SILU:
      return static_cast<float>(x / (1 + std::exp(-x)));
    case Activation::RELU:
      return std::max(value, 0.0f);
  }
  return value;
}

float weight_at(const PackedMatrix& w, uint32_t row, uint32_t column) {
  const PackedLayout& l = w.layout;
  const uint32_t per_texel = 32 / l.texels_per_step();
  const size_t tile = row / l.interleave, within = row % l.interleave;
  const size_t texels = size_t{l.steps} * l.texels_per_step();
  const size_t texel = (tile * texels + column / per_texel) * l.interleave + within;
  const uint32_t i = column % per_texel;
  if (l.format == WeightFormat::F16)
    return from_half(static_cast<uint16_t>(w.codes[texel * 4 + i / 2] >> (i % 2 * 16)));
  const bool int4 = l.format == WeightFormat::INT4;
  const uint32_t code = int4 ? (w.codes[texel * 4 + i / 8] >> int4_place(i % 8)) & 15 : (w.codes[texel * 4 + i / 4] >> (i % 4 * 8)) & 255;
  const uint32_t in_row = l.format == WeightFormat::INT8_HALF ? column / 16 : column / 32 / l.group_steps;
  const size_t group = (tile * l.groups + in_row) * l.interleave + within;
  if (l.has_minimums) return static_cast<float>(code) * from_half(w.scales[group * 2]) + from_half(w.scales[group * 2 + 1]);
  const float zero = l.has_zeros ? w.zeros[group] : l.zero;
  return (static_cast<float>(code) - zero) * from_half(w.scales[group]);
}

Tensor matrix(const PackedMatrix& w, const Tensor& x, const Epilogue& e) {
  Tensor y(x.rows, w.layout.rows);
  std::vector<float> row(w.layout.columns);
  for (uint32_t n = 0; n < w.layout.rows; ++n) {
    for (uint32_t k = 0; k < w.layout.columns; ++k) row[k] = weight_at(w, n, k);
    for (uint32_t m = 0; m < x.rows; ++m) {
      double sum = e.bias.empty() ? 0 : e.bias[n];
      for (uint32_t k = 0; k < w.layout.columns; ++k) sum += double(row[k]) * x.at(m, k);
      float value = static_cast<float>(sum);
      if (e.activate) value = activate(e.activation, value);
      if (e.add) value += e.add->at(m, n);
      if (e.multiply) value *= e.multiply->at(m, n);
      y.at(m, n) = value;
    }
  }
  return y;
}

Tensor gated(const PackedMatrix& gate_up, const Tensor& x, Activation activation) {
  const PackedLayout& l = gate_up.layout;
  Tensor y(x.rows, l.outputs);
  for (uint32_t n = 0; n < l.outputs; ++n) {
    const uint32_t row = n / l.pair * 2 * l.pair + n % l.pair;
    for (uint32_t m = 0; m < x.rows; ++m) {
      double gate = 0, up = 0;
      for (uint32_t k = 0; k < l.columns; ++k) {
        gate += double(weight_at(gate_up, row, k)) * x.at(m, k);
        up += double(weight_at(gate_up, row + l.pair, k)) * x.at(m, k);
      }
      y.at(m, n) = activate(activation, static_cast<float>(gate)) * static_cast<float>(up);
    }
  }
  return y;
}

Tensor norm(const Tensor& x, std::span<const float> weight, std::span<const float> bias, float epsilon) {
  Tensor y(x.rows, x.columns);
  for (uint32_t m = 0; m < x.rows; ++m) {
    double mean = 0, squares = 0;
    if (!bias.empty()) {
      for (uint32_t i = 0; i < x.columns; ++i) mean += x.at(m, i);
      mean /= x.columns;
    }
    for (uint32_t i = 0; i < x.columns; ++i) squares += (x.at(m, i) - mean) * (x.at(m, i) - mean);
    const double factor = 1 / std::sqrt(squares / x.columns + epsilon);
    for (uint32_t i = 0; i < x.columns; ++i)
      y.at(m, i) = static_cast<float>((x.at(m, i) - mean) * factor * weight[i] + (bias.empty() ? 0 : bias[i]));
  }
  return y;
}

void rope_kv(Tensor& qkv, Tensor& keys, Tensor& values, std::span<const float> cosines, std::span<const float> sines,
             uint32_t first, uint32_t heads, uint32_t kv_heads, uint32_t head_dim, bool float16) {
  const auto stored = [&](float value) { return float16 ? from_half(to_half(value)) : value; };
  const uint32_t half = head_dim / 2;
  for (uint32_t m = 0; m < qkv.rows; ++m) {
    for (uint32_t head = 0; head < heads + kv_heads; ++head) {
      for (uint32_t i = 0; i < half; ++i) {
        float &low = qkv.at(m, head * head_dim + i), &high = qkv.at(m, head * head_dim + half + i);
        const float c = cosines[size_t{first + m} * half + i], s = sines[size_t{first + m} * half + i];
        const float rotated = low * c - high * s;
        const float other = high * c + low * s;
        if (head < heads) {
          low = rotated;
          high = other;
        } else {
          keys.at(first + m, (head - heads) * head_dim + i) = stored(rotated);
          keys.at(first + m, (head - heads) * head_dim + half + i) = stored(other);
        }
      }
    }
    for (uint32_t i = 0; i < kv_heads * head_dim; ++i)
      values.at(first + m, i) = stored(qkv.at(m, (heads + kv_heads) * head_dim + i));
  }
}

void round_to_int8(Tensor& kv, uint32_t head_dim) {
  for (size_t at = 0; at < kv.values.size(); at += head_dim) {
    const std::span<float> head = std::span(kv.values).subspan(at, head_dim);
    float greatest = 0;
    for (const float value : head) greatest = std::max(greatest, std::fabs(value));
    if (greatest > 0)
      for (float& value : head) value = std::round(value / greatest * 127) / 127 * greatest;
  }
}

Tensor attention(const Tensor& q, const Tensor& keys, const Tensor& values, bool causal, uint32_t first, uint32_t count,
                 uint32_t heads, uint32_t kv_heads, uint32_t head_dim) {
  Tensor y(q.rows, heads * head_dim);
  for (uint32_t m = 0; m < q.rows; ++m) {
    const uint32_t seen = causal ? first + m + 1 : count;
    for (uint32_t head = 0; head < heads; ++head) {
      const uint32_t from = head * head_dim, kv = head / (heads / kv_heads) * head_dim;
      std::vector<double> weights(seen);
      double highest = -1e300, mass = 0;
      for (uint32_t j = 0; j < seen; ++j) {
        for (uint32_t i = 0; i < head_dim; ++i) weights[j] += double(q.at(m, from + i)) * keys.at(j, kv + i);
        weights[j] /= std::sqrt(double(head_dim));
        highest = std::max(highest, weights[j]);
      }
      for (double& weight : weights) mass += weight = std::exp(weight - highest);
      for (uint32_t i = 0; i < head_dim; ++i) {
        double sum = 0;
        for (uint32_t j = 0; j < seen; ++j) sum += weights[j] * values.at(j, kv + i);
        y.at(m, from + i) = static_cast<float>(sum / mass);
      }
    }
  }
  return y;
}

Tensor embed(const PackedMatrix& embedding, std::span<const int32_t> ids, const Tensor& features) {
  Tensor y(static_cast<uint32_t>(ids.size()), embedding.layout.columns);
  for (uint32_t m = 0; m < y.rows; ++m)
    for (uint32_t i = 0; i < y.columns; ++i)
      y.at(m, i) = ids[m] >= 0 ? weight_at(embedding, static_cast<uint32_t>(ids[m]), i)
                               : features.at(static_cast<size_t>(-1 - ids[m]), i);
  return y;
}

Tensor patches(std::span<const float> pixels, uint32_t size, uint32_t patch_size) {
  const uint32_t side = size / patch_size;
  Tensor y(side * side, 3 * patch_size * patch_size);
  for (uint32_t p = 0; p < y.rows; ++p)
    for (uint32_t c = 0; c < 3; ++c)
      for (uint32_t dy = 0; dy < patch_size; ++dy)
        for (uint32_t dx = 0; dx < patch_size; ++dx)
          y.at(p, (c * patch_size + dy) * patch_size + dx) =
              pixels[(size_t{c} * size + p / side * patch_size + dy) * size + p % side * patch_size + dx];
  return y;
}

}  // namespace qvlm::plain
