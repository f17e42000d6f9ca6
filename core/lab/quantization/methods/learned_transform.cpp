// What is learned of a layer, its training, and the decorator.
#include "core/lab/quantization/methods/learned_transform.h"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

#include "core/lab/quantization/methods/fake_quantize.h"
#include "core/lab/quantization/methods/smoothquant.h"
#include "core/lab/quantization/transforms/invertible.h"
#include "core/model/kronecker.h"

namespace qvlm::quantization {
namespace {

using reference::DecoderLayer;
using reference::LayerState;
using reference::SiteTransform;
using torch::Tensor;

constexpr double kTransformRate = 1e-2, kClipRate = 5e-2;  // Adam's first step sizes
constexpr double kClipLogit = 4;                           // sigmoid: 0.982
constexpr double kAlphas[] = {0, 0.3, 0.5};                // of the channel scales that training may begin with; 0: none
constexpr size_t kParts = 2;                               // of a batch, computed side by side

constexpr SiteKind kKinds[] = {SiteKind::ATTENTION_INPUT, SiteKind::OUTPUT_INPUT, SiteKind::MLP_INPUT, SiteKind::DOWN_INPUT};

size_t index_of(SiteKind kind) { return static_cast<size_t>(kind); }

// What is learned of one site.
struct SiteParameters {
  InvertibleMatrix left, right;
  Tensor channels;  // log d, [width]; undefined before attention.output
  Tensor clip;      // logit, [1]: of the site's activations; undefined where they are not rounded
  std::map<std::string, std::pair<Tensor, Tensor>> bounds;  // logits by linear, [rows * groups] each; empty: weights are not clipped
};

using Parameters = std::array<SiteParameters, kSitesPerLayer>;

SiteTransform inverse_transposed(const InvertibleMatrix::Pair& left, const InvertibleMatrix::Pair& right) {
  return {left.inverse_transposed, right.inverse_transposed};
}

// W / d, with the inverse of the transform: [rows, columns].
Tensor fold_columns(const Tensor& weight, const Tensor& channels, const SiteTransform& inverse) {
  const auto scaled = channels.defined() ? weight * (-channels).exp() : weight;
  const int64_t m = inverse.left.size(0), n = inverse.right.size(0);
  const auto behind = torch::mm(scaled.reshape({-1, n}), inverse.right).view({-1, m, n});
  return torch::matmul(inverse.left.t().expand({behind.size(0), m, m}), behind).reshape(weight.sizes());
}

// The layer of the same function behind the transforms, in the parameters' type. Differentiable.
DecoderLayer fold(const DecoderLayer& layer, const Parameters& parameters) {
  DecoderLayer folded = layer;
  const Tensor& middle = parameters[index_of(SiteKind::DOWN_INPUT)].channels;
  folded.attention_norm = layer.attention_norm * parameters[index_of(SiteKind::ATTENTION_INPUT)].channels.exp();
  folded.mlp_norm = layer.mlp_norm * parameters[index_of(SiteKind::MLP_INPUT)].channels.exp();
  folded.up = layer.up * middle.exp().unsqueeze(1);
  for (const SiteKind kind : kKinds) {
    const SiteParameters& site = parameters[index_of(kind)];
    const auto left = site.left.matrices(), right = site.right.matrices();
    folded.transforms[index_of(kind)] = {left.matrix, right.matrix};
    for (const auto suffix : linears_of(kind)) {
      folded.linear(suffix) = fold_columns(folded.linear(suffix), site.channels, inverse_transposed(left, right));
    }
  }
  return folded;
}

struct Adam {
  Tensor* parameter;
  double rate;
  Tensor first, second;

