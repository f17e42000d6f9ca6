// The one quantized matrix: every weight method makes it, every exporter packs it exactly or refuses, the engine runs it or refuses by name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/model/double_scales.h"

namespace qvlm {

/// A product of two thin matrices in float16 that is added to what the codes give.
struct LowRankResidual {
  int64_t rank = 0;                 // 0: none
  std::vector<uint16_t> left = {};  // [rows, rank], float16 bits
  std::vector<uint16_t> right = {}; // [rank, columns], float16 bits
  bool operator==(const LowRankResidual&) const = default;
};

/// W[r, c] = (codes[r, c] - zeros[r, c / group]) * scales[r, c / group], per group along the input (columns); with a codebook
/// W[r, c] = codebook[codes[r, c]] * scales[r, c / group]; with minimums W[r, c] = codes[r, c] * scales[r, c / group] +
/// minimums[r, c / group]; with a residual plus (left * right)[r, c].
struct QuantizedMatrix {
  int64_t rows = 0;     // output features
  int64_t columns = 0;  // input features
  int bits = 4;         // 2..8; codes are 0..2^bits - 1
  int64_t group = 0;    // columns a group: 32, 64, 128, or `columns` (one group a row); 16 in GGUF's Q6_K
  bool symmetric = false;  // every zero is 2^(bits-1)
  std::vector<uint8_t> codes;    // [rows, columns]
  std::vector<uint16_t> scales;  // [rows, groups()], float16 bits; empty where double_scales or wide_scales holds them
  std::vector<uint8_t> zeros;    // [rows, groups()]; empty where there are minimums
  std::vector<float> codebook = {};  // [2^bits], ascending; empty: the codes are integers. With one, symmetric holds
  LowRankResidual residual = {};
  DoubleScales double_scales = {};  // in the place of scales; empty: none
  // Of files that other programs wrote; no method here makes them.
  std::vector<float> wide_scales = {};  // [rows, groups()], float32 in the place of scales: GGUF's K-quants have products of two numbers
  std::vector<float> minimums = {};     // [rows, groups()], in the place of zeros, symmetric does not hold: Q4_1, Q5_1, Q4_K, Q5_K

  int64_t groups() const { return group > 0 ? columns / group : 0; }
  /// Bits a weight takes with its scales, zeros, codebook and residual, as stored in planes.
  double bits_per_weight() const;
  /// The scales as float32, whichever way they are kept. [rows, groups()]
  std::vector<float> scale_values() const;
  /// All weights as float32, row-major [rows, columns].
  std::vector<float> dequantize() const;
};

/// Throws Error (naming `name`) unless sizes, ranges and group fit together; says which groups would divide the row.
void validate(const QuantizedMatrix& matrix, const std::string& name);

/// What the matrix has beyond integers, float16 scales and zeros: "a codebook of 16 values", "doubly quantized scales", "float32 scales",
/// "real minimums", "a low-rank residual of rank 8", several of them, or nothing (empty). Whoever packs plain grids alone refuses the others
/// with this.
std::string beyond_integers(const QuantizedMatrix& matrix);

/// The group sizes of {32, 64, 128, columns} that divide `columns`.
std::vector<int64_t> legal_groups(int64_t columns);

}  // namespace qvlm
