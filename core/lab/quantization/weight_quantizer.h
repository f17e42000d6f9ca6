// Rounding a weight matrix onto a grid of integers, scales and zero points (algorithms.md 2.1): what every weight method ends in.
#pragma once

#include <torch/types.h>

#include "core/model/quantized_matrix.h"

namespace qvlm::quantization {

/// The grid of one linear's weight.
struct WeightGrid {
  int bits = 4;            // 2..8
  int64_t group = 32;      // columns; 0: one group a row
  bool symmetric = false;  // zero 2^(bits - 1)
  bool operator==(const WeightGrid&) const = default;
};

/// The bounds of every group turned into a grid: what codes are taken on.
struct GroupScales {
  torch::Tensor scales;  // [rows, groups], float32, exact in float16
  torch::Tensor zeros;   // [rows, groups], float32, whole numbers of 0 .. 2^bits - 1
};

/// A weight on its grid, in torch. Scales are exact in float16, or those of double_scales.
struct GridWeight {
  torch::Tensor codes;   // [rows, columns], uint8
  torch::Tensor scales;  // [rows, groups], float32
  torch::Tensor zeros;   // [rows, groups], uint8
  WeightGrid grid;
  torch::Tensor codebook = {};     // [2^bits], float32; undefined: the codes are integers
  torch::Tensor left = {}, right = {};  // [rows, rank], [rank, columns], float32, exact in float16; undefined: no residual
  DoubleScales double_scales = {};      // what scales holds the values of, where the file keeps them quantized; empty: in float16

  /// What QuantizedMatrix means, to the bit what reference::dequantize gives for matrix().
  torch::Tensor dequantize() const;  // [rows, columns], float32
  QuantizedMatrix matrix() const;
};

/// A weight with the values of each group in ascending order, so that several percentiles cost one sort.
class GroupedWeight {
 public:
  /// weight [rows, columns], float32. Throws Error naming `name` and the legal groups unless the group divides the columns.
  GroupedWeight(torch::Tensor weight, WeightGrid grid, const std::string& name);

  /// Bounds of every group: hi = Quantile(w, p), lo = Quantile(w, 1 - p), interpolated linearly; p = 1 is minimum and maximum. Then
  ///   asymmetric: lo <= 0 <= hi enforced, s = (hi - lo) / (2^b - 1), z = clamp(round(-lo / s), 0, 2^b - 1)
  ///   symmetric:  s = max(|lo|, |hi|) / (2^(b-1) - 1), z = 2^(b-1)
  /// q = clamp(round(w / s) + z, 0, 2^b - 1). The scale is rounded to what the file stores before codes are taken: float16, and for
  /// 4 bits asymmetric a 7-bit significand, so that s * z is exact in float16 and GGUF's Q4_1 can
  /// hold the grid too. The squared rounding error grows by 0.05 % through that (measured on normal weights).
  GridWeight quantize(float percentile) const;
  /// The grid of quantize(percentile) without codes.
  GroupScales scales_at(float percentile) const;
  /// The bounds lo and hi of every group at a percentile; asymmetric ones enclose zero. [rows, groups] each.
  std::pair<torch::Tensor, torch::Tensor> bounds_at(float percentile) const;

  const torch::Tensor& weight() const { return weight_; }  // [rows, columns]
  const WeightGrid& grid() const { return grid_; }
  int64_t group() const { return sorted_.size(2); }  // columns a group, never 0

 private:
  torch::Tensor weight_;  // [rows, columns]
  torch::Tensor sorted_;  // [rows, groups, group]
  WeightGrid grid_;
};

/// The grid between lo and hi [...], as GroupedWeight::quantize says.
GroupScales scales_between(const torch::Tensor& lo, const torch::Tensor& hi, const WeightGrid& grid);

/// Scales as stored: exact in float16, for 4 bits asymmetric with a 7-bit significand, at least float16's smallest positive number. [..]
torch::Tensor storable_scales(const torch::Tensor& scales, const WeightGrid& grid);

/// q = clamp(round(w / s) + z, 0, 2^bits - 1) by group. weight [rows, columns].
GridWeight round_onto(const torch::Tensor& weight, const GroupScales& scales, const WeightGrid& grid);

/// GroupedWeight(...).quantize(1): round to nearest; the groups need no sorting for it.
GridWeight round_to_nearest(const torch::Tensor& weight, const WeightGrid& grid, const std::string& name);

/// The nearest number whose significand has `bits` bits (the leading one included). Zero stays zero.
torch::Tensor round_significand(const torch::Tensor& x, int bits);

}  // namespace qvlm::quantization
