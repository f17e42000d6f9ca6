// Learned online transforms in FlatQuant's manner (arXiv 2410.09426; algorithms.md 3.2, 3.3): each site's input goes through an invertible
// Kronecker product whose inverse the linears hold, so that inputs and weights round better; learned layer by layer, before any method rounds.
#pragma once

#include <memory>

#include "core/lab/quantization/methods/weight_method.h"

namespace qvlm::quantization {

struct TransformTraining {
  int epochs = 6;            // passes over the calibration batches
  bool clip_weights = true;  // learn clip bounds of the weights' groups; of use to methods that round between the groups' own bounds
  uint64_t seed = 0;         // orders the batches
};

struct LearnedTransforms {
  PreparedLayer prepared;
  /// |layer_q(x) - layer(x)|^2 / |layer(x)|^2 over all calibration tokens, weights and inputs rounded to nearest: without transforms, with
  /// those that training began with, and with those that stay.
  double plain_loss = 0, start_loss = 0, loss = 0;
};

/// x' = (d x) (P1 (x) P2) before each site's linears, W' = (W / d) (P1^-T (x) P2^-T); P1, P2 as InvertibleMatrix. The channel scales d fold
/// into the norms and, before mlp.down, into up's rows; before attention.output there are none. Besides, sigmoids of logits clip the
/// dynamic (or static) range of every site's input and, with clip_weights, the bounds of every weight group.
/// Start: P the identity or Hadamard, d = 1, SmoothQuant's scales (alpha 0.3, 0.5) or those that even out the channels' energies, whichever
/// loses least on the search's batches. Then Adam, rates falling by a cosine, one batch a step, straight-through rounding, on the float path's
/// inputs as in the published code. Of four batches or more every fourth is held out, and the epoch that is best there is taken. What is worse
/// than the start over all batches is not taken. Deterministic.
LearnedTransforms learn_transforms(const reference::DecoderLayer& layer, const LayerCalibration& calibration, const TransformTraining& training);

/// A weight method behind learned transforms.
class WithLearnedTransforms : public WeightMethod {
 public:
  WithLearnedTransforms(std::unique_ptr<WeightMethod> method, TransformTraining training) : method_(std::move(method)), training_(training) {}

  PreparedLayer prepare(const reference::DecoderLayer& layer, const LayerCalibration& calibration) const override;
  std::vector<RoundedSite> round(const PreparedLayer& prepared, const SiteInputs& inputs, std::span<const float> percentiles) const override;
  bool couples_sites() const override { return true; }  // all of a layer is learned together
  bool needs_quantized_inputs() const override { return method_->needs_quantized_inputs(); }

 private:
  std::unique_ptr<WeightMethod> method_;
  TransformTraining training_;
};

}  // namespace qvlm::quantization
