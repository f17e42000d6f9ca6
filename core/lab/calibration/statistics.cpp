// Site statistics, batch by batch.
#include "core/lab/calibration/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace qvlm::calibration {
namespace {

std::pair<float, float> extremes(const Batches& batches, const BatchTensors& site_inputs) {
  float minimum = std::numeric_limits<float>::infinity(), maximum = -minimum;
  for (size_t b = 0; b < batches.all.size(); ++b) {
    const auto x = real_rows(batches.all[b], site_inputs[b]);
    minimum = std::min(minimum, x.min().item<float>());
    maximum = std::max(maximum, x.max().item<float>());
  }
  return {minimum, maximum};
}

// Every stride-th value of the real rows, ascending.
torch::Tensor ascending_values(const Batches& batches, const BatchTensors& site_inputs) {
  const int64_t total = batches.tokens * site_inputs.width();
  // An odd stride walks through all channels even where the width is a power of two.
  const int64_t stride = total <= kPercentileValues ? 1 : (total / kPercentileValues + 1) | 1;
  std::vector<torch::Tensor> parts;
  int64_t offset = 0;
  for (size_t b = 0; b < batches.all.size(); ++b) {
    const auto flat = real_rows(batches.all[b], site_inputs[b]).reshape({-1});
    if (offset < flat.size(0)) parts.push_back(flat.slice(0, offset, flat.size(0), stride));
    const int64_t taken = offset < flat.size(0) ? (flat.size(0) - offset + stride - 1) / stride : 0;
    offset = offset + taken * stride - flat.size(0);
  }
  return std::get<0>(torch::cat(parts).sort());
}

}  // namespace

std::pair<float, float> percentile_bounds(const torch::Tensor& ascending, float p) {
  const auto values = ascending.contiguous();
  const float* data = values.data_ptr<float>();
  const int64_t n = values.size(0);
  const auto at = [data, n](double position) {
    const int64_t index = std::min<int64_t>(static_cast<int64_t>(position), n - 1);
    const int64_t next = std::min<int64_t>(index + 1, n - 1);
    return static_cast<float>(data[index] + (position - static_cast<double>(index)) * (static_cast<double>(data[next]) - data[index]));
  };
  const double position = static_cast<double>(p) * static_cast<double>(n - 1);
  return {at(static_cast<double>(n - 1) - position), at(position)};
}

std::vector<std::pair<float, float>> static_bounds(const Batches& batches, const BatchTensors& site_inputs,
                                                   std::span<const float> percentiles) {
  torch::Tensor ascending;
  std::vector<std::pair<float, float>> bounds;
  for (const float p : percentiles) {
    if (p >= 1) {
      bounds.push_back(extremes(batches, site_inputs));
    } else {
      if (!ascending.defined()) ascending = ascending_values(batches, site_inputs);
      bounds.push_back(percentile_bounds(ascending, p));
    }
  }
  return bounds;
}

SiteStatistics measure_site(const Batches& batches, const BatchTensors& site_inputs, std::span<const float> percentiles,
                            const reference::Workers& workers) {
  SiteStatistics statistics;
  std::tie(statistics.minimum, statistics.maximum) = extremes(batches, site_inputs);
  const int64_t width = site_inputs.width();
  const auto size = static_cast<double>(batches.tokens);
  // Constant, or not finite, which the search names: no bins.
  const bool constant = !(statistics.maximum > statistics.minimum) || !std::isfinite(statistics.maximum - statistics.minimum);
  struct Sums {
    torch::Tensor square, absolute, histogram;  // [width], [width], [bins], float64
    torch::Tensor largest;                      // [width], float32
  };
  std::vector<Sums> sums(batches.all.size());
  torch::Tensor ascending;
  // The sort is the longest piece of work: it comes first.
  workers.run(sums.size() + 1, [&](size_t piece) {
    if (piece == 0) {
      ascending = ascending_values(batches, site_inputs);
      return;
    }
    const size_t b = piece - 1;
    const auto x = real_rows(batches.all[b], site_inputs[b]);  // [tokens, width]
    const auto magnitudes = x.abs();
    sums[b] = {x.square().sum(0).to(torch::kFloat64), magnitudes.sum(0).to(torch::kFloat64), {}, magnitudes.amax(0)};
    if (!constant) sums[b].histogram = torch::histc(x, kHistogramBins, statistics.minimum, statistics.maximum).to(torch::kFloat64);
  });
  auto square = torch::zeros({width}, torch::kFloat64), absolute = torch::zeros({width}, torch::kFloat64);
  auto histogram = torch::zeros({kHistogramBins}, torch::kFloat64);
  for (const Sums& of_batch : sums) {
    square += of_batch.square;
    absolute += of_batch.absolute;
    statistics.largest = statistics.largest.defined() ? torch::maximum(statistics.largest, of_batch.largest) : of_batch.largest;
    if (!constant) histogram += of_batch.histogram;
  }
  statistics.mean_square = (square / size).to(torch::kFloat32);
  statistics.mean_absolute = (absolute / size).to(torch::kFloat32);
  for (int bin = 0; bin < kHistogramBins; ++bin) statistics.histogram.push_back(static_cast<int64_t>(histogram[bin].item<double>()));
  statistics.values = batches.tokens * width;
  if (constant) statistics.histogram.front() = statistics.values;
  for (const float p : percentiles) {
    const auto [low, high] = p >= 1 ? std::pair(statistics.minimum, statistics.maximum) : percentile_bounds(ascending, p);
    statistics.percentile_low.push_back(low);
    statistics.percentile_high.push_back(high);
  }
  return statistics;
}

}  // namespace qvlm::calibration