  void step(const Tensor& gradient, int number, double share) {
    constexpr double kBeta1 = 0.9, kBeta2 = 0.999;
    first.mul_(kBeta1).add_(gradient, 1 - kBeta1);
    second.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
    const double correction1 = 1 - std::pow(kBeta1, number), correction2 = 1 - std::pow(kBeta2, number);
    parameter->addcdiv_(first, (second / correction2).sqrt_().add_(1e-8), -rate * share / correction1);
  }
};

class Learning {
 public:
  Learning(const DecoderLayer& layer, const LayerCalibration& calibration, const TransformTraining& training)
      : c_(calibration), layer_(layer), training_(training) {
    for (auto& of_site : largest_) of_site.resize(c_.hidden.size());
    targets_.resize(c_.hidden.size());
    std::vector<double> energies(c_.hidden.size());
    share(c_.hidden.size(), [&](size_t b) {
      LayerState state = reference::enter_layer(c_.config, layer_, c_.hidden[b]);
      for (const SiteKind kind : kKinds) {
        largest_[index_of(kind)][b] = calibration::real_rows(c_.batches.all[b], state.site_input).abs().amax(0);
        state = reference::advance(c_.config, layer_, kind, state, c_.rotary);
      }
      targets_[b] = state.residual;
      energies[b] = weighted_error(c_.weights_of(SiteKind::DOWN_INPUT, b), targets_[b], torch::zeros({1}));
    });
    for (const double energy : energies) energy_ += energy;
    energy_ = std::max(energy_, 1e-30);
  }

  LearnedTransforms run() {
    LearnedTransforms result;
    const size_t all = c_.hidden.size();
    result.plain_loss = loss(round_weights(layer_, nullptr), ones(), all);
    parameters_ = best_start();
    const Parameters start = copy_of(parameters_);
    result.start_loss = loss_now(all);
    train();
    result.loss = loss_now(all);
    if (!(result.loss <= result.start_loss)) {  // or not a number
      parameters_ = start;
      result.loss = result.start_loss;
    }
    result.prepared = prepared();
    return result;
  }

 private:
  void share(size_t parts, const std::function<void(size_t)>& work) const {
    if (c_.workers != nullptr) {
      c_.workers->run(parts, work);
    } else {
      for (size_t part = 0; part < parts; ++part) work(part);
    }
  }

  const WeightGrid& grid_of(SiteKind kind) const { return c_.grids[index_of(kind)]; }
  int64_t group_of(SiteKind kind, int64_t columns) const { return grid_of(kind).group == 0 ? columns : grid_of(kind).group; }

  Parameters start(bool hadamard, double alpha) const {
    Parameters parameters;
    for (const SiteKind kind : kKinds) {
      SiteParameters& site = parameters[index_of(kind)];
      const int64_t width = width_of(c_.config, kind);
      const KroneckerShape shape = kronecker_shape(width);
      site.left = InvertibleMatrix::make(shape.left, hadamard);
      site.right = InvertibleMatrix::make(shape.right, hadamard);
      if (kind != SiteKind::OUTPUT_INPUT) site.channels = alpha > 0 ? smoothing(kind, alpha) : torch::zeros({width});
      if (c_.quantizer.active()) site.clip = torch::full({1}, kClipLogit);
      if (!training_.clip_weights) continue;
      for (const auto suffix : linears_of(kind)) {
        const Tensor& weight = layer_.linear(suffix);
        const int64_t count = weight.numel() / group_of(kind, width);
        site.bounds.emplace(suffix, std::pair(torch::full({count}, kClipLogit), torch::full({count}, kClipLogit)));
      }
    }
    return parameters;
  }

  // log d of the scales that SmoothQuant divides inputs by, less their mean.
  Tensor smoothing(SiteKind kind, double alpha) const {
    std::vector<Tensor> weights;
    for (const auto suffix : linears_of(kind)) weights.push_back(layer_.linear(suffix).abs().amax(0));
    const auto channels = -smooth_scales(torch::stack(largest_[index_of(kind)]).amax(0), torch::stack(weights).amax(0), alpha).log();
    return channels - channels.mean();
  }

