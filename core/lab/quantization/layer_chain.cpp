// Checkpointed backward.
#include "core/lab/quantization/layer_chain.h"

#include <torch/csrc/autograd/autograd.h>

namespace qvlm::quantization {
namespace {

torch::Tensor leaf(const torch::Tensor& x) { return x.detach().requires_grad_(); }

}  // namespace

void LayerChain::clear() {
  for (const int64_t number : inputs_) spill_.drop(number);
  inputs_.clear();
  kept_.clear();
}

torch::Tensor LayerChain::forward(const torch::Tensor& input, Run run) {
  clear();
  run_ = std::move(run);
  loss_ = 0;
  torch::Tensor x = input.detach();
  const bool differentiated = at::GradMode::is_enabled();
  for (int layer = 0; layer < layers_; ++layer) {
    const torch::AutoGradMode gradients(differentiated && !recompute_);
    ChainStep step;
    if (!differentiated || recompute_) {
      if (differentiated) inputs_.push_back(spill_.put(x));
      step = run_(layer, x);
    } else {
      kept_.push_back({leaf(x), {}});
      step = kept_.back().step = run_(layer, kept_.back().input);
    }
    if (step.loss.defined()) loss_ += step.loss.item<double>();
    x = step.output.detach();
  }
  return x;
}

torch::Tensor LayerChain::backward(const torch::Tensor& output_gradient, const std::function<void(int)>& behind_layer) {
  const torch::AutoGradMode gradients(true);
  torch::Tensor gradient = output_gradient;
  for (int layer = layers_ - 1; layer >= 0; --layer) {
    Kept kept;
    if (recompute_) {
      kept.input = leaf(spill_.get(inputs_.back()));
      kept.step = run_(layer, kept.input);
      spill_.drop(inputs_.back());
      inputs_.pop_back();
    } else {
      kept = std::move(kept_.back());
      kept_.pop_back();
    }
    std::vector<torch::Tensor> roots{kept.step.output}, seeds{gradient};
    if (kept.step.loss.defined() && kept.step.loss.requires_grad()) {
      roots.push_back(kept.step.loss);
      seeds.push_back(torch::ones_like(kept.step.loss));
    }
    torch::autograd::backward(roots, seeds);
    gradient = kept.input.grad();
    if (behind_layer) behind_layer(layer);
  }
  return gradient;
}

}  // namespace qvlm::quantization
