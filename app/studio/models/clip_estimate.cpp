// Sums over the histogram's bins.
#include "app/studio/models/clip_estimate.h"

#include <algorithm>
#include <cmath>

namespace qvlm::studio {

ClipEstimate estimate_clip(const SiteMeasured& site, double low, double high, int bits) {
  ClipEstimate result;
  const double width = double(site.histogram_high - site.histogram_low) / double(std::max<size_t>(1, site.histogram.size()));
  const double step = (high - low) / (std::exp2(bits) - 1);
  double count = 0, energy = 0;
  for (size_t i = 0; i < site.histogram.size(); ++i) {
    const double x = double(site.histogram_low) + (double(i) + 0.5) * width, n = double(site.histogram[i]);
    count += n;
    energy += n * x * x;
    const double beyond = x < low ? low - x : x > high ? x - high : 0;
    if (beyond > 0) {
      result.share += n;
      result.clipping += n * beyond * beyond;
    } else {
      result.rounding += n * step * step / 12;
    }
  }
  if (count > 0) result.share /= count;
  if (energy > 0) {
    result.clipping /= energy;
    result.rounding /= energy;
  }
  return result;
}

double candidate_of(const SiteMeasured& site, const Recipe& recipe, double low, double high) {
  const double whole = double(site.maximum) - double(site.minimum), wanted = high - low;
  double found = whole > 0 ? wanted / whole : 1;
  if (is_static(recipe.activation_mode)) {
    // Percentiles fall as listed, their ranges with them.
    const std::vector<float> listed = candidates_of(recipe);
    found = 1;
    for (size_t i = 0; i < listed.size() && i < site.percentile_low.size() && i < site.percentile_high.size(); ++i) {
      const double here = double(site.percentile_high[i]) - double(site.percentile_low[i]);
      found = double(listed[i]);
      if (here > wanted) continue;
      if (i == 0) break;
      const double before = double(site.percentile_high[i - 1]) - double(site.percentile_low[i - 1]);
      if (before > here) found += (double(listed[i - 1]) - double(listed[i])) * (wanted - here) / (before - here);
      break;
    }
  }
  return std::clamp(std::round(1000 * found) / 1000, 0.5, 1.0);
}

std::pair<double, double> chosen_bounds(const RunState& state, int site, const SiteMeasured& measured) {
  const std::pair all(double(measured.histogram_low), double(measured.histogram_high));
  const int block = state.partition.blocks.empty() ? -1 : state.partition.block_of(site);
  const BlockSearched* found = block >= 0 ? state.result_of(block) : nullptr;
  if (found == nullptr || !state.recipe || state.recipe->activation_bits >= 16) return all;
  const auto position = static_cast<size_t>(site - found->first_site);
  const float chosen = found->joint_parameters.at(position);
  if (!is_static(state.recipe->activation_mode)) return {all.first * double(chosen), all.second * double(chosen)};
  if (found->refined_bounds.size() >= 2 * position + 2)
    return {double(found->refined_bounds[2 * position]), double(found->refined_bounds[2 * position + 1])};
  const std::vector<float> grid = candidates_of(*state.recipe);
  for (size_t i = 0; i < grid.size() && i < measured.percentile_low.size() && i < measured.percentile_high.size(); ++i) {
    if (std::abs(grid[i] - chosen) <= 1e-4f) return {double(measured.percentile_low[i]), double(measured.percentile_high[i])};
  }
  return all;
}

}  // namespace qvlm::studio
