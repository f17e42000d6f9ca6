// The perceptually uniform colour map of entropies: dark violet (low) over green to yellow (high).
#pragma once

#include <QColor>

namespace qvlm::studio {

/// `value` in 0..1, clamped. An approximation of matplotlib's viridis by linear interpolation between nine of its
/// colours.
QColor viridis(double value);

/// Black or white, whichever reads better on `ground`.
QColor ink_on(const QColor& ground);

}  // namespace qvlm::studio
