// The dynamic map, and both directions.
#include "core/model/double_scales.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"

namespace qvlm {

namespace {

std::vector<float> make_levels() {
  constexpr double kDecades[] = {1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1};
  std::vector<float> levels{0.0f, 1.0f};
  int parts = 1;
  for (const double decade : kDecades) {
    for (int k = 0; k < parts; ++k) {
      const auto level = static_cast<float>(decade * (0.1 + 0.9 * (k + 0.5) / parts));
      levels.push_back(level);
      levels.push_back(-level);
    }
    parts *= 2;
  }
  std::sort(levels.begin(), levels.end());
  return levels;
}

size_t blocks_of(int64_t count) {
  return static_cast<size_t>((count + kScaleBlock - 1) / kScaleBlock);
}

}  // namespace

std::span<const float> dynamic_levels() {
  static const std::vector<float> kLevels = make_levels();
  return kLevels;
}

DoubleScales double_quantize(std::span<const float> scales) {
  const auto levels = dynamic_levels();
  std::vector<float> middles;  // between neighbouring levels
  for (size_t i = 0; i + 1 < levels.size(); ++i) middles.push_back((levels[i] + levels[i + 1]) / 2);
  DoubleScales result;
  double sum = 0;
  for (const float scale : scales) sum += static_cast<double>(scale);
  result.mean = scales.empty() ? 0.0f : static_cast<float>(sum / static_cast<double>(scales.size()));
  for (size_t begin = 0; begin < scales.size(); begin += kScaleBlock) {
    const auto block = scales.subspan(begin, std::min<size_t>(kScaleBlock, scales.size() - begin));
    float largest = 0;
    for (const float scale : block) largest = std::max(largest, std::abs(scale - result.mean));
    result.maxima.push_back(largest);
    for (const float scale : block) {
      const float relative = largest > 0 ? (scale - result.mean) / largest : 0.0f;
      result.codes.push_back(static_cast<uint8_t>(std::lower_bound(middles.begin(), middles.end(), relative) - middles.begin()));
    }
  }
  return result;
}

std::vector<float> values_of(const DoubleScales& scales) {
  const auto levels = dynamic_levels();
  std::vector<float> values(scales.codes.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const float deviation = levels[scales.codes[i]] * scales.maxima[i / kScaleBlock];
    values[i] = deviation + scales.mean;
  }
  return values;
}

void validate(const DoubleScales& scales, int64_t count, const std::string& name) {
  if (static_cast<int64_t>(scales.codes.size()) != count)
    throw Error::in(name, "codes of scales", std::to_string(count), std::to_string(scales.codes.size()));
  if (scales.maxima.size() != blocks_of(count))
    throw Error::in(name, "maxima of scales", std::to_string(blocks_of(count)), std::to_string(scales.maxima.size()));
  if (!std::isfinite(scales.mean)) throw Error::in(name, "mean of scales", "a finite number", "infinity or NaN");
  for (const float largest : scales.maxima) {
    if (!(largest >= 0) || !std::isfinite(largest + std::abs(scales.mean)))
      throw Error::in(name, "maximum of scales", "a finite number that is not negative", std::to_string(largest));
  }
}

}  // namespace qvlm
