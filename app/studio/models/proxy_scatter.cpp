// Least squares over the samples.
#include "app/studio/models/proxy_scatter.h"

#include <algorithm>

#include "core/run/report.h"

namespace qvlm::studio {

const std::vector<double>& values_of(const ProxyValidated& pair, Proxy proxy) {
  switch (proxy) {
    case Proxy::ENTROPY:
      return pair.entropy;
    case Proxy::QUANTIZATION_ERROR:
      return pair.quantization_error;
    default:
      return pair.dependency;
  }
}

ProxyScatter scatter_of(const std::vector<ProxyValidated>& validated, Proxy proxy, int site) {
  ProxyScatter shown;
  shown.one_pair = std::any_of(validated.begin(), validated.end(), [site](const ProxyValidated& pair) { return pair.site == site; });
  for (const ProxyValidated& pair : validated) {
    const bool other = shown.one_pair && pair.site != site;
    const std::vector<double>& values = values_of(pair, proxy);
    for (size_t i = 0; i < values.size() && i < pair.difference.size(); ++i) {
      (other ? shown.other_x : shown.x).push_back(values[i]);
      (other ? shown.other_y : shown.y).push_back(pair.difference[i]);
    }
  }
  if (shown.x.empty()) return shown;
  shown.r_squared = r_squared(shown.x, shown.y);
  double mean_x = 0, mean_y = 0, covariance = 0, variance = 0;
  for (size_t i = 0; i < shown.x.size(); ++i) {
    mean_x += shown.x[i] / double(shown.x.size());
    mean_y += shown.y[i] / double(shown.x.size());
  }
  for (size_t i = 0; i < shown.x.size(); ++i) {
    covariance += (shown.x[i] - mean_x) * (shown.y[i] - mean_y);
    variance += (shown.x[i] - mean_x) * (shown.x[i] - mean_x);
  }
  shown.slope = variance > 0 ? covariance / variance : 0;
  shown.intercept = mean_y - shown.slope * mean_x;
  return shown;
}

}  // namespace qvlm::studio
