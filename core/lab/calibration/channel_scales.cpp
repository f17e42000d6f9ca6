// Largest magnitudes to scales.
#include "core/lab/calibration/channel_scales.h"

#include <cmath>
#include <vector>

namespace qvlm::calibration {
namespace {

std::vector<int64_t> by_head(const DecoderConfig& config) { return {config.kv_heads, config.heads / config.kv_heads, config.head_dim}; }

}  // namespace

torch::Tensor channel_scales(const DecoderConfig& config, SiteKind kind, const torch::Tensor& largest) {
  auto ranges = largest;
  if (kind == SiteKind::OUTPUT_INPUT) ranges = largest.reshape(by_head(config)).amax(1, true).expand(by_head(config)).reshape({-1});
  const auto live = ranges > 0;
  if (!live.any().item<bool>()) return torch::ones_like(ranges);
  const float widest = ranges.max().item<float>();
  ranges = ranges.clamp_min(kNarrowestChannel * static_cast<double>(widest));
  const float narrowest = ranges.masked_select(live).min().item<float>();
  const double middle = std::sqrt(static_cast<double>(widest) * static_cast<double>(narrowest));
  return torch::where(live, ranges / middle, torch::ones_like(ranges));
}

torch::Tensor of_value_channels(const DecoderConfig& config, const torch::Tensor& scales) {
  return scales.reshape(by_head(config)).select(1, 0).reshape({-1});
}

}  // namespace qvlm::calibration
