// Round to nearest on per-group grids.
#include "core/lab/quantization/weight_quantizer.h"

#include <cmath>

#include "core/base/error.h"
#include "core/base/half.h"
#include "core/model/tensor.h"

namespace qvlm::quantization {
namespace {

constexpr double kSmallestHalf = 0x1p-24;

// Scales as stored: exact in float16, at least its smallest positive number. [..]
torch::Tensor storable_scales(torch::Tensor scales, const WeightGrid& grid) {
  if (grid.bits == 4 && !grid.symmetric) scales = round_significand(scales, 7);
  return scales.to(torch::kFloat16).to(torch::kFloat32).clamp_min(kSmallestHalf);
}

}  // namespace

torch::Tensor round_significand(const torch::Tensor& x, int bits) {
  const auto [significand, exponent] = torch::frexp(x);  // significand in [0.5, 1)
  return torch::ldexp(torch::round(significand * std::ldexp(1.0, bits)) * std::ldexp(1.0, -bits), exponent).to(x.scalar_type());
}

torch::Tensor GridWeight::dequantize() const {
  const int64_t rows = codes.size(0), groups = scales.size(1);
  const auto grouped = codes.reshape({rows, groups, -1}).to(torch::kFloat32);
  return (grouped.sub_(zeros.to(torch::kFloat32).unsqueeze(2))).mul_(scales.unsqueeze(2)).reshape({rows, -1});
}

QuantizedMatrix GridWeight::matrix() const {
  QuantizedMatrix matrix;
  matrix.rows = codes.size(0);
  matrix.columns = codes.size(1);
  matrix.bits = grid.bits;
  matrix.group = matrix.columns / scales.size(1);
  matrix.symmetric = grid.symmetric;
  const auto code_bytes = codes.contiguous(), zero_bytes = zeros.contiguous(), scale_values = scales.contiguous();
  matrix.codes.assign(code_bytes.data_ptr<uint8_t>(), code_bytes.data_ptr<uint8_t>() + code_bytes.numel());
  matrix.zeros.assign(zero_bytes.data_ptr<uint8_t>(), zero_bytes.data_ptr<uint8_t>() + zero_bytes.numel());
  matrix.scales.resize(static_cast<size_t>(scale_values.numel()));
  to_half({scale_values.data_ptr<float>(), static_cast<size_t>(scale_values.numel())}, matrix.scales);
  return matrix;
}

GroupedWeight::GroupedWeight(torch::Tensor weight, WeightGrid grid, const std::string& name)
    : weight_(std::move(weight)), grid_(grid) {
  const int64_t columns = weight_.size(1);
  const int64_t group = grid_.group == 0 ? columns : grid_.group;
  if (columns % group != 0) {
    std::string legal;
    for (const int64_t size : legal_groups(columns)) legal += (legal.empty() ? "" : ", ") + std::to_string(size);
    throw Error::in(name, "group", "one that divides a row of " + std::to_string(columns) + " (" + legal + ")", std::to_string(group));
  }
  if (!torch::isfinite(weight_).all().item<bool>()) throw Error(name + ": has values that are not finite");
  sorted_ = std::get<0>(weight_.reshape({weight_.size(0), columns / group, group}).sort(2));
}

GridWeight GroupedWeight::quantize(float percentile) const {
  const int64_t group = sorted_.size(2);
  const double top = static_cast<double>((1 << grid_.bits) - 1);
  // Between the two neighbours of the wanted position, counted from either end.
  const double position = static_cast<double>(percentile) * static_cast<double>(group - 1);
  const auto index = static_cast<int64_t>(position);
  const int64_t next = std::min(index + 1, group - 1);
  const double fraction = position - static_cast<double>(index);
  const auto high = torch::lerp(sorted_.select(2, index), sorted_.select(2, next), fraction);                          // [rows, groups]
  const auto low = torch::lerp(sorted_.select(2, group - 1 - index), sorted_.select(2, group - 1 - next), fraction);  // [rows, groups]
  torch::Tensor scales, zeros;
  if (grid_.symmetric) {
    const double half = static_cast<double>(1 << (grid_.bits - 1));
    scales = storable_scales(torch::maximum(low.abs(), high.abs()) / std::max(half - 1, 1.0), grid_);
    zeros = torch::full_like(scales, half);
  } else {
    const auto lo = low.clamp_max(0), hi = high.clamp_min(0);
    scales = storable_scales((hi - lo) / top, grid_);
    zeros = torch::round(-lo / scales).clamp(0, top);
  }
  const auto grouped = weight_.reshape(sorted_.sizes());
  const auto codes = (torch::round(grouped / scales.unsqueeze(2)) + zeros.unsqueeze(2)).clamp_(0, top);
  return {codes.to(torch::kUInt8).reshape(weight_.sizes()), scales, zeros.to(torch::kUInt8), grid_};
}

GridWeight round_to_nearest(const torch::Tensor& weight, const WeightGrid& grid, const std::string& name) {
  return GroupedWeight(weight, grid, name).quantize(1);
}

}  // namespace qvlm::quantization