  Parameters best_start() {
    Parameters best;
    double least = INFINITY;
    for (const bool hadamard : {true, false}) {
      for (const double alpha : kAlphas) {
        if (c_.poll) c_.poll();
        parameters_ = start(hadamard, alpha);
        const double value = loss_now(std::max<size_t>(1, c_.batches.search_batches));
        if (value < least || !best[0].left.start.defined()) {
          least = value;
          best = parameters_;
        }
      }
    }
    return best;
  }

  static Parameters copy_of(const Parameters& parameters) {
    Parameters copy = parameters;
    for (Tensor* tensor : tensors_of(copy)) *tensor = tensor->clone();
    return copy;
  }

  // Those with the small step first: as many as returned by transform_count().
  static std::vector<Tensor*> tensors_of(Parameters& parameters) {
    std::vector<Tensor*> tensors;
    for (SiteParameters& site : parameters) {
      for (InvertibleMatrix* matrix : {&site.left, &site.right}) {
        for (Tensor* tensor : matrix->parameters()) tensors.push_back(tensor);
      }
      if (site.channels.defined()) tensors.push_back(&site.channels);
    }
    for (Tensor* tensor : clips_of(parameters)) tensors.push_back(tensor);
    return tensors;
  }
  static std::vector<Tensor*> clips_of(Parameters& parameters) {
    std::vector<Tensor*> tensors;
    for (SiteParameters& site : parameters) {
      if (site.clip.defined()) tensors.push_back(&site.clip);
      for (auto& [suffix, logits] : site.bounds) tensors.insert(tensors.end(), {&logits.first, &logits.second});
    }
    return tensors;
  }

  // The layer with its linears rounded, clipped by the parameters' logits (null: not at all).
  DecoderLayer round_weights(const DecoderLayer& layer, const Parameters* parameters) const {
    DecoderLayer rounded = layer;
    for (const SiteKind kind : kKinds) {
      for (const auto suffix : linears_of(kind)) {
        const Tensor& weight = layer.linear(suffix);
        Tensor low, high;
        if (parameters != nullptr) {
          const auto& bounds = (*parameters)[index_of(kind)].bounds;
          if (const auto found = bounds.find(std::string(suffix)); found != bounds.end()) {
            low = found->second.first.sigmoid();
            high = found->second.second.sigmoid();
          }
        }
        const auto groups = weight.reshape({-1, group_of(kind, weight.size(1))});
        rounded.linear(suffix) = fake_quantize(groups, low, high, {grid_of(kind).bits, grid_of(kind).symmetric}).reshape(weight.sizes());
      }
    }
    return rounded;
  }

  static Tensor ones() { return torch::ones({kSitesPerLayer}); }
  // The sites' activation clips. [4]
  Tensor clips() const {
    if (!c_.quantizer.active()) return ones();
    std::vector<Tensor> all;
    for (const SiteParameters& site : parameters_) all.push_back(site.clip.sigmoid());
    return torch::cat(all);
  }

  // The site's input as it is going to be rounded; a static range is taken from the batch itself.
  Tensor round_input(const Tensor& x, const Tensor& clip) const {
    const ActivationQuantizer& q = c_.quantizer;
    if (!q.active()) return x;
    int64_t group = x.size(-1);
    if (q.granularity == ActivationGranularity::DYNAMIC_GROUP) group = q.group;
    if (q.granularity == ActivationGranularity::STATIC_TENSOR) group = x.numel();
    const auto rows = x.reshape({-1, group});
    const auto factors = clip.expand({rows.size(0)});
    return fake_quantize(rows, factors, factors, {q.bits, false}).reshape(x.sizes());
  }

  // Sum over the tokens of samples first .. first + count - 1 of a batch.
  Tensor error(const DecoderLayer& rounded, const Tensor& clips, size_t batch, int64_t first, int64_t count) const {
    LayerState state = reference::enter_layer(c_.config, rounded, c_.hidden[batch].narrow(0, first, count));
    for (const SiteKind kind : kKinds) {
      state.site_input = round_input(state.site_input, clips.narrow(0, static_cast<int64_t>(kind), 1));
      state = reference::advance(c_.config, rounded, kind, state, c_.rotary);
    }
    const auto of_token = (state.residual - targets_[batch].narrow(0, first, count)).square().sum(-1);
    return (of_token * c_.weights_of(SiteKind::DOWN_INPUT, batch).narrow(0, first, count)).sum();
  }

