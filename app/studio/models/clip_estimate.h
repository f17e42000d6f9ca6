// What clipping a site's activations at two bounds would do, by the histogram that the run measured.
#pragma once

#include <utility>

#include "core/run/events.h"
#include "core/run/recipe.h"
#include "core/run/run_state.h"

namespace qvlm::studio {

/// Relative squared errors: against the energy of the site's values.
struct ClipEstimate {
  double share = 0;     // of the values that lie outside
  double clipping = 0;  // error of those
  double rounding = 0;  // of the others, step^2 / 12 each on a uniform grid
  double error() const { return clipping + rounding; }
};

/// Values stand at their bins' centres. `bits` 2..8; low < high.
ClipEstimate estimate_clip(const SiteMeasured& site, double low, double high, int bits);

/// The rounding parameter that comes nearest to these bounds, to three decimals: of static activations the percentile whose range is as wide
/// (between the measured ones, linear), of dynamic ones the ratio to the whole range. 1 where nothing is clipped.
double candidate_of(const SiteMeasured& site, const Recipe& recipe, double low, double high);

/// Low and high of what the run keeps of `site`, whose statistics are `measured`: the refined bounds, or the chosen parameter's (of a static range,
/// the percentile's). Before the search and at 16 bits, all that was measured.
std::pair<double, double> chosen_bounds(const RunState& state, int site, const SiteMeasured& measured);

}  // namespace qvlm::studio
