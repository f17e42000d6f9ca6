// The discretization error differences that a run measured, against what stands for them.
#pragma once

#include <vector>

#include "core/run/events.h"

namespace qvlm::studio {

enum class Proxy { DEPENDENCY, ENTROPY, QUANTIZATION_ERROR };

/// A value a calibration sample.
const std::vector<double>& values_of(const ProxyValidated& pair, Proxy proxy);

/// Points a sample: the proxy across, the difference up. Those of the selected pair, or where it was not validated of all pairs, and the straight
/// line of least squares through them; the other pairs' beside.
struct ProxyScatter {
  std::vector<double> x, y, other_x, other_y;
  bool one_pair = false;
  double r_squared = 0;  // the share of the variance that the line explains; 0 without points
  double slope = 0, intercept = 0;
  double line(double at) const { return intercept + slope * at; }
};

/// `site`: the first of the selected pair.
ProxyScatter scatter_of(const std::vector<ProxyValidated>& validated, Proxy proxy, int site);

}  // namespace qvlm::studio
