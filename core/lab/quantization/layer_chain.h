// A chain of layers run forward and backward with the graph of one layer alive at a time: layer inputs are kept (or spilled) and each
// layer is run again in reverse (gradient checkpointing, Chen et al. 2016). Where memory allows, the graphs are kept instead.
#pragma once

#include <torch/types.h>

#include <functional>
#include <vector>

#include "core/lab/calibration/activation_spill.h"

namespace qvlm::quantization {

using calibration::ActivationSpill;

/// What one layer gives: its output, and a scalar that is added to the loss (undefined: none).
struct ChainStep {
  torch::Tensor output, loss;
};

class LayerChain {
 public:
  /// `run` computes layer 0 .. layers - 1; called once a layer, or with `recompute` once forward (without gradients) and once backward.
  using Run = std::function<ChainStep(int layer, const torch::Tensor& input)>;
  LayerChain(int layers, bool recompute, ActivationSpill& spill) : layers_(layers), recompute_(recompute), spill_(spill) {}
  ~LayerChain() { clear(); }
  LayerChain(const LayerChain&) = delete;
  LayerChain& operator=(const LayerChain&) = delete;

  /// The last layer's output, without a graph; loss() is then the sum of the layers' own losses. What backward() needs is kept unless
  /// gradients are switched off (torch::NoGradGuard).
  torch::Tensor forward(const torch::Tensor& input, Run run);
  double loss() const { return loss_; }

  /// Of <output_gradient, output> + the layers' own losses: adds to the .grad of every leaf that `run` used, and returns the gradient of the
  /// input. Once for each forward(). `behind_layer` is called when a layer's gradients are complete.
  torch::Tensor backward(const torch::Tensor& output_gradient, const std::function<void(int layer)>& behind_layer = {});

 private:
  struct Kept {
    torch::Tensor input;  // a leaf
    ChainStep step;
  };
  void clear();

  int layers_;
  bool recompute_;
  ActivationSpill& spill_;
  Run run_;
  std::vector<int64_t> inputs_;  // numbers in the spill
  std::vector<Kept> kept_;
  double loss_ = 0;
};

}  // namespace qvlm::quantization
