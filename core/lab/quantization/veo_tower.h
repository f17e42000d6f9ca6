// The quantized tower as the optimisation trains it: weights frozen on their grids, clip bounds and norms as parameters, rounding
// straight-through.
#pragma once

#include <torch/types.h>

#include <memory>
#include <span>
#include <vector>

#include "core/lab/quantization/layer_chain.h"
#include "core/lab/quantization/quantized_vision.h"
#include "core/lab/reference/vision.h"

namespace qvlm::quantization {

class VeoTower {
 public:
  /// `tower` runs `vision`'s weights (QuantizedVision::apply). `entropy_bits`: levels that L_ent looks at where activations keep 16 bits.
  /// Where `recompute`, layers are run again backward instead of keeping their graphs.
  VeoTower(const VisionConfig& config, reference::VisionTower tower, std::vector<VisionQuantizer> activations, bool recompute, ActivationSpill& spill);

  /// log(bound / bound at the start) of each site, low and high in turn: 1 or `positions` values each. Empty at 16 bits.
  const std::vector<torch::Tensor>& clips() const { return clips_; }
  /// Weights and biases of the layers' norms.
  const std::vector<torch::Tensor>& norms() const { return norms_; }

  /// Pixels [n, 3, size, size] -> the last layer's output [n, positions, hidden], without a graph. `entropy`: weights of D(k, k + 1), one a site;
  /// empty: none. entropy_loss() is then their weighted sum.
  torch::Tensor forward(const torch::Tensor& pixels, std::span<const double> entropy);
  double entropy_loss() const { return chain_.loss(); }
  /// The gradients of clips(), then of norms(). Once for each forward().
  std::vector<torch::Tensor> backward(const torch::Tensor& output_gradient);
  /// |gradient| of every site's input: Frobenius norm within a picture, mean over pictures. [4 * layers]. Once for each forward_watched().
  std::vector<double> sensitivity(const torch::Tensor& output_gradient);
  /// forward() that sensitivity() can follow.
  torch::Tensor forward_watched(const torch::Tensor& pixels);

  /// Takes over another's parameters.
  void copy_parameters(const VeoTower& other);
  /// The parameters' values in the place of `vision`'s norms and bounds.
  void store(QuantizedVision& vision) const;

 private:
  ChainStep run(int index, const torch::Tensor& input, std::span<const double> entropy);
  std::vector<torch::Tensor> take_gradients();
  torch::Tensor quantize(Site site, const torch::Tensor& x) const;
  std::pair<torch::Tensor, torch::Tensor> bounds(int site, const torch::Tensor& x) const;

  const VisionConfig config_;
  reference::VisionTower tower_;
  std::vector<VisionQuantizer> activations_;     // as they were at the start; empty at 16 bits
  std::vector<torch::Tensor> low_, high_;        // their bounds, one a site
  std::vector<torch::Tensor> clips_, norms_;     // parameters
  bool watch_ = false;
  std::vector<std::vector<torch::Tensor>> sites_;  // [layers][4]: inputs of the sites of the last run, where watched
  LayerChain chain_;
};

}  // namespace qvlm::quantization
