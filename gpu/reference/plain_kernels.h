// Every kernel of shaders/ as a plain loop: what tests and the self-test compare the device with.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/model/vlm_config.h"
#include "gpu/packing.h"

namespace qvlm::plain {

/// float32 [rows, columns], contiguous.
struct Tensor {
  uint32_t rows = 0;
  uint32_t columns = 0;
  std::vector<float> values;
  Tensor() = default;
  Tensor(uint32_t r, uint32_t c) : rows(r), columns(c), values(size_t{r} * c) {}
  float& at(size_t r, size_t c) { return values[r * columns + c]; }
  float at(size_t r, size_t c) const { return values[r * columns + c]; }
};

struct Epilogue {
  std::span<const float> bias;
  bool activate = false;
  Activation activation = Activation::SILU;
  const Tensor* add = nullptr;
  const Tensor* multiply = nullptr;
};

/// GELU with the error function, its tanh form, x sigmoid(1.702 x), x sigmoid(x), max(x, 0).
float activate(Activation activation, float x);

/// Weight [row, column] of a packed matrix.
float weight_at(const PackedMatrix& w, uint32_t row, uint32_t column);

/// y[m, n] = epilogue(sum_k x[m, k] w[n, k]).
Tensor matrix(const PackedMatrix& w, const Tensor& x, const Epilogue& epilogue = {});
/// activation(x gate') * (x up') by a matrix packed in pairs. -> [M, outputs]
Tensor gated(const PackedMatrix& gate_up, const Tensor& x, Activation activation);
/// RMSNorm without a bias, LayerNorm with one.
Tensor norm(const Tensor& x, std::span<const float> weight, std::span<const float> bias, float epsilon);
/// Rotates q and k of qkv at positions first + m in place; k and v go, as float16 values (or as they are), to rows first + m of keys and
/// values.
void rope_kv(Tensor& qkv, Tensor& keys, Tensor& values, std::span<const float> cosines, std::span<const float> sines,
             uint32_t first, uint32_t heads, uint32_t kv_heads, uint32_t head_dim, bool float16 = true);
/// Each head of each row as multiples of its greatest magnitude over 127, as an 8-bit KV cache holds it.
void round_to_int8(Tensor& kv, uint32_t head_dim);
/// Row m of q sees keys 0 .. first + m (causal), or all `count`. q [M, heads * head_dim], keys and values [., kv_heads
/// * head_dim].
Tensor attention(const Tensor& q, const Tensor& keys, const Tensor& values, bool causal, uint32_t first, uint32_t count,
                 uint32_t heads, uint32_t kv_heads, uint32_t head_dim);
/// Negative ids: rows -1 - id of features.
Tensor embed(const PackedMatrix& embedding, std::span<const int32_t> ids, const Tensor& features);
/// pixels [3, size, size] -> [patches, 3 patch_size^2].
Tensor patches(std::span<const float> pixels, uint32_t size, uint32_t patch_size);

}  // namespace qvlm::plain
