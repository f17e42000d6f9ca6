// Weights rearranged for the kernels: 16-byte texels of codes in steps of 32 columns, scales and zeros in their own
// planes, rows interleaved (shaders/matrix.glsl). Pure host code.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/model/model.h"

namespace qvlm {

/// Bits from which on column i of eight lies in a word of int4 codes (shaders/matrix.glsl).
constexpr size_t int4_place(size_t i) { return (i & 3) * 8 + (i & 4); }

/// INT8_HALF: int8 in groups of 16 columns, half a step.
enum class WeightFormat : uint32_t { INT4 = 0, INT8 = 1, F16 = 2, INT8_HALF = 3 };

/// Shape and place values of a packed matrix [rows, columns].
struct PackedLayout {
  WeightFormat format = WeightFormat::F16;
  uint32_t rows = 0;
  uint32_t columns = 0;
  uint32_t pair = 0;         // 0: an output a row. Else rows alternate, `pair` of a gate and `pair` of what it gates, and `outputs` are half
  uint32_t outputs = 0;      // as many, less those that fill the last block
  uint32_t steps = 0;        // ceil(columns / 32)
  uint32_t groups = 1;       // of scales, a row
  uint32_t group_steps = 1;  // steps a group; of INT8_HALF: 1, whose groups are half a step
  uint32_t interleave = 1;   // rows whose texels alternate
  bool has_zeros = false;    // a plane of zero points; else `zero` holds for all
  bool has_minimums = false; // a real minimum behind each scale: w = code * scale + minimum
  float zero = 0;

  uint32_t texels_per_step() const { return format == WeightFormat::INT4 ? 1 : format == WeightFormat::F16 ? 4 : 2; }
  uint32_t padded_rows() const { return (rows + interleave - 1) / interleave * interleave; }
};

struct PackedMatrix {
  PackedLayout layout;
  std::vector<uint32_t> codes;     // 4 words a texel
  std::vector<uint16_t> scales;    // float16 bits, pairs of scale and minimum where there are minimums; empty for F16
  std::vector<uint8_t> zeros;      // empty unless has_zeros
  size_t bytes() const { return codes.size() * 4 + scales.size() * 2 + zeros.size(); }
  double bits_per_weight() const;  // of the planes, over rows * columns
};

/// True where the matrices can run as one, rows below rows: all plain, or all quantized on like grids.
bool can_stack(std::span<const Weight* const> parts);

/// The parts below each other as one matrix, or, with `pair`, two parts of like shape in turns of so many rows (PackedLayout). 2..4 bit codes run as int4, 5..8 bit ones as int8, plain weights, float32 scales and minimums
/// as float16. Throws Error (naming `name`) for shapes that do not fit, numbers beyond float16 or not finite; a codebook, a low-rank residual
/// or doubly quantized scales, which no kernel runs.
PackedMatrix pack(std::span<const Weight* const> parts, uint32_t interleave, const std::string& name, uint32_t pair = 0);
PackedMatrix pack(const Weight& weight, uint32_t interleave, const std::string& name);

}  // namespace qvlm
