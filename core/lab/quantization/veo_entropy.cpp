// Differentiable soft assignment and conditional entropy.
#include "core/lab/quantization/veo_entropy.h"

#include <algorithm>
#include <cmath>

namespace qvlm::quantization {
namespace {

constexpr double kSmallestProbability = 1e-12;  // its logarithm stays finite where an assignment underflows

struct Grid {
  torch::Tensor step, zero;
};

Grid grid_of(const torch::Tensor& low, const torch::Tensor& high, int bits) {
  const double top = static_cast<double>((int64_t{1} << bits) - 1);
  const auto step = ((high - low) / top).clamp_min(1e-8);
  return {step, round_straight_through(-low / step).clamp(0, top)};
}

}  // namespace

torch::Tensor round_straight_through(const torch::Tensor& x) { return x + (torch::round(x) - x).detach(); }

torch::Tensor fake_quantize(const torch::Tensor& x, const torch::Tensor& low, const torch::Tensor& high, int bits) {
  const double top = static_cast<double>((int64_t{1} << bits) - 1);
  const Grid grid = grid_of(low, high, bits);
  const auto codes = (round_straight_through(x / grid.step) + grid.zero).clamp(0, top);
  return (codes - grid.zero) * grid.step;
}

RowRanges own_ranges(const torch::Tensor& x, int64_t groups) {
  const auto grouped = x.reshape({x.size(0), groups, -1});
  return {grouped.amin(2).clamp_max(0), grouped.amax(2).clamp_min(0)};
}

SitePairs site_pairs(int64_t rows, int64_t width, int64_t next_width, int64_t positions) {
  const auto index = torch::arange(positions, torch::kInt64);
  const double golden = (std::sqrt(5.0) - 1) / 2;
  const auto fraction = torch::frac(index.to(torch::kFloat64) * golden);
  const auto channels = (fraction * static_cast<double>(width)).floor().clamp(0, static_cast<double>(width - 1)).to(torch::kInt64);
  return {torch::floor_divide(index * rows, positions), channels, torch::floor_divide(channels * next_width, width)};
}

int64_t veo_positions(int bits) { return std::clamp<int64_t>((int64_t{1} << 16) >> bits, 256, 1024); }

torch::Tensor soft_levels(const torch::Tensor& x, const RowRanges& ranges, int bits, const torch::Tensor& rows, const torch::Tensor& channels) {
  const int64_t group = x.size(1) / ranges.low.size(1);
  const auto at = rows * ranges.low.size(1) + torch::floor_divide(channels, group);  // in [rows * groups]
  const Grid grid = grid_of(ranges.low.reshape({-1}).index_select(0, at), ranges.high.reshape({-1}).index_select(0, at), bits);
  const auto value = x.reshape({-1}).index_select(0, rows * x.size(1) + channels);
  const auto coordinate = value / grid.step + grid.zero;  // [positions]
  const auto level = torch::arange(int64_t{1} << bits, torch::kFloat32);
  return torch::softmax(-(coordinate.unsqueeze(1) - level).square(), 1);
}

torch::Tensor dependency(const torch::Tensor& a, const torch::Tensor& b) {
  const auto joint = torch::mm(a.t(), b) / static_cast<double>(a.size(0));
  const auto row = joint.sum(1, /*keepdim=*/true);
  const auto logarithm = torch::log(joint.clamp_min(kSmallestProbability)) - torch::log(row.clamp_min(kSmallestProbability));
  return -(joint * logarithm).sum() / std::log(static_cast<double>(joint.size(1)));
}

}  // namespace qvlm::quantization
