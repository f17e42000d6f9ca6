// Each kernel of shaders/ as a typed call: arguments in, a Dispatch out, with the device's variant chosen and the
// ranges declared.
#pragma once

#include <cstdint>

#include "core/model/vlm_config.h"
#include "gpu/device_profile.h"
#include "gpu/device_tensor.h"
#include "gpu/recorder.h"
#include "gpu/tuning.h"

namespace qvlm {

/// What a matrix kernel does to a value before it writes it: + bias, activation, + add or * multiply.
struct Epilogue {
  DeviceVector bias;  // [rows of the weights]
  bool activate = false;
  Activation activation = Activation::SILU;
  const DeviceTensor* add = nullptr;       // like y; may be y itself
  const DeviceTensor* multiply = nullptr;  // like y; may be y itself
};

/// The grid that activations are rounded to (core/model/activation_quantizer.h). `dynamic`: low and high are multiples of a group's own least and
/// greatest value, else the bounds themselves.
struct RoundingGrid {
  int bits = 8;
  bool dynamic = true;
  uint32_t group = 0;  // channels; 0: the whole row
  float low = 1, high = 1;
  DeviceVector bounds;  // [2, rows], low ones first: each row's own in place of low and high
};

/// How keys and values lie: f32 columns of a tensor; f16; or int8, multiples of each head's greatest magnitude over 127.
enum class KvFormat : uint32_t { F32 = 0, F16 = 1, INT8 = 2 };

/// Keys and values of one layer: a cache [context, kv_heads * head_dim] (F16, INT8), or columns of a tensor.
struct KeyValues {
  Span keys, values;
  KvFormat format = KvFormat::F16;
  uint32_t stride = 0;  // elements a row
  Span scales;          // of INT8: float32 [context, kv_heads, 2], magnitudes of a key's head and a value's
};

/// Into how many ranges attention cuts its keys, and where their results lie until they are joined; 1: it does not.
struct KeyRanges {
  uint32_t count = 1;
  Span parts;  // attention_part_bytes()
};

class Kernels {
 public:
  explicit Kernels(const DeviceProfile& profile, Tuning tuning = {});

  /// y[m, n] = epilogue(sum_k x[m, k] w[n, k]); x [M, K], y [M, N].
  Dispatch matrix(const DeviceMatrix& w, const MatrixInput& x, const DeviceTensor& y,
                  const Epilogue& epilogue = {}) const;
  /// y[m, n] = activation(sum_k x[m, k] gate[n, k]) * sum_k x[m, k] up[n, k] by a matrix packed in pairs; x [M, K], y [M, outputs].
  Dispatch gated(const DeviceMatrix& gate_up, const MatrixInput& x, const DeviceTensor& y, Activation activation) const;
  /// True where such products of x run on its codes, of grids that so many columns share.
  bool runs_on_codes(const PackedLayout& weights, uint32_t rows, uint32_t group) const;
  /// True where any product may.
  bool has_integer_products() const;
  /// RMSNorm (bias absent) or LayerNorm of rows. y may be x. rounding: of y, in whole rows; codes: where its codes go, if anywhere. Throws Error
  /// where bounds do not fit.
  Dispatch norm(const DeviceTensor& x, const DeviceTensor& y, const DeviceVector& weight, const DeviceVector& bias,
                float epsilon, const RoundingGrid* rounding = nullptr, const DeviceCodes& codes = {}) const;
  /// RMSNorm of each head of x [M, heads * head_dim] in place. weight [head_dim].
  Dispatch norm_heads(const DeviceTensor& x, const DeviceVector& weight, float epsilon) const;
  /// Rounds x in place, and writes its codes if they go anywhere. Throws Error where groups or bounds do not fit it.
  Dispatch round(const DeviceTensor& x, const RoundingGrid& grid, const DeviceCodes& codes = {}) const;
  /// Rows as [outer, order, behind]: y[o, k, l] = scale * sum_i x[o, i, l] factor[i, k]. factor [order, order]; y is not x.
  Dispatch axis_product(const DeviceTensor& x, const DeviceVector& factor, uint32_t order, uint32_t behind, float scale,
                        const DeviceTensor& y) const;
  /// Rotates q and k of qkv [M, (heads + 2 kv_heads) head_dim] at positions state.position + m; q stays in qkv, k and v
  /// go to the cache. cosines, sines [context, head_dim / 2].
  Dispatch rope_kv(const DeviceTensor& qkv, const KeyValues& cache, const Span& cosines, const Span& sines,
                   const Span& state, uint32_t heads, uint32_t kv_heads, uint32_t head_dim) const;
  /// Causal: row m sees cache rows 0 .. state.position + m. q [M, heads * head_dim], y likewise; with more than one range y is what
  /// attention_join() of them makes.
  Dispatch attention_causal(const DeviceTensor& q, const KeyValues& cache, const Span& state, const DeviceTensor& y,
                            uint32_t heads, uint32_t kv_heads, uint32_t head_dim, const KeyRanges& ranges = {}) const;
  Dispatch attention_join(const KeyRanges& ranges, const DeviceTensor& y, uint32_t heads, uint32_t head_dim) const;
  /// Ranges for a row that sees so many keys.
  uint32_t key_ranges(uint32_t keys, uint32_t heads) const { return tuning_.ranges_for(attention_class(keys, heads), profile_); }
  static uint64_t attention_part_bytes(uint32_t rows, uint32_t heads, uint32_t head_dim, uint32_t ranges) {
    return uint64_t{rows} * heads * ranges * (head_dim + 4) * sizeof(float);
  }
  /// Full: every row sees all `keys_count` rows.
  Dispatch attention_full(const DeviceTensor& q, const KeyValues& kv, uint32_t keys_count, const DeviceTensor& y,
                          uint32_t heads, uint32_t head_dim) const;
  /// ids: int32 [M]; negative: row -1 - id of features.
  Dispatch embed(const DeviceMatrix& embedding, const Span& ids, const DeviceTensor& features,
                 const DeviceTensor& y) const;
  /// pixels f32 [3, size, size] -> y [patches, 3 patch_size^2].
  Dispatch patches(const Span& pixels, uint32_t size, uint32_t patch_size, const DeviceTensor& y) const;
  Dispatch copy(const Span& from, const Span& to, uint64_t bytes) const;
  /// Request as in gpu/step_state.h; result: token, not-finite flag.
  Dispatch sample(const DeviceTensor& logits, const Span& work, const Span& request, const Span& result) const;
  /// Reads all of `from`; writes `to` almost never.
  Dispatch bandwidth(const Span& from, const Span& to) const;

  uint32_t row_interleave() const { return profile_.texel_buffers ? profile_.row_interleave : 1; }
  /// PackedLayout::pair of matrices for gated(): a thread has a gate's row and the row that it gates.
  uint32_t row_pair() const { return profile_.texel_buffers ? 4 : 32; }
  /// Most rows that the matrix x vector kernel takes.
  static constexpr uint32_t kVectorRows = 8;

 private:
  bool takes_codes(const PackedLayout& weights, uint32_t group) const;
  Dispatch product(const DeviceMatrix& w, const MatrixInput& input, const DeviceTensor& y, const Epilogue& epilogue) const;
  Dispatch attention(const DeviceTensor& q, const KeyValues& kv, const Span& state, uint32_t keys_count, bool causal,
                     const DeviceTensor& y, uint32_t heads, uint32_t kv_heads, uint32_t head_dim, const KeyRanges& ranges) const;
  DeviceProfile profile_;
  Tuning tuning_;
};

}  // namespace qvlm
