// Losses of the decoder, by a chain of its layers.
#include "core/lab/quantization/veo_decoder.h"

#include <algorithm>

#include <torch/csrc/autograd/autograd.h>
#include <torch/nn/functional/loss.h>

#include "core/lab/quantization/veo_entropy.h"
#include "core/lab/reference/functions.h"
#include "core/lab/reference/tensors.h"

namespace qvlm::quantization {
namespace {

constexpr double kTiny = 1e-24;  // keeps the norm's gradient finite where nothing differs

int64_t layer_bytes(const DecoderConfig& c) {
  const int64_t width = int64_t{c.heads} * c.head_dim, kv = int64_t{c.kv_heads} * c.head_dim;
  return 4 * (int64_t{c.hidden} * (2 * width + 2 * kv + int64_t{3} * c.ffn));
}

// What autograd keeps of one layer: a dozen tensors of the width, half a dozen of the MLP's, and the attention's matrices.
int64_t graph_bytes(const DecoderConfig& c, int64_t rows, int64_t longest) {
  return 4 * rows * (int64_t{14} * c.hidden + int64_t{6} * c.ffn + int64_t{4} * c.heads * longest);
}

torch::Tensor frobenius(const torch::Tensor& x) { return (x.square().sum() + kTiny).sqrt(); }

}  // namespace

torch::Tensor weighted_dependency(const SiteView& site, const SiteView& next, int bits, double weight) {
  const SitePairs at = site_pairs(site.x.size(0), site.x.size(1), next.x.size(1), veo_positions(bits));
  const auto a = soft_levels(site.x, {site.low, site.high}, bits, at.rows, at.channels);
  const auto b = soft_levels(next.x, {next.low, next.high}, bits, at.rows, at.paired_channels);
  return dependency(a, b) * weight;
}

DecoderSource::DecoderSource(const Model& model, int64_t longest, int64_t weight_bytes)
    : model_(model),
      config_(model.config().decoder),
      ends_(reference::DecoderEnds::load(model, torch::kFloat32)),
      rotary_(reference::RotaryTable::make(config_, longest)),
      keep_(layer_bytes(config_) * config_.layers <= weight_bytes),
      kept_(static_cast<size_t>(config_.layers)) {
  for (int i = 0; i < config_.layers; ++i) {
    norms_.push_back(reference::load_tensor(model, "decoder." + std::to_string(i) + ".attention_norm.weight", torch::kFloat32));
  }
}

std::shared_ptr<const reference::DecoderLayer> DecoderSource::layer(int index) const {
  const std::lock_guard lock(mutex_);
  auto& kept = kept_[static_cast<size_t>(index)];
  if (kept) return kept;
  auto* loaded = new reference::DecoderLayer(reference::DecoderLayer::load(model_, index, torch::kFloat32));
  const std::shared_ptr<const reference::DecoderLayer> layer(loaded, [count = count_](const reference::DecoderLayer* one) {
    delete one;
    const std::lock_guard counting(count->mutex);
    --count->now;
  });
  reference::release_layer(model_, index);
  {
    const std::lock_guard counting(count_->mutex);
    count_->most = std::max(count_->most, ++count_->now);
  }
  if (keep_) kept = layer;
  return layer;
}

int DecoderSource::most_resident() const {
  const std::lock_guard counting(count_->mutex);
  return count_->most;
}

VeoDecoder::VeoDecoder(const DecoderSource& source, const ActivationQuantizer& probe, int64_t rows, int64_t longest, ActivationSpill& spill,
                       int64_t graph_budget)
    : source_(source),
      config_(source.config()),
      probe_(probe),
      // A graph holds the weights that it went through.
      recompute_(!source.keeps_layers() || graph_bytes(config_, rows, longest) * config_.layers > graph_budget),
      sites_(static_cast<size_t>(config_.layers)),
      chain_(config_.layers, recompute_, spill) {}

ChainStep VeoDecoder::run(int index, const torch::Tensor& input, const VeoBatch* batch, std::span<const double> entropy) {
  auto& sites = sites_[static_cast<size_t>(index)];
  sites.clear();
  const bool watch = !entropy.empty() || keep_sites_;
  const reference::SiteHook hook = [&](Site, const torch::Tensor& x) {
    if (watch) sites.push_back(x);
    if (keep_sites_ && x.requires_grad()) x.retain_grad();
    return x;
  };
  ChainStep step{reference::decoder_layer(config_, *source_.layer(index), input, source_.rotary(), index, hook), {}};
  if (!entropy.empty()) step.loss = site_loss(index, step.output, *batch, entropy);
  if (!keep_sites_) sites.clear();
  return step;
}

// Of the pairs that begin in this layer; the last one ends at the next layer's first site, its norm of this layer's output.
torch::Tensor VeoDecoder::site_loss(int index, const torch::Tensor& output, const VeoBatch& batch, std::span<const double> entropy) const {
  std::vector<torch::Tensor> inputs = sites_[static_cast<size_t>(index)];
  if (index + 1 < config_.layers) inputs.push_back(reference::rms_norm(output, source_.attention_norm(index + 1), config_.norm_epsilon));
  std::vector<SiteView> views;
  for (const torch::Tensor& input : inputs) {
    const auto x = batch.real(input);
    RowRanges ranges = own_ranges(x, probe_.granularity == ActivationGranularity::DYNAMIC_GROUP ? x.size(1) / probe_.group : 1);
    if (probe_.granularity == ActivationGranularity::STATIC_TENSOR) {  // the batch's own range
      ranges = {ranges.low.min().expand_as(ranges.low), ranges.high.max().expand_as(ranges.high)};
    }
    views.push_back({x, ranges.low, ranges.high});
  }
  torch::Tensor sum;
  for (size_t kind = 0; kind + 1 < views.size(); ++kind) {
    const double weight = entropy[static_cast<size_t>(index) * kSitesPerLayer + kind];
    if (weight == 0) continue;
    const auto one = weighted_dependency(views[kind], views[kind + 1], probe_.bits, weight);
    sum = sum.defined() ? sum + one : one;
  }
  return sum;
}

torch::Tensor VeoDecoder::last_hidden(const torch::Tensor& hidden) {
  const torch::NoGradGuard no_gradients;
  torch::Tensor x = hidden;
  for (int index = 0; index < config_.layers; ++index) x = run(index, x, nullptr, {}).output;
  return x;
}

VeoDecoderLosses VeoDecoder::losses(const VeoBatch& batch, const torch::Tensor& hidden, const torch::Tensor& float_last,
                                    const VeoDecoderWeights& weights, bool gradients) {
  const torch::AutoGradMode mode(gradients);
  VeoDecoderLosses result;
  torch::Tensor last;
  if (gradients) {
    last = chain_.forward(hidden, [&](int index, const torch::Tensor& x) { return run(index, x, &batch, weights.entropy); });
    result.entropy = chain_.loss();
    last.requires_grad_();
  } else {
    last = last_hidden(hidden);
  }
  const auto error = frobenius(batch.real(last) - float_last) / frobenius(float_last);
  result.hidden_error = error.item<double>();
  torch::Tensor sum = error * weights.hidden_error;
  if (batch.answers.size(0) > 0) {
    const auto answering = last.reshape({-1, last.size(2)}).index_select(0, batch.answer_rows);
    const auto token = torch::nn::functional::cross_entropy(reference::decoder_logits(config_, source_.ends(), answering), batch.answers);
    result.token = token.item<double>();
    sum = sum + token * weights.token;
  }
  if (gradients) {
    torch::autograd::backward({sum}, {});
    result.input_gradient = chain_.backward(last.grad());
  }
  return result;
}

VeoDecoder::Sensitivity VeoDecoder::sensitivity(const VeoBatch& batch, const torch::Tensor& hidden, const torch::Tensor& float_last) {
  const torch::AutoGradMode gradients(true);
  Sensitivity result;
  result.sites.assign(static_cast<size_t>(config_.layers) * kSitesPerLayer, 0);
  keep_sites_ = true;
  const auto last = chain_.forward(hidden, [&](int index, const torch::Tensor& x) { return run(index, x, &batch, {}); });
  torch::Tensor gradient = torch::zeros({batch.samples * batch.longest, last.size(2)}, torch::kFloat32);
  gradient.index_copy_(0, batch.rows, 2 * (batch.real(last) - float_last));
  result.input_gradient = chain_.backward(gradient.reshape(last.sizes()), [&](int index) {
    auto& sites = sites_[static_cast<size_t>(index)];
    for (size_t kind = 0; kind < sites.size(); ++kind) {
      const auto norms = sites[kind].grad().square().sum({1, 2}).sqrt();  // [samples]
      result.sites[static_cast<size_t>(index) * kSitesPerLayer + kind] = norms.mean().item<double>();
    }
    sites.clear();
  });
  keep_sites_ = false;
  return result;
}

}  // namespace qvlm::quantization
