// Viridis by nine stops.
#include "app/studio/style/colormap.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "app/studio/style/theme.h"

namespace qvlm::studio {

QColor viridis(double value) {
  static constexpr std::array<std::array<int, 3>, 9> kStops = {{{68, 1, 84},
                                                                {71, 44, 122},
                                                                {59, 81, 139},
                                                                {44, 113, 142},
                                                                {33, 144, 141},
                                                                {39, 173, 129},
                                                                {92, 200, 99},
                                                                {170, 220, 50},
                                                                {253, 231, 37}}};
  if (!(value > 0)) value = 0;  // NaN too
  const double at = std::min(value, 1.0) * (kStops.size() - 1);
  const size_t low = std::min(static_cast<size_t>(at), kStops.size() - 2);
  const double t = at - static_cast<double>(low);
  const auto mix = [&](int channel) {
    return static_cast<int>(std::lround(kStops[low][channel] * (1 - t) + kStops[low + 1][channel] * t));
  };
  return QColor(mix(0), mix(1), mix(2));
}

QColor ink_on(const QColor& ground) {
  const QColor dark(Qt::black), light(Qt::white);  // the better of the two always reaches 4.5 : 1
  return contrast_ratio(ground, dark) >= contrast_ratio(ground, light) ? dark : light;
}

}  // namespace qvlm::studio
