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
#include "core/lab/reference/kronecker.h"
#include "core/model/kronecker.h"

namespace qvlm::quantization {
namespace {

using reference::DecoderLayer;
using reference::LayerState;
using torch::Tensor;

constexpr double kTransformRate = 1e-2, kClipRate = 5e-2;  // Adam's first step sizes
constexpr double kClipLogit = 4;                           // sigmoid: 0.982
constexpr double kEven = -1;                               // scales that make inputs and weights equally large, as root mean squares
constexpr double kAlphas[] = {0, 0.3, 0.5, kEven};         // of the channel scales that training may begin with; 0: none
constexpr size_t kParts = 2;                               // of a batch, computed side by side
constexpr size_t kHeldOutEvery = 4;                        // batches

// The attention sublayer and the MLP share no parameter: each is folded, rounded and learned on a thread of its own.
constexpr size_t kHalves = 2;
constexpr std::array<SiteKind, 2> kKindsOf[kHalves] = {{SiteKind::ATTENTION_INPUT, SiteKind::OUTPUT_INPUT}, {SiteKind::MLP_INPUT, SiteKind::DOWN_INPUT}};
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

// Everything that a layer's forward reads of what depends on parameters.
struct Forward {
  DecoderLayer layer;                        // linears as they run
  std::array<Tensor, kSitesPerLayer> clips;  // [1] each: of the sites' activations

  std::vector<Tensor*> tensors(size_t half) {
    std::vector<Tensor*> all{half == 0 ? &layer.attention_norm : &layer.mlp_norm};
    for (const SiteKind kind : kKindsOf[half]) {
      for (const auto suffix : linears_of(kind)) all.push_back(&layer.linear(suffix));
      all.insert(all.end(), {&layer.transforms[index_of(kind)].left, &layer.transforms[index_of(kind)].right, &clips[index_of(kind)]});
    }
    return all;
  }
};

// Half of the layer of the same function behind the transforms, in the parameters' type; differentiable. `folded` begins as `layer`.
void fold(const DecoderLayer& layer, const Parameters& parameters, size_t half, DecoderLayer& folded) {
  if (half == 0) {
    folded.attention_norm = layer.attention_norm * parameters[index_of(SiteKind::ATTENTION_INPUT)].channels.exp();
  } else {
    folded.mlp_norm = layer.mlp_norm * parameters[index_of(SiteKind::MLP_INPUT)].channels.exp();
    folded.up = layer.up * parameters[index_of(SiteKind::DOWN_INPUT)].channels.exp().unsqueeze(1);
  }
  for (const SiteKind kind : kKindsOf[half]) {
    const SiteParameters& site = parameters[index_of(kind)];
    const auto left = site.left.matrices(), right = site.right.matrices();
    folded.transforms[index_of(kind)] = {left.matrix, right.matrix};
    for (const auto suffix : linears_of(kind)) {
      Tensor& weight = folded.linear(suffix);
      const auto scaled = site.channels.defined() ? weight * (-site.channels).exp() : weight;
      weight = reference::times_kronecker(scaled, left.inverse_transposed, right.inverse_transposed);
    }
  }
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
    for (auto& of_site : squares_) of_site.resize(c_.hidden.size());
    targets_.resize(c_.hidden.size());
    std::vector<double> energies(c_.hidden.size());
    share(c_.hidden.size(), [&](size_t b) {
      LayerState state = reference::enter_layer(c_.config, layer_, c_.hidden[b]);
      for (const SiteKind kind : kKinds) {
        const auto rows = calibration::real_rows(c_.batches.all[b], state.site_input);
        largest_[index_of(kind)][b] = rows.abs().amax(0);
        squares_[index_of(kind)][b] = rows.square().sum(0);
        state = reference::advance(c_.config, layer_, kind, state, c_.rotary);
      }
      targets_[b] = state.residual;
      energies[b] = weighted_error(c_.weights_of(SiteKind::DOWN_INPUT, b), targets_[b], torch::zeros({1}));
    });
    for (size_t b = 0; b < c_.hidden.size(); ++b) {
      energy_ += energies[b];
      all_.push_back(b);
      const bool held = c_.hidden.size() >= kHeldOutEvery && b % kHeldOutEvery == kHeldOutEvery - 1;
      (held ? held_out_ : learned_from_).push_back(b);
      if (b < std::max<size_t>(1, c_.batches.search_batches)) searched_.push_back(b);
    }
    energy_ = std::max(energy_, 1e-30);
  }

