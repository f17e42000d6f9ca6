// Grids from the bounds of groups, and rounding to nearest on them.
#include "core/lab/quantization/weight_quantizer.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/half.h"
#include "core/model/tensor.h"

namespace qvlm::quantization {
namespace {

constexpr double kSmallestHalf = 0x1p-24;
constexpr int64_t kSortedTogether = int64_t{1} << 22;  // elements

void assign_half(const torch::Tensor& values, std::vector<uint16_t>& to) {
  const auto x = values.contiguous();
  to.resize(static_cast<size_t>(x.numel()));
  to_half({x.data_ptr<float>(), to.size()}, to);
}

}  // namespace

torch::Tensor storable_scales(const torch::Tensor& scales, const WeightGrid& grid) {
  const auto rounded = grid.bits == 4 && !grid.symmetric ? round_significand(scales, 7) : scales;
  return rounded.to(torch::kFloat16).to(torch::kFloat32).clamp_min(kSmallestHalf);
}

torch::Tensor round_significand(const torch::Tensor& x, int bits) {
  const auto [significand, exponent] = torch::frexp(x);  // significand in [0.5, 1)
  return torch::ldexp(torch::round(significand * std::ldexp(1.0, bits)) * std::ldexp(1.0, -bits), exponent).to(x.scalar_type());
}

torch::Tensor GridWeight::dequantize() const {
  const int64_t rows = codes.size(0), groups = scales.size(1);
  torch::Tensor values;  // [rows, groups, group]
  if (codebook.defined()) {
    values = codebook.index_select(0, codes.reshape({-1}).to(torch::kInt64)).reshape({rows, groups, -1}).mul_(scales.unsqueeze(2));
  } else {
    values = codes.reshape({rows, groups, -1}).to(torch::kFloat32).sub_(zeros.to(torch::kFloat32).unsqueeze(2)).mul_(scales.unsqueeze(2));
  }
  values = values.reshape({rows, -1});
  return left.defined() ? values + torch::mm(left, right) : values;
}

QuantizedMatrix GridWeight::matrix() const {
  QuantizedMatrix matrix;
  matrix.rows = codes.size(0);
  matrix.columns = codes.size(1);
  matrix.bits = grid.bits;
  matrix.group = matrix.columns / scales.size(1);
  matrix.symmetric = grid.symmetric;
  const auto code_bytes = codes.contiguous(), zero_bytes = zeros.contiguous();
  matrix.codes.assign(code_bytes.data_ptr<uint8_t>(), code_bytes.data_ptr<uint8_t>() + code_bytes.numel());
  matrix.zeros.assign(zero_bytes.data_ptr<uint8_t>(), zero_bytes.data_ptr<uint8_t>() + zero_bytes.numel());
  matrix.double_scales = double_scales;
  if (double_scales.empty()) assign_half(scales, matrix.scales);
  if (codebook.defined()) {
    const auto values = codebook.contiguous();
    matrix.codebook.assign(values.data_ptr<float>(), values.data_ptr<float>() + values.numel());
  }
  if (left.defined()) {
    matrix.residual.rank = left.size(1);
    assign_half(left, matrix.residual.left);
    assign_half(right, matrix.residual.right);
  }
  return matrix;
}

namespace {

// Columns a group. Throws Error naming the legal ones.
int64_t group_of(const torch::Tensor& weight, const WeightGrid& grid, const std::string& name) {
  const int64_t columns = weight.size(1);
  const int64_t group = grid.group == 0 ? columns : grid.group;
  if (columns % group != 0) {
    std::string legal;
    for (const int64_t size : legal_groups(columns)) legal += (legal.empty() ? "" : ", ") + std::to_string(size);
    throw Error::in(name, "group", "one that divides a row of " + std::to_string(columns) + " (" + legal + ")", std::to_string(group));
  }
  return group;
}

void demand_finite(const torch::Tensor& values, const std::string& name) {
  if (!torch::isfinite(values).all().item<bool>()) throw Error(name + ": has values that are not finite");
}

}  // namespace

GroupedWeight::GroupedWeight(torch::Tensor weight, WeightGrid grid, const std::string& name)
    : weight_(std::move(weight)), grid_(grid) {
  const int64_t columns = weight_.size(1), group = group_of(weight_, grid_, name);
  demand_finite(weight_, name);
  const auto grouped = weight_.reshape({weight_.size(0), columns / group, group});
  sorted_ = torch::empty_like(grouped);
  // Sorting makes indices of 8 bytes, too: a few rows at a time.
  const int64_t chunk = std::max<int64_t>(1, kSortedTogether / columns);
  for (int64_t row = 0; row < grouped.size(0); row += chunk) {
    const int64_t rows = std::min(chunk, grouped.size(0) - row);
    sorted_.narrow(0, row, rows).copy_(std::get<0>(grouped.narrow(0, row, rows).sort(2)));
  }
}

std::pair<torch::Tensor, torch::Tensor> GroupedWeight::bounds_at(float percentile) const {
  const int64_t group = sorted_.size(2);
  // Between the two neighbours of the wanted position, counted from either end.
  const double position = static_cast<double>(percentile) * static_cast<double>(group - 1);
  const auto index = static_cast<int64_t>(position);
  const int64_t next = std::min(index + 1, group - 1);
  const double fraction = position - static_cast<double>(index);
  const auto high = torch::lerp(sorted_.select(2, index), sorted_.select(2, next), fraction);
  const auto low = torch::lerp(sorted_.select(2, group - 1 - index), sorted_.select(2, group - 1 - next), fraction);
  if (grid_.symmetric) return {low, high};
  return {low.clamp_max(0), high.clamp_min(0)};
}

GroupScales GroupedWeight::scales_at(float percentile) const {
  const auto [low, high] = bounds_at(percentile);
  return scales_between(low, high, grid_);
}

GridWeight GroupedWeight::quantize(float percentile) const { return round_onto(weight_, scales_at(percentile), grid_); }

GroupScales scales_between(const torch::Tensor& lo, const torch::Tensor& hi, const WeightGrid& grid) {
  if (grid.symmetric) {
    const double half = static_cast<double>(1 << (grid.bits - 1));
    const auto scales = storable_scales(torch::maximum(lo.abs(), hi.abs()) / std::max(half - 1, 1.0), grid);
    return {scales, torch::full_like(scales, half)};
  }
  const double top = static_cast<double>((1 << grid.bits) - 1);
  const auto scales = storable_scales((hi - lo) / top, grid);
  return {scales, torch::round(-lo / scales).clamp_(0, top)};
}

GridWeight round_onto(const torch::Tensor& weight, const GroupScales& at, const WeightGrid& grid) {
  const double top = static_cast<double>((1 << grid.bits) - 1);
  const auto grouped = weight.reshape({weight.size(0), at.scales.size(1), -1});
  const auto codes = torch::div(grouped, at.scales.unsqueeze(2)).round_().add_(at.zeros.unsqueeze(2)).clamp_(0, top);
  return {codes.to(torch::kUInt8).reshape(weight.sizes()), at.scales, at.zeros.to(torch::kUInt8), grid};
}

GridWeight round_to_nearest(const torch::Tensor& weight, const WeightGrid& grid, const std::string& name) {
  const auto grouped = weight.reshape({weight.size(0), -1, group_of(weight, grid, name)});
  auto [low, high] = torch::aminmax(grouped, 2);  // [rows, groups] each; not finite where a value of the group is not
  demand_finite(low, name);
  demand_finite(high, name);
  if (!grid.symmetric) {
    low = low.clamp_max(0);
    high = high.clamp_min(0);
  }
  return round_onto(weight, scales_between(low, high, grid), grid);
}

}  // namespace qvlm::quantization
