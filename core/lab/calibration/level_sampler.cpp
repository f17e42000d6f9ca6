// Sampled positions and their coordinates on a quantizer's grid.
#include "core/lab/calibration/level_sampler.h"

#include <cmath>

#include "core/base/error.h"

namespace qvlm::calibration {
namespace {

// Step s and zero z of ranges, as core/model/activation_quantizer.h. [positions] or [1] each
struct Grid {
  torch::Tensor step, zero;
};

Grid grid_of(const torch::Tensor& low, const torch::Tensor& high, int bits) {
  const double top = static_cast<double>((1 << bits) - 1);
  const auto lo = low.clamp_max(0), hi = high.clamp_min(0);
  const auto step = ((hi - lo) / top).clamp_min(1e-8);
  return {step, torch::round(-lo / step).clamp(0, top)};
}

}  // namespace

LevelSampler::LevelSampler(const Batches& batches, int64_t positions, uint64_t seed) {
  const int64_t count = std::max<int64_t>(positions, 1);
  const double golden = (std::sqrt(5.0) - 1) / 2;
  const double offset = std::fmod(static_cast<double>(seed % 1000003) * golden, 1.0);
  std::vector<double> fraction(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    fraction[static_cast<size_t>(i)] = std::fmod(static_cast<double>(i) * golden + offset, 1.0);
  }
  fraction_ = torch::tensor(fraction, torch::kFloat64);

  std::vector<int64_t> sample_of;
  sample_of.reserve(static_cast<size_t>(count));
  int64_t first_token = 0, position = 0;
  for (const Batch& batch : batches.all) {
    std::vector<int> sample_of_row;
    for (int64_t i = 0; i < batch.size(); ++i) {
      sample_of_row.insert(sample_of_row.end(), static_cast<size_t>(batch.lengths[static_cast<size_t>(i)]),
                           batch.samples[static_cast<size_t>(i)]);
    }
    Part part;
    part.begin = position;
    std::vector<int64_t> token;
    // Position i stands at token floor(i * tokens / count).
    for (; position < count && position * batches.tokens / count < first_token + batch.tokens(); ++position) {
      token.push_back(position * batches.tokens / count - first_token);
      sample_of.push_back(sample_of_row[static_cast<size_t>(token.back())]);
    }
    part.end = position;
    part.rows = batch.rows.index_select(0, torch::tensor(token, torch::kInt64));
    parts_.push_back(std::move(part));
    first_token += batch.tokens();
  }
  sample_of_ = torch::tensor(sample_of, torch::kInt64);
}

torch::Tensor LevelSampler::channels(int64_t width) const {
  return (fraction_ * static_cast<double>(width)).floor().clamp(0, static_cast<double>(width - 1)).to(torch::kInt64);
}

torch::Tensor LevelSampler::paired_channels(int64_t previous_width, int64_t width) const {
  return torch::floor_divide(channels(previous_width) * width, previous_width);
}

LevelSamples LevelSampler::take(const Batches& batches, const BatchTensors& site_inputs,
                                const torch::Tensor& channels, const ActivationQuantizer& quantizer) const {
  if (!quantizer.active()) throw Error("entropy: the probe has no quantizer");
  std::vector<torch::Tensor> coordinates, steps;
  for (size_t b = 0; b < batches.all.size(); ++b) {
    const Part& part = parts_[b];
    if (part.begin == part.end) continue;
    const torch::Tensor x = site_inputs[b].reshape({-1, site_inputs.width()});  // [rows, width], padding included
    const torch::Tensor channel = channels.narrow(0, part.begin, part.end - part.begin);
    const torch::Tensor value = x.reshape({-1}).index_select(0, part.rows * x.size(1) + channel);  // [positions]
    Grid grid;  // of each position, or one for all
    switch (quantizer.granularity) {
      case ActivationGranularity::STATIC_TENSOR:
        grid = grid_of(torch::full({1}, quantizer.low), torch::full({1}, quantizer.high), quantizer.bits);
        break;
      case ActivationGranularity::DYNAMIC_GROUP: {
        const auto groups = x.reshape({x.size(0), -1, quantizer.group});
        const auto index = part.rows * groups.size(1) + torch::floor_divide(channel, quantizer.group);
        grid = grid_of((groups.amin(2) * quantizer.clip).reshape({-1}).index_select(0, index),
                       (groups.amax(2) * quantizer.clip).reshape({-1}).index_select(0, index), quantizer.bits);
        break;
      }
      case ActivationGranularity::DYNAMIC_TOKEN:
      case ActivationGranularity::NONE:
        grid = grid_of((x.amin(1) * quantizer.clip).index_select(0, part.rows), (x.amax(1) * quantizer.clip).index_select(0, part.rows),
                       quantizer.bits);
        break;
    }
    coordinates.push_back(value / grid.step + grid.zero);
    steps.push_back(grid.step.expand_as(value));
  }
  return {torch::cat(coordinates), torch::cat(steps)};
}

}  // namespace qvlm::calibration