  // Relative, over the first `batches` batches (as a share of all batches' energy).
  double loss(const DecoderLayer& rounded, const Tensor& clips, size_t batches) const {
    std::vector<double> errors(batches);
    share(batches, [&](size_t b) { errors[b] = error(rounded, clips, b, 0, c_.hidden[b].size(0)).item<double>(); });
    double sum = 0;
    for (const double one : errors) sum += one;
    return sum / energy_;
  }
  double loss_now(size_t batches) const { return loss(round_weights(fold(layer_, parameters_), &parameters_), clips(), batches); }

  void train() {
    std::vector<Adam> optimisers;
    const auto tensors = tensors_of(parameters_);
    const size_t transforms = tensors.size() - clips_of(parameters_).size();
    for (Tensor* tensor : tensors) {
      *tensor = tensor->clone().requires_grad_();
      optimisers.push_back({tensor, optimisers.size() < transforms ? kTransformRate : kClipRate, torch::zeros_like(*tensor), torch::zeros_like(*tensor)});
    }
    std::vector<size_t> order(c_.hidden.size());
    for (size_t b = 0; b < order.size(); ++b) order[b] = b;
    std::mt19937_64 random(training_.seed);
    const int steps = training_.epochs * static_cast<int>(order.size());
    int done = 0;
    for (int epoch = 0; epoch < training_.epochs; ++epoch) {
      for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);  // std::shuffle is not the same everywhere
      for (const size_t batch : order) {
        if (c_.poll) c_.poll();
        const double share_of_rate = 0.5 * (1 + std::cos(std::numbers::pi * done / steps));
        const auto gradients = gradients_on(batch, tensors);
        ++done;
        for (size_t i = 0; i < tensors.size(); ++i) {
          if (gradients[i].defined()) optimisers[i].step(gradients[i], done, share_of_rate);
        }
      }
    }
    for (Tensor* tensor : tensors) tensor->set_requires_grad(false);
  }

  // Everything that the layer's forward reads and that depends on parameters.
  static std::vector<Tensor*> read_by_forward(DecoderLayer& layer, Tensor& clips) {
    std::vector<Tensor*> tensors{&clips, &layer.attention_norm, &layer.mlp_norm};
    for (const SiteKind kind : kKinds) {
      for (const auto suffix : linears_of(kind)) tensors.push_back(&layer.linear(suffix));
      tensors.insert(tensors.end(), {&layer.transforms[index_of(kind)].left, &layer.transforms[index_of(kind)].right});
    }
    return tensors;
  }

  // Of the batch's relative error by every tensor. In two stages, so that the parts of the batch share one rounding of the weights.
  std::vector<Tensor> gradients_on(size_t batch, const std::vector<Tensor*>& tensors) const {
    const torch::AutoGradMode with_gradients(true);
    DecoderLayer rounded = round_weights(fold(layer_, parameters_), &parameters_);
    Tensor clip = clips();
    std::vector<Tensor> results, leaves;
    for (Tensor* tensor : read_by_forward(rounded, clip)) {
      results.push_back(*tensor);
      *tensor = tensor->detach().requires_grad_();
      leaves.push_back(*tensor);
    }
    const auto samples = static_cast<size_t>(c_.hidden[batch].size(0)), parts = std::min(kParts, samples);
    std::vector<std::vector<Tensor>> of_part(parts);
    const double scale = static_cast<double>(c_.hidden.size()) / energy_;
    share(parts, [&](size_t part) {
      const size_t first = samples * part / parts, end = samples * (part + 1) / parts;
      const auto value = error(rounded, clip, batch, static_cast<int64_t>(first), static_cast<int64_t>(end - first)) * scale;
      of_part[part] = torch::autograd::grad({value}, leaves, {}, {}, false, /*allow_unused=*/true);
    });
    std::vector<Tensor> outputs, seeds;
    for (size_t i = 0; i < leaves.size(); ++i) {
      if (!of_part[0][i].defined() || !results[i].requires_grad()) continue;
      Tensor sum = of_part[0][i];
      for (size_t part = 1; part < parts; ++part) sum = sum + of_part[part][i];
      outputs.push_back(results[i]);
      seeds.push_back(sum);
    }
    std::vector<Tensor> inputs;
    for (const Tensor* tensor : tensors) inputs.push_back(*tensor);
    return torch::autograd::grad(outputs, inputs, seeds, {}, false, /*allow_unused=*/true);
  }

