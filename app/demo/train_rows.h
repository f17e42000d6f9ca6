// The training kernels' inner loops over rows of bfloat16, for train_kernels.cpp alone: written for the compiler's vectorizer, compiled
// for several instruction sets and with -ffast-math.
#pragma once

#include <ATen/core/Tensor.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "app/demo/train_kernels.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define QVLM_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define QVLM_CLONES
#endif

namespace qvlm::demo {

namespace {

using torch::Tensor;

using Bf16 = uint16_t;

inline __attribute__((always_inline)) float widen(Bf16 x) { return std::bit_cast<float>(static_cast<uint32_t>(x) << 16); }

inline __attribute__((always_inline)) Bf16 narrow(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  return static_cast<Bf16>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

// exp(x) to about 2e-7 relative, without a call, so that loops over it vectorize. 2^t = 2^n 2^f, |f| <= 1/2.
inline __attribute__((always_inline)) float fast_exp(float x) {
  float t = x * 1.44269504f;
  t = t < -126.0f ? -126.0f : (t > 126.0f ? 126.0f : t);
  const int32_t n = static_cast<int32_t>(t + (t < 0 ? -0.5f : 0.5f));
  const float f = t - static_cast<float>(n);
  const float p =
      1.0f + f * (0.693147182f + f * (0.240226462f + f * (0.0555032859f + f * (0.00961813f + f * (0.00133982f + f * 0.000154f)))));
  return p * std::bit_cast<float>((n + 127) << 23);
}

inline __attribute__((always_inline)) float sigmoid(float x) { return 1.0f / (1.0f + fast_exp(-x)); }

Bf16* data(const Tensor& x) { return reinterpret_cast<Bf16*>(x.data_ptr<at::BFloat16>()); }

QVLM_CLONES void rms_norm_rows(const Bf16* x, const Bf16* weight, Bf16* y, int64_t rows, int64_t hidden, float epsilon) {
  for (int64_t row = 0; row < rows; ++row, x += hidden, y += hidden) {
    float sum = 0;
    for (int64_t i = 0; i < hidden; ++i) sum += widen(x[i]) * widen(x[i]);
    const float scale = 1.0f / std::sqrt(sum / static_cast<float>(hidden) + epsilon);
    for (int64_t i = 0; i < hidden; ++i) y[i] = narrow(widen(x[i]) * scale * widen(weight[i]));
  }
}

// dx = s (g w - x s^2 mean(g w x)); dweight += g x s
QVLM_CLONES void rms_norm_rows_backward(const Bf16* x, const Bf16* weight, const Bf16* g, Bf16* dx, float* dweight, int64_t rows,
                                        int64_t hidden, float epsilon) {
  for (int64_t row = 0; row < rows; ++row, x += hidden, g += hidden, dx += hidden) {
    float sum = 0, dot = 0;
    for (int64_t i = 0; i < hidden; ++i) {
      sum += widen(x[i]) * widen(x[i]);
      dot += widen(g[i]) * widen(weight[i]) * widen(x[i]);
    }
    const float scale = 1.0f / std::sqrt(sum / static_cast<float>(hidden) + epsilon);
    const float pull = dot / static_cast<float>(hidden) * scale * scale;
    for (int64_t i = 0; i < hidden; ++i) {
      dweight[i] += widen(g[i]) * widen(x[i]) * scale;
      dx[i] = narrow(scale * (widen(g[i]) * widen(weight[i]) - widen(x[i]) * pull));
    }
  }
}

QVLM_CLONES void layer_norm_rows(const Bf16* x, const Bf16* weight, const Bf16* bias, Bf16* y, int64_t rows, int64_t hidden,
                                 float epsilon) {
  for (int64_t row = 0; row < rows; ++row, x += hidden, y += hidden) {
    float sum = 0, squares = 0;
    for (int64_t i = 0; i < hidden; ++i) sum += widen(x[i]);
    const float mean = sum / static_cast<float>(hidden);
    for (int64_t i = 0; i < hidden; ++i) squares += (widen(x[i]) - mean) * (widen(x[i]) - mean);
    const float scale = 1.0f / std::sqrt(squares / static_cast<float>(hidden) + epsilon);
    for (int64_t i = 0; i < hidden; ++i) y[i] = narrow((widen(x[i]) - mean) * scale * widen(weight[i]) + widen(bias[i]));
  }
}

// With n = (x - mean) s and h = g w: dx = s (h - mean(h) - n mean(h n)); dweight += g n; dbias += g
QVLM_CLONES void layer_norm_rows_backward(const Bf16* x, const Bf16* weight, const Bf16* g, Bf16* dx, float* dweight, float* dbias,
                                          int64_t rows, int64_t hidden, float epsilon) {
  const float count = static_cast<float>(hidden);
  for (int64_t row = 0; row < rows; ++row, x += hidden, g += hidden, dx += hidden) {
    float sum = 0, squares = 0, h_sum = 0, h_dot = 0;
    for (int64_t i = 0; i < hidden; ++i) sum += widen(x[i]);
    const float mean = sum / count;
    for (int64_t i = 0; i < hidden; ++i) {
      const float centred = widen(x[i]) - mean, h = widen(g[i]) * widen(weight[i]);
      squares += centred * centred;
      h_sum += h;
      h_dot += h * centred;
    }
    const float scale = 1.0f / std::sqrt(squares / count + epsilon);
    const float h_mean = h_sum / count, pull = h_dot * scale * scale / count;
    for (int64_t i = 0; i < hidden; ++i) {
      const float centred = widen(x[i]) - mean;
      dweight[i] += widen(g[i]) * centred * scale;
      dbias[i] += widen(g[i]);
      dx[i] = narrow(scale * (widen(g[i]) * widen(weight[i]) - h_mean - centred * pull));
    }
  }
}

// y += bias (+ residual)
QVLM_CLONES void add_bias_rows(Bf16* y, const Bf16* bias, const Bf16* residual, int64_t rows, int64_t width) {
  for (int64_t row = 0; row < rows; ++row, y += width) {
    if (residual) {
      for (int64_t i = 0; i < width; ++i) y[i] = narrow(widen(y[i]) + widen(bias[i]) + widen(residual[i]));
      residual += width;
    } else {
      for (int64_t i = 0; i < width; ++i) y[i] = narrow(widen(y[i]) + widen(bias[i]));
    }
  }
}

QVLM_CLONES void add_rows(float* sum, const Bf16* x, int64_t rows, int64_t width) {
  for (int64_t row = 0; row < rows; ++row, x += width) {
    for (int64_t i = 0; i < width; ++i) sum[i] += widen(x[i]);
  }
}

QVLM_CLONES void swiglu_rows(const Bf16* x, Bf16* y, int64_t rows, int64_t ffn) {
  for (int64_t row = 0; row < rows; ++row, x += 2 * ffn, y += ffn) {
    for (int64_t i = 0; i < ffn; ++i) {
      const float gate = widen(x[i]);
      y[i] = narrow(gate * sigmoid(gate) * widen(x[ffn + i]));
    }
  }
}

QVLM_CLONES void swiglu_rows_backward(const Bf16* x, const Bf16* g, Bf16* dx, int64_t rows, int64_t ffn) {
  for (int64_t row = 0; row < rows; ++row, x += 2 * ffn, g += ffn, dx += 2 * ffn) {
    for (int64_t i = 0; i < ffn; ++i) {
      const float gate = widen(x[i]), up = widen(x[ffn + i]), grad = widen(g[i]);
      const float s = sigmoid(gate);
      dx[i] = narrow(grad * up * s * (1.0f + gate * (1.0f - s)));
      dx[ffn + i] = narrow(grad * gate * s);
    }
  }
}

QVLM_CLONES void quick_gelu_range(const Bf16* x, Bf16* y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = narrow(widen(x[i]) * sigmoid(1.702f * widen(x[i])));
}

QVLM_CLONES void quick_gelu_range_backward(const Bf16* x, const Bf16* g, Bf16* dx, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float v = widen(x[i]), s = sigmoid(1.702f * v);
    dx[i] = narrow(widen(g[i]) * s * (1.0f + 1.702f * v * (1.0f - s)));
  }
}

// Rows of scores become probabilities in place; a row sees its first `seen` columns, the rest become 0.
QVLM_CLONES void softmax_row(Bf16* x, float* buffer, int64_t seen, int64_t columns, float scale) {
  float top = -3.0e38f;
  for (int64_t i = 0; i < seen; ++i) {
    buffer[i] = widen(x[i]) * scale;
    top = buffer[i] > top ? buffer[i] : top;
  }
  float sum = 0;
  for (int64_t i = 0; i < seen; ++i) {
    buffer[i] = fast_exp(buffer[i] - top);
    sum += buffer[i];
  }
  const float inverse = 1.0f / sum;
  for (int64_t i = 0; i < seen; ++i) x[i] = narrow(buffer[i] * inverse);
  std::memset(x + seen, 0, static_cast<size_t>(columns - seen) * sizeof(Bf16));
}

// dS = P (dP - sum(P dP)) scale, in place of dP.
QVLM_CLONES void softmax_row_backward(const Bf16* p, Bf16* dp, int64_t seen, int64_t columns, float scale) {
  float dot = 0;
  for (int64_t i = 0; i < seen; ++i) dot += widen(p[i]) * widen(dp[i]);
  for (int64_t i = 0; i < seen; ++i) dp[i] = narrow(widen(p[i]) * (widen(dp[i]) - dot) * scale);
  std::memset(dp + seen, 0, static_cast<size_t>(columns - seen) * sizeof(Bf16));
}

// One head's row, turned by its position; direction -1 turns back (the gradient).
QVLM_CLONES void turn_row(const Bf16* x, Bf16* y, const float* cos, const float* sin, int64_t head_dim, float direction) {
  const int64_t half = head_dim / 2;
  for (int64_t i = 0; i < half; ++i) {
    const float a = widen(x[i]), b = widen(x[half + i]);
    y[i] = narrow(a * cos[i] - b * sin[i] * direction);
    y[half + i] = narrow(b * cos[i] + a * sin[i] * direction);
  }
}

QVLM_CLONES void add_row(float* sum, const Bf16* x, int64_t count) {
  for (int64_t i = 0; i < count; ++i) sum[i] += widen(x[i]);
}

QVLM_CLONES void round_range(const float* x, Bf16* y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = narrow(x[i]);
}

QVLM_CLONES float square_range(const Bf16* x, int64_t count) {
  float sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += widen(x[i]) * widen(x[i]);
  return sum;
}

QVLM_CLONES void adam_range(float* w, float* m, float* v, Bf16* rounded, const Bf16* g, int64_t count, AdamStep s) {
  for (int64_t i = 0; i < count; ++i) {
    const float grad = widen(g[i]) * s.gradient_scale;
    m[i] = s.beta1 * m[i] + (1 - s.beta1) * grad;
    v[i] = s.beta2 * v[i] + (1 - s.beta2) * grad * grad;
    const float step = (m[i] / s.correction1) / (std::sqrt(v[i] / s.correction2) + s.epsilon);
    w[i] -= s.learning_rate * (step + s.decay * w[i]);
    rounded[i] = narrow(w[i]);
  }
}

QVLM_CLONES void momentum_range(float* first, const Bf16* g, Bf16* ahead, int64_t count, float momentum) {
  for (int64_t i = 0; i < count; ++i) {
    first[i] = momentum * first[i] + widen(g[i]);
    ahead[i] = narrow(widen(g[i]) + momentum * first[i]);
  }
}

QVLM_CLONES void direction_range(float* w, const Bf16* direction, Bf16* rounded, int64_t count, float keep, float length) {
  for (int64_t i = 0; i < count; ++i) {
    w[i] = keep * w[i] - length * widen(direction[i]);
    rounded[i] = narrow(w[i]);
  }
}

}  // namespace

}  // namespace qvlm::demo
