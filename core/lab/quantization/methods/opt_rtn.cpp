// The scale search, in chunks of rows that stay in the cache.
#include "core/lab/quantization/methods/opt_rtn.h"

#include <algorithm>

#include "core/lab/quantization/methods/input_moments.h"

namespace qvlm::quantization {
namespace {

constexpr int64_t kChunkElements = int64_t{1} << 17;

}  // namespace

GridWeight optimal_round(const GroupedWeight& weight, const torch::Tensor& importance, float percentile) {
  const auto [lo, hi] = weight.bounds_at(percentile);
  const WeightGrid& grid = weight.grid();
  const double top = static_cast<double>((1 << grid.bits) - 1);
  const int64_t rows = weight.weight().size(0), columns = weight.weight().size(1), groups = lo.size(1);
  const auto by_group = importance.reshape({1, groups, -1});
  const auto best = torch::ones_like(lo);  // factors
  const int64_t chunk = std::max<int64_t>(1, kChunkElements / columns);
  for (int64_t row = 0; row < rows; row += chunk) {
    const int64_t count = std::min(chunk, rows - row);
    const auto w = weight.weight().narrow(0, row, count).reshape({count, groups, -1});
    const auto low = lo.narrow(0, row, count), high = hi.narrow(0, row, count);
    auto factors = best.narrow(0, row, count);
    const auto error_at = [&](double factor) {
      const GroupScales at = scales_between(low * factor, high * factor, grid);
      const auto s = at.scales.unsqueeze(2), z = at.zeros.unsqueeze(2);
      return torch::div(w, s).round_().add_(z).clamp_(0, top).sub_(z).mul_(s).sub_(w).square_().mul_(by_group).sum(2);  // [count, groups]
    };
    auto least = error_at(1);
    for (int i = 0; i < kScaleFactors; ++i) {
      const double factor = kLeastFactor + i * kFactorStep;
      const auto error = error_at(factor);
      const auto better = error < least;
      factors.masked_fill_(better, factor);
      least = torch::minimum(least, error);
    }
  }
  return round_onto(weight.weight(), scales_between(lo * best, hi * best, grid), grid);
}

std::vector<RoundedSite> OptimalRoundToNearest::round(const PreparedLayer& prepared, const SiteInputs& inputs,
                                                      std::span<const float> percentiles) const {
  const auto importance = mean_square(inputs);
  std::vector<RoundedSite> sites(percentiles.size());
  for (const auto suffix : linears_of(inputs.kind)) {
    const GroupedWeight grouped(prepared.weight_to_round(suffix), inputs.grid, inputs.name(suffix));
    for (size_t p = 0; p < percentiles.size(); ++p) sites[p].emplace(suffix, optimal_round(grouped, importance, percentiles[p]));
  }
  return sites;
}

}  // namespace qvlm::quantization
