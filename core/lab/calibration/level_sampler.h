// Which (token, channel) positions of a site the entropies look at, and their coordinates on the activation quantizer's grid.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "core/lab/calibration/batch_tensors.h"
#include "core/lab/calibration/batches.h"
#include "core/lab/calibration/entropy.h"
#include "core/model/activation_quantizer.h"

namespace qvlm::calibration {

/// Positions are spread evenly over the tokens of all samples; position i takes the channel fraction frac(i * golden ratio + seed's offset).
/// At a site of width C that is channel floor(fraction * C); its partner at the next site of width C' is floor(channel * C' / C).
class LevelSampler {
 public:
  /// At most `positions` of them.
  LevelSampler(const Batches& batches, int64_t positions, uint64_t seed);

  int64_t positions() const { return static_cast<int64_t>(sample_of_.size(0)); }
  /// The calibration sample that each position belongs to. [positions], int64
  const torch::Tensor& sample_of() const { return sample_of_; }

  /// The channels at a site of this width. [positions], int64
  torch::Tensor channels(int64_t width) const;
  /// The channels at the following site that are paired with channels(previous_width). [positions], int64
  torch::Tensor paired_channels(int64_t previous_width, int64_t width) const;

  /// Coordinates of the site's inputs at the given channels. site_inputs: one [samples, longest, width] a batch. `quantizer` is active;
  /// for STATIC_TENSOR its bounds hold for all, dynamic ones take each token's (or group's) own range.
  LevelSamples take(const Batches& batches, const BatchTensors& site_inputs, const torch::Tensor& channels,
                    const ActivationQuantizer& quantizer) const;

 private:
  struct Part {  // the positions of one batch: begin .. end - 1
    int64_t begin = 0, end = 0;
    torch::Tensor rows;  // [end - begin], int64: in the flattened batch
  };
  std::vector<Part> parts_;   // one a batch
  torch::Tensor fraction_;    // [positions], float64
  torch::Tensor sample_of_;   // [positions], int64
};

}  // namespace qvlm::calibration
