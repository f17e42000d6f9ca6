// Statistics of one activation site over the calibration set: bounds, percentiles, histogram, per-channel moments.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/lab/calibration/batch_tensors.h"
#include "core/lab/calibration/batches.h"
#include "core/lab/reference/threads.h"

namespace qvlm::calibration {

inline constexpr int kHistogramBins = 64;
/// Percentiles below 1 are taken over at most this many evenly spaced values of a site; p = 1 is the exact minimum and maximum.
inline constexpr int64_t kPercentileValues = int64_t{1} << 18;

struct SiteStatistics {
  float minimum = 0, maximum = 0;
  std::vector<float> percentile_low, percentile_high;  // bounds at the candidates' percentiles
  std::vector<int64_t> histogram;                      // kHistogramBins bins between minimum and maximum
  torch::Tensor mean_square;                           // [width], E[x^2] a channel
  torch::Tensor mean_absolute;                         // [width], E[|x|] a channel
  torch::Tensor largest;                               // [width], max |x| a channel
  int64_t values = 0;                                  // tokens * width
};

/// site_inputs: one [samples, longest, width] a batch, padding skipped.
SiteStatistics measure_site(const Batches& batches, const BatchTensors& site_inputs, std::span<const float> percentiles,
                            const reference::Workers& workers);

/// {Quantile(1 - p), Quantile(p)} of ascending values [n], between neighbours linearly (as numpy's default).
std::pair<float, float> percentile_bounds(const torch::Tensor& ascending, float p);

/// The static clipping bounds of a site at each percentile: what measure_site reports as percentile_low and percentile_high.
std::vector<std::pair<float, float>> static_bounds(const Batches& batches, const BatchTensors& site_inputs,
                                                   std::span<const float> percentiles);

}  // namespace qvlm::calibration