  LearnedTransforms run() {
    LearnedTransforms result;
    Forward plain{layer_, ones()};
    share(kHalves, [&](size_t half) { round_weights(plain.layer, half, nullptr); });
    result.plain_loss = loss(plain, all_);
    parameters_ = best_start();
    const Parameters start = copy_of(parameters_);
    result.start_loss = loss_now(all_);
    train();
    result.loss = loss_now(all_);
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
      if (kind != SiteKind::OUTPUT_INPUT) site.channels = alpha == 0 ? torch::zeros({width}) : alpha == kEven ? evening(kind) : smoothing(kind, alpha);
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

  // log d of the scales that even out the channels: x d and w / d have the same energy relative to each other in all of them, where the error
  // of rounding either, spread over all channels, is least.
  Tensor evening(SiteKind kind) const {
    Tensor weights = torch::zeros({layer_.linear(linears_of(kind).front()).size(1)});
    for (const auto suffix : linears_of(kind)) weights += layer_.linear(suffix).square().sum(0);
    const auto inputs = torch::stack(squares_[index_of(kind)]).sum(0);
    const auto positive = [](const Tensor& x) { return x.clamp_min(1e-8 * std::max(x.mean().item<double>(), 1e-30)); };
    const auto channels = 0.25 * (positive(weights) / positive(inputs)).log();
    return channels - channels.mean();
  }

  Parameters best_start() {
    Parameters best;
    double least = INFINITY;
    for (const bool hadamard : {true, false}) {
      for (const double alpha : kAlphas) {
        if (c_.poll) c_.poll();
        parameters_ = start(hadamard, alpha);
        const double value = loss_now(searched_);
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
    for (size_t half = 0; half < kHalves; ++half) {
      for (const auto& [tensor, rate] : tensors_of(copy, half)) *tensor = tensor->clone();
    }
    return copy;
  }

  // With their rates.
  static std::vector<std::pair<Tensor*, double>> tensors_of(Parameters& parameters, size_t half) {
    std::vector<std::pair<Tensor*, double>> tensors;
    for (const SiteKind kind : kKindsOf[half]) {
      SiteParameters& site = parameters[index_of(kind)];
      for (InvertibleMatrix* matrix : {&site.left, &site.right}) {
        for (Tensor* tensor : matrix->parameters()) tensors.emplace_back(tensor, kTransformRate);
      }
      if (site.channels.defined()) tensors.emplace_back(&site.channels, kTransformRate);
      if (site.clip.defined()) tensors.emplace_back(&site.clip, kClipRate);
      for (auto& [suffix, logits] : site.bounds) {
        tensors.emplace_back(&logits.first, kClipRate);
        tensors.emplace_back(&logits.second, kClipRate);
      }
    }
    return tensors;
  }

  // Half of the layer's linears rounded, clipped by the parameters' logits (null: not at all).
  void round_weights(DecoderLayer& layer, size_t half, const Parameters* parameters) const {
    for (const SiteKind kind : kKindsOf[half]) {
      for (const auto suffix : linears_of(kind)) {
        Tensor& weight = layer.linear(suffix);
        Tensor low, high;
        if (parameters != nullptr) {
          const auto& bounds = (*parameters)[index_of(kind)].bounds;
          if (const auto found = bounds.find(std::string(suffix)); found != bounds.end()) {
            low = found->second.first.sigmoid();
            high = found->second.second.sigmoid();
          }
        }
        const auto groups = weight.reshape({-1, group_of(kind, weight.size(1))});
        weight = fake_quantize(groups, low, high, {grid_of(kind).bits, grid_of(kind).symmetric}).reshape(weight.sizes());
      }
    }
  }

  static std::array<Tensor, kSitesPerLayer> ones() {
    std::array<Tensor, kSitesPerLayer> clips;
    for (Tensor& clip : clips) clip = torch::ones({1});
    return clips;
  }

  // The layer as it runs with the parameters of now.
  Forward forward() const {
    Forward now{layer_, ones()};
    share(kHalves, [&](size_t half) {
      fold(layer_, parameters_, half, now.layer);
      round_weights(now.layer, half, &parameters_);
      for (const SiteKind kind : kKindsOf[half]) {
        if (const Tensor& clip = parameters_[index_of(kind)].clip; clip.defined()) now.clips[index_of(kind)] = clip.sigmoid();
      }
    });
    return now;
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
  Tensor error(const Forward& forward, size_t batch, int64_t first, int64_t count) const {
    LayerState state = reference::enter_layer(c_.config, forward.layer, c_.hidden[batch].narrow(0, first, count));
    for (const SiteKind kind : kKinds) {
      state.site_input = round_input(state.site_input, forward.clips[index_of(kind)]);
      state = reference::advance(c_.config, forward.layer, kind, state, c_.rotary);
    }
    const auto of_token = (state.residual - targets_[batch].narrow(0, first, count)).square().sum(-1);
    return (of_token * c_.weights_of(SiteKind::DOWN_INPUT, batch).narrow(0, first, count)).sum();
  }

  // Relative, over these batches (as a share of all batches' energy).
  double loss(const Forward& forward, const std::vector<size_t>& batches) const {
    std::vector<double> errors(batches.size());
    share(batches.size(), [&](size_t i) { errors[i] = error(forward, batches[i], 0, c_.hidden[batches[i]].size(0)).item<double>(); });
    double sum = 0;
    for (const double one : errors) sum += one;
    return sum / energy_;
  }
  double loss_now(const std::vector<size_t>& batches) const { return loss(forward(), batches); }

  // Leaves the parameters of the epoch that is best on the batches that are held out: on few samples, a layer's own error goes on falling long
  // after that of others rises. The last epoch's where there are too few batches to hold any out.
  void train() {
    Parameters best = copy_of(parameters_);
    double least = held_out_.empty() ? INFINITY : loss_now(held_out_);
    std::array<std::vector<Adam>, kHalves> optimisers;
    for (size_t half = 0; half < kHalves; ++half) {
      for (const auto& [tensor, rate] : tensors_of(parameters_, half)) {
        *tensor = tensor->clone().requires_grad_();
        optimisers[half].push_back({tensor, rate, torch::zeros_like(*tensor), torch::zeros_like(*tensor)});
      }
    }
    std::vector<size_t> order = learned_from_;
    std::mt19937_64 random(training_.seed);
    const int steps = training_.epochs * static_cast<int>(order.size());
    int done = 0;
    for (int epoch = 0; epoch < training_.epochs; ++epoch) {
      for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);  // std::shuffle is not the same everywhere
      for (const size_t batch : order) {
        if (c_.poll) c_.poll();
        const double share_of_rate = 0.5 * (1 + std::cos(std::numbers::pi * done / steps));
        step(batch, optimisers, ++done, share_of_rate);
      }
      if (held_out_.empty()) continue;
      if (const double value = loss_now(held_out_); value < least) {
        least = value;
        best = copy_of(parameters_);
      }
    }
    for (auto& of_half : optimisers) {
      for (Adam& one : of_half) one.parameter->set_requires_grad(false);
    }
    if (!held_out_.empty()) parameters_ = std::move(best);
  }

  // Down the gradient of the batch's relative error. The graph is cut at what the forward reads, so that the parts of the batch share one
  // rounding of the weights.
  void step(size_t batch, std::array<std::vector<Adam>, kHalves>& optimisers, int number, double share_of_rate) const {
    Forward now;
    std::array<std::vector<Tensor>, kHalves> results;
    std::vector<Tensor> leaves;
    {
      const torch::AutoGradMode with_gradients(true);
      now = forward();
    }
    for (size_t half = 0; half < kHalves; ++half) {
      for (Tensor* tensor : now.tensors(half)) {
        results[half].push_back(*tensor);
        *tensor = tensor->detach().requires_grad_();
        leaves.push_back(*tensor);
      }
    }
    const auto samples = static_cast<size_t>(c_.hidden[batch].size(0)), parts = std::min(kParts, samples);
    std::vector<std::vector<Tensor>> of_part(parts);
    std::vector<double> losses(parts);
    const double scale = static_cast<double>(all_.size()) / energy_;
    share(parts, [&](size_t part) {
      const torch::AutoGradMode with_gradients(true);
      const size_t first = samples * part / parts, end = samples * (part + 1) / parts;
      const auto value = error(now, batch, static_cast<int64_t>(first), static_cast<int64_t>(end - first)) * scale;
      losses[part] = value.item<double>();
      of_part[part] = torch::autograd::grad({value}, leaves, {}, {}, false, /*allow_unused=*/true);
    });
    // One that has overflowed teaches nothing.
    if (!std::all_of(losses.begin(), losses.end(), [](double loss) { return std::isfinite(loss); })) return;
    share(kHalves, [&](size_t half) {
      std::vector<Tensor> outputs, seeds, inputs;
      const size_t offset = half == 0 ? 0 : results[0].size();
      for (size_t i = 0; i < results[half].size(); ++i) {
        if (!of_part[0][offset + i].defined() || !results[half][i].requires_grad()) continue;
        Tensor sum = of_part[0][offset + i];
        for (size_t part = 1; part < parts; ++part) sum = sum + of_part[part][offset + i];
        outputs.push_back(results[half][i]);
        seeds.push_back(sum);
      }
      for (const Adam& one : optimisers[half]) inputs.push_back(*one.parameter);
      const auto gradients = torch::autograd::grad(outputs, inputs, seeds, {}, false, /*allow_unused=*/true);
      for (size_t i = 0; i < gradients.size(); ++i) {
        if (gradients[i].defined()) optimisers[half][i].step(gradients[i], number, share_of_rate);
      }
    });
  }

  // The layer as it is quantized, folded in double: rounding to float32 is all that its function loses.
  PreparedLayer prepared() const {
    Parameters wide = parameters_;
    for (SiteParameters& site : wide) {
      site.left = site.left.in_double();
      site.right = site.right.in_double();
      if (site.channels.defined()) site.channels = site.channels.to(torch::kFloat64);
    }
    Forward exact{layer_, {}};
    const auto convert = [&exact](torch::ScalarType type) {
      for (size_t half = 0; half < kHalves; ++half) {
        for (Tensor* tensor : exact.tensors(half)) {
          if (tensor->defined()) *tensor = tensor->to(type).contiguous();
        }
      }
    };
    convert(torch::kFloat64);
    const DecoderLayer before = exact.layer;
    for (size_t half = 0; half < kHalves; ++half) fold(before, wide, half, exact.layer);
    convert(torch::kFloat32);
    PreparedLayer result;
    result.folded = true;
    result.layer = exact.layer;
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
  std::vector<size_t> all_, searched_, learned_from_, held_out_;  // numbers of batches
  std::array<std::vector<Tensor>, kSitesPerLayer> largest_;  // max |x| a channel, by site and batch
  std::array<std::vector<Tensor>, kSitesPerLayer> squares_;  // sum of x^2 a channel, likewise
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