  // The layer as it is quantized, folded in double: rounding to float32 is all that its function loses.
  PreparedLayer prepared() const {
    Parameters wide = parameters_;
    for (SiteParameters& site : wide) {
      site.left = site.left.in_double();
      site.right = site.right.in_double();
      if (site.channels.defined()) site.channels = site.channels.to(torch::kFloat64);
    }
    DecoderLayer layer = layer_;
    Tensor none;
    for (Tensor* tensor : read_by_forward(layer, none)) {
      if (tensor->defined()) *tensor = tensor->to(torch::kFloat64);
    }
    PreparedLayer result;
    result.folded = true;
    result.layer = fold(layer, wide);
    for (Tensor* tensor : read_by_forward(result.layer, none)) {
      if (tensor->defined()) *tensor = tensor->to(torch::kFloat32).contiguous();
    }
    for (const SiteKind kind : kKinds) {
      const SiteParameters& site = parameters_[index_of(kind)];
      if (site.clip.defined()) result.clips[index_of(kind)] = site.clip.sigmoid().item<float>();
      for (const auto& [suffix, logits] : site.bounds) {
        result.to_round[suffix] = clamped(result.layer.linear(suffix), kind, logits.first.sigmoid(), logits.second.sigmoid());
      }
    }
    return result;
  }

  // The weight with each group inside its learned bounds, between which rounding to nearest then finds its grid.
  Tensor clamped(const Tensor& weight, SiteKind kind, const Tensor& low, const Tensor& high) const {
    const auto groups = weight.reshape({-1, group_of(kind, weight.size(1))});
    auto lo = groups.amin(1), hi = groups.amax(1);
    if (grid_of(kind).symmetric) {
      hi = torch::maximum((lo * low).abs(), (hi * high).abs());
      lo = -hi;
    } else {
      lo = lo.clamp_max(0) * low;
      hi = hi.clamp_min(0) * high;
    }
    return torch::minimum(torch::maximum(groups, lo.unsqueeze(1)), hi.unsqueeze(1)).reshape(weight.sizes());
  }

  const LayerCalibration& c_;
  const DecoderLayer& layer_;
  TransformTraining training_;
  std::array<std::vector<Tensor>, kSitesPerLayer> largest_;  // max |x| a channel, by site and batch
  std::vector<Tensor> targets_;                              // one a batch: the float layer's output
  double energy_ = 0;                                        // of the targets
  Parameters parameters_;
};

}  // namespace

LearnedTransforms learn_transforms(const DecoderLayer& layer, const LayerCalibration& calibration, const TransformTraining& training) {
  const torch::NoGradGuard no_gradients;
  return Learning(layer, calibration, training).run();
}

PreparedLayer WithLearnedTransforms::prepare(const DecoderLayer& layer, const LayerCalibration& calibration) const {
  return learn_transforms(layer, calibration, training_).prepared;
}

std::vector<RoundedSite> WithLearnedTransforms::round(const PreparedLayer& prepared, const SiteInputs& inputs,
                                                      std::span<const float> percentiles) const {
  return method_->round(prepared, inputs, percentiles);
}

}  // namespace qvlm::quantization
