// Fake-quantized forward and backward of the tower.
#include "core/lab/quantization/veo_tower.h"

#include "core/lab/quantization/veo_decoder.h"
#include "core/lab/quantization/veo_entropy.h"
#include "core/lab/reference/vision_activation.h"

namespace qvlm::quantization {
namespace {

constexpr int kProbeBits = 4;  // where activations are not quantized

torch::Tensor parameter(const torch::Tensor& x) { return x.detach().clone().requires_grad_(); }

}  // namespace

VeoTower::VeoTower(const VisionConfig& config, reference::VisionTower tower, std::vector<VisionQuantizer> activations, bool recompute, ActivationSpill& spill)
    : config_(config), tower_(std::move(tower)), activations_(std::move(activations)), chain_(config.layers, recompute, spill) {
  for (const VisionQuantizer& quantizer : activations_) {
    low_.push_back(torch::tensor(at::ArrayRef<float>(quantizer.low)));
    high_.push_back(torch::tensor(at::ArrayRef<float>(quantizer.high)));
    clips_.push_back(parameter(torch::zeros_like(low_.back())));
    clips_.push_back(parameter(torch::zeros_like(high_.back())));
  }
  for (reference::VisionLayer& layer : tower_.layers) {
    for (reference::LayerNorm* norm : {&layer.attention_norm, &layer.mlp_norm}) {
      norms_.push_back(norm->weight = parameter(norm->weight));
      norms_.push_back(norm->bias = parameter(norm->bias));
    }
  }
  sites_.resize(tower_.layers.size());
}

// The site's range for each row of x, in terms of the parameters. [n, positions, 1] or [1, positions, 1]
std::pair<torch::Tensor, torch::Tensor> VeoTower::bounds(int site, const torch::Tensor& x) const {
  if (activations_.empty()) {
    return {x.amin(-1, true).clamp_max(0), x.amax(-1, true).clamp_min(0)};
  }
  const auto i = static_cast<size_t>(site);
  const auto range = reference::vision_bounds(x, activations_[i].range, low_[i] * clips_[2 * i].exp(), high_[i] * clips_[2 * i + 1].exp());
  return {range.low, range.high};
}

torch::Tensor VeoTower::quantize(Site site, const torch::Tensor& x) const {
  if (activations_.empty()) return x;
  const auto [low, high] = bounds(site.index(), x);
  return fake_quantize(x, low, high, activations_[static_cast<size_t>(site.index())].bits);
}

ChainStep VeoTower::run(int index, const torch::Tensor& input, std::span<const double> entropy) {
  const auto& layer = tower_.layers[static_cast<size_t>(index)];
  std::vector<torch::Tensor> inputs;
  const reference::VisionHook hook = [&](Site site, const torch::Tensor& x) {
    inputs.push_back(x);
    if (watch_ && x.requires_grad()) x.retain_grad();
    return quantize(site, x);
  };
  ChainStep step{reference::vision_layer(config_, layer, input, index, hook), {}};
  if (watch_) sites_[static_cast<size_t>(index)] = inputs;
  if (entropy.empty()) return step;
  if (index + 1 < static_cast<int>(tower_.layers.size())) {
    inputs.push_back(reference::vision_norm(config_, tower_.layers[static_cast<size_t>(index) + 1].attention_norm, step.output));
  }
  std::vector<SiteView> views;
  for (size_t kind = 0; kind < inputs.size(); ++kind) {
    const torch::Tensor& x = inputs[kind];
    const auto [low, high] = bounds(index * kSitesPerLayer + static_cast<int>(kind), x);
    const std::vector<int64_t> rows{x.size(0), x.size(1), 1};
    views.push_back({x.reshape({-1, x.size(2)}), low.expand(rows).reshape({-1, 1}), high.expand(rows).reshape({-1, 1})});
  }
  const int bits = activations_.empty() ? kProbeBits : activations_.front().bits;
  for (size_t kind = 0; kind + 1 < views.size(); ++kind) {
    const double weight = entropy[static_cast<size_t>(index) * kSitesPerLayer + kind];
    if (weight == 0) continue;
    const auto one = weighted_dependency(views[kind], views[kind + 1], bits, weight);
    step.loss = step.loss.defined() ? step.loss + one : one;
  }
  return step;
}

torch::Tensor VeoTower::forward(const torch::Tensor& pixels, std::span<const double> entropy) {
  torch::Tensor embedded;
  {
    const torch::NoGradGuard no_gradients;
    embedded = reference::vision_embed(config_, tower_, pixels);
  }
  return chain_.forward(embedded, [this, entropy](int index, const torch::Tensor& x) { return run(index, x, entropy); });
}

torch::Tensor VeoTower::forward_watched(const torch::Tensor& pixels) {
  watch_ = true;
  return forward(pixels, {});
}

std::vector<torch::Tensor> VeoTower::take_gradients() {
  std::vector<torch::Tensor> gradients;
  for (auto* list : {&clips_, &norms_}) {
    for (torch::Tensor& one : *list) {
      gradients.push_back(one.grad().defined() ? one.grad() : torch::zeros_like(one));
      one.mutable_grad() = torch::Tensor();
    }
  }
  return gradients;
}

std::vector<torch::Tensor> VeoTower::backward(const torch::Tensor& output_gradient) {
  chain_.backward(output_gradient);
  return take_gradients();
}

std::vector<double> VeoTower::sensitivity(const torch::Tensor& output_gradient) {
  std::vector<double> norms(tower_.layers.size() * kSitesPerLayer, 0);
  chain_.backward(output_gradient, [&](int index) {
    auto& sites = sites_[static_cast<size_t>(index)];
    for (size_t kind = 0; kind < sites.size(); ++kind) {
      norms[static_cast<size_t>(index) * kSitesPerLayer + kind] = sites[kind].grad().square().sum({1, 2}).sqrt().mean().item<double>();
    }
    sites.clear();
  });
  watch_ = false;
  take_gradients();
  return norms;
}

void VeoTower::copy_parameters(const VeoTower& other) {
  const torch::NoGradGuard no_gradients;
  for (size_t i = 0; i < clips_.size(); ++i) clips_[i].copy_(other.clips_[i]);
  for (size_t i = 0; i < norms_.size(); ++i) norms_[i].copy_(other.norms_[i]);
}

void VeoTower::store(QuantizedVision& vision) const {
  const torch::NoGradGuard no_gradients;
  for (size_t site = 0; site < activations_.size(); ++site) {
    const auto low = (low_[site] * clips_[2 * site].exp()).contiguous(), high = (high_[site] * clips_[2 * site + 1].exp()).contiguous();
    vision.activations[site].low.assign(low.data_ptr<float>(), low.data_ptr<float>() + low.numel());
    vision.activations[site].high.assign(high.data_ptr<float>(), high.data_ptr<float>() + high.numel());
  }
  for (size_t i = 0; i < tower_.layers.size(); ++i) {
    const reference::VisionLayer& layer = tower_.layers[i];
    for (const auto& [suffix, norm] : {std::pair{"attention_norm", &layer.attention_norm}, {"mlp_norm", &layer.mlp_norm}}) {
      vision.vectors[vision_name(static_cast<int>(i), suffix) + ".weight"] = norm->weight.detach().clone();
      vision.vectors[vision_name(static_cast<int>(i), suffix) + ".bias"] = norm->bias.detach().clone();
    }
  }
}

}  // namespace qvlm::quantization
