// Weights rearranged for the kernels: 16-byte texels of codes in steps of 32 columns, scales and zeros in their own
// planes, rows interleaved (shaders/matrix.glsl). Pure host code.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/model/model.h"

namespace qvlm {

enum class WeightFormat : uint32_t { INT4 = 0, INT8 = 1, F16 = 2 };

/// Shape and place values of a packed matrix [rows, columns].
struct PackedLayout {
  WeightFormat format = WeightFormat::F16;
  uint32_t rows = 0;
  uint32_t columns = 0;
  uint32_t steps = 0;        // ceil(columns / 32)
  uint32_t groups = 1;       // of scales, a row
  uint32_t group_steps = 1;  // steps a group
  uint32_t interleave = 1;   // rows whose texels alternate
  bool has_zeros = false;    // a plane of zero points; else `zero` holds for all
  float zero = 0;

  uint32_t texels_per_step() const { return format == WeightFormat::INT4 ? 1 : format == WeightFormat::INT8 ? 2 : 4; }
  uint32_t padded_rows() const { return (rows + interleave - 1) / interleave * interleave; }
};

struct PackedMatrix {
  PackedLayout layout;
  std::vector<uint32_t> codes;     // 4 words a texel
  std::vector<uint16_t> scales;    // float16 bits, empty for F16
  std::vector<uint8_t> zeros;      // empty unless has_zeros
  double bits_per_weight() const;  // of the planes, over rows * columns
};

/// True where the matrices can run as one, rows below rows: all plain, or all quantized on like grids.
bool can_stack(std::span<const Weight* const> parts);

/// The parts below each other as one matrix. 2..4 bit codes run as int4, 5..8 bit ones as int8, plain weights as
/// float16. Throws Error (naming `name`) for shapes that do not fit, plain weights beyond float16 or not finite, scales
/// not finite; a codebook or a low-rank residual, which no kernel runs.
PackedMatrix pack(std::span<const Weight* const> parts, uint32_t interleave, const std::string& name);
PackedMatrix pack(const Weight& weight, uint32_t interleave, const std::string& name);

}  // namespace qvlm
