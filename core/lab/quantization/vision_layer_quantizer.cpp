// Smoothing, rounding and activation ranges of one tower layer, half by half.
#include "core/lab/quantization/vision_layer_quantizer.h"

#include <algorithm>
#include <limits>

#include "core/base/error.h"
#include "core/lab/quantization/methods/awq.h"
#include "core/lab/reference/vision_activation.h"

namespace qvlm::quantization {
namespace {

using reference::LayerNorm;
using reference::VisionHook;
using reference::VisionLayer;

constexpr int64_t kPicturesAtOnce = 4;

Deviation deviation(const torch::Tensor& x, const torch::Tensor& target) {
  return {(x - target).square().sum(torch::kFloat64).item<double>(), target.square().sum(torch::kFloat64).item<double>()};
}

void demand_finite(const torch::Tensor& x, const std::string& name) {
  if (x.defined() && !torch::isfinite(x).all().item<bool>()) throw Error(name + ": has values that are not finite");
}

class LayerQuantizer {
 public:
  LayerQuantizer(const VisionConfig& config, const VisionLayer& layer, int index, const Recipe& recipe, const torch::Tensor& float_input,
                 const torch::Tensor& quantized_input, const std::string& name, const reference::Workers& workers)
      : config_(config),
        original_(layer),
        prepared_(layer),
        index_(index),
        recipe_(recipe),
        grid_(vision_grid(recipe)),
        name_(name),
        workers_(workers) {
    for (const auto* norm : {&layer.attention_norm, &layer.mlp_norm}) {
      const std::string of = name_ + (norm == &layer.attention_norm ? ".attention_norm" : ".mlp_norm");
      demand_finite(norm->weight, of + ".weight");
      demand_finite(norm->bias, of + ".bias");
    }
    for (int kind = 0; kind < kSitesPerLayer; ++kind) {
      for (const std::string& suffix : vision_linears_of(static_cast<SiteKind>(kind))) demand_finite(layer.linear(suffix).bias, name_ + "." + suffix + ".bias");
    }
    result_.layer = layer;
    result_.float_output = float_input;
    result_.quantized_output = quantized_input;
  }

  QuantizedVisionLayer run() {
    half(SiteKind::ATTENTION_INPUT);
    half(SiteKind::MLP_INPUT);
    return std::move(result_);
  }

 private:
  static SiteKind next(SiteKind kind) { return static_cast<SiteKind>(static_cast<int>(kind) + 1); }
  bool quantizes_activations() const { return recipe_.vision_activation_bits < 16; }
  VisionQuantizer& activation(SiteKind kind) { return result_.activations[static_cast<size_t>(kind)]; }
  LayerNorm& norm_of(VisionLayer& layer, SiteKind kind) const { return kind == SiteKind::ATTENTION_INPUT ? layer.attention_norm : layer.mlp_norm; }

  // The first pictures, on which candidates are scored.
  torch::Tensor searched(const torch::Tensor& x) const { return x.narrow(0, 0, std::min<int64_t>(recipe_.search_samples, x.size(0))); }

  // The half layer that begins at `first`, on x; of a few pictures, and of all.
  torch::Tensor forward_part(const VisionLayer& layer, SiteKind first, const torch::Tensor& x, const VisionHook& hook) const {
    return first == SiteKind::ATTENTION_INPUT ? reference::vision_attention(config_, layer, x, index_, hook)
                                              : reference::vision_mlp(config_, layer, x, index_, hook);
  }
  torch::Tensor forward(const VisionLayer& layer, SiteKind first, const torch::Tensor& x, const VisionHook& hook) const {
    return by_pictures(workers_, x, [&](const torch::Tensor& part) { return forward_part(layer, first, part, hook); });
  }

  VisionHook quantizing() const {
    if (!quantizes_activations()) return {};
    return [this](Site site, const torch::Tensor& x) {
      return reference::quantize_vision_activations(x, result_.activations[static_cast<size_t>(site.kind)]);
    };
  }

  double loss(const VisionLayer& layer, SiteKind first, const torch::Tensor& x) const {
    return deviation(forward(layer, first, x, quantizing()), target_).error;
  }

  // Rounds the linears of a site into `layer`.
  void round_linears(VisionLayer& layer, SiteKind kind) const {
    for (const std::string& suffix : vision_linears_of(kind)) {
      layer.linear(suffix).weight = round_to_nearest(to_round(suffix), grid_, name_ + "." + suffix + ".weight").dequantize();
    }
  }

  const torch::Tensor& to_round(const std::string& suffix) const {
    const auto found = clipped_.find(suffix);
    return found != clipped_.end() ? found->second : prepared_.linear(suffix).weight;
  }

  // What a site's linears read, on the quantized path, before the site itself is quantized.
  torch::Tensor site_input(SiteKind first, SiteKind kind, const torch::Tensor& x) const {
    const VisionHook inner = quantizing();
    return by_pictures(workers_, x, [&](const torch::Tensor& part) {
      torch::Tensor input;
      forward_part(result_.layer, first, part, [&](Site site, const torch::Tensor& value) {
        if (site.kind == kind) input = value;
        return inner && site.kind != kind ? inner(site, value) : value;
      });
      return input;
    });
  }

  // Ranges that cover all of `input`.
  VisionQuantizer covering(const torch::Tensor& input) const {
    VisionQuantizer quantizer{recipe_.vision_activation_bits, recipe_.vision_activation_mode, {1}, {1}};
    if (quantizer.range == VisionRange::STATIC_POSITION) {
      const auto low = input.amin({0, 2}).clamp_max(0).contiguous(), high = input.amax({0, 2}).clamp_min(0).contiguous();  // [positions]
      quantizer.low.assign(low.data_ptr<float>(), low.data_ptr<float>() + low.numel());
      quantizer.high.assign(high.data_ptr<float>(), high.data_ptr<float>() + high.numel());
    }
    return quantizer;
  }

  void half(SiteKind first) {
    const torch::Tensor x = result_.quantized_output;
    const torch::Tensor float_x = result_.float_output;
    const torch::Tensor float_y = forward(original_, first, float_x, {});
    target_ = searched(float_y);

    smooth(first, float_x, searched(x));
    clip_weights(first, searched(x));
    round_linears(result_.layer, first);
    round_linears(result_.layer, next(first));
    if (quantizes_activations()) {
      for (const SiteKind kind : {first, next(first)}) {
        activation(kind) = {};
        activation(kind) = covering(site_input(first, kind, x));
      }
      for (const SiteKind kind : {first, next(first)}) choose_clip(kind, first, searched(x));
    }
    for (const SiteKind kind : {first, next(first)}) store(kind);
    result_.quantized_output = forward(result_.layer, first, x, quantizing());
    result_.float_output = float_y;
  }

  // The norm and the linears of one half.
  void take_half(SiteKind first, VisionLayer& from) {
    norm_of(result_.layer, first) = norm_of(from, first);
    for (const SiteKind kind : {first, next(first)}) {
      for (const std::string& suffix : vision_linears_of(kind)) result_.layer.linear(suffix) = from.linear(suffix);
    }
  }

  // Chooses alpha with the half's weights rounded to nearest and its activations quantized with their full ranges.
  void smooth(SiteKind first, const torch::Tensor& float_x, const torch::Tensor& x) {
    const LayerNorm norm = norm_of(original_, first);
    const auto activation_max = by_pictures(workers_, float_x, [&](const torch::Tensor& part) {  // [hidden], over all pictures
      return reference::vision_norm(config_, norm, part).abs().amax({0, 1}).unsqueeze(0);
    }).amax(0);
    torch::Tensor weight_max;  // [hidden]
    for (const std::string& suffix : vision_linears_of(first)) {
      const torch::Tensor& weight = original_.linear(suffix).weight;
      demand_finite(weight, name_ + "." + suffix + ".weight");
      const auto most = weight.abs().amax(0);
      weight_max = weight_max.defined() ? torch::maximum(weight_max, most) : most;
    }
    std::vector<double> alphas{-1};
    alphas.insert(alphas.end(), kSmoothAlphas.begin(), kSmoothAlphas.end());
    double least = std::numeric_limits<double>::infinity();
    VisionLayer best = prepared_;
    for (const double alpha : alphas) {
      VisionLayer trial = prepared_;
      if (alpha >= 0) {
        const auto scales = smoothing_scales(activation_max, weight_max, alpha);
        LayerNorm& folded = norm_of(trial, first);
        folded = {folded.weight / scales, folded.bias / scales};
        for (const std::string& suffix : vision_linears_of(first)) trial.linear(suffix).weight = trial.linear(suffix).weight * scales;
      }
      VisionLayer rounded = trial;
      for (const SiteKind kind : {first, next(first)}) {
        for (const std::string& suffix : vision_linears_of(kind)) {
          rounded.linear(suffix).weight = round_to_nearest(trial.linear(suffix).weight, grid_, name_ + "." + suffix + ".weight").dequantize();
        }
      }
      take_half(first, rounded);
      if (quantizes_activations()) {
        for (const SiteKind kind : {first, next(first)}) activation(kind) = {};
        activation(first) = covering(reference::vision_norm(config_, norm_of(rounded, first), x));
        activation(next(first)) = covering(site_input(first, next(first), x));
      }
      const double value = loss(rounded, first, x);
      if (value < least) {
        least = value;
        best = trial;
        result_.alphas[first == SiteKind::ATTENTION_INPUT ? 0 : 1] = alpha;
      }
    }
    prepared_ = best;
    take_half(first, best);
    for (const SiteKind kind : {first, next(first)}) activation(kind) = {};
  }

  // At 4 bits and below: AWQ's clip of every linear but query and key, whose product is sensitive to it.
  void clip_weights(SiteKind first, const torch::Tensor& x) {
    if (grid_.bits > 4) return;
    for (const SiteKind kind : {first, next(first)}) {
      const auto input = site_input(first, kind, x);
      const auto rows = input.reshape({-1, input.size(-1)});
      const auto some = rows.slice(0, 0, rows.size(0), std::max<int64_t>(1, (rows.size(0) + kAwqClipTokens - 1) / kAwqClipTokens));
      for (const std::string& suffix : vision_linears_of(kind)) {
        if (suffix == "attention.query" || suffix == "attention.key") continue;
        clipped_[suffix] = awq_clip(prepared_.linear(suffix).weight, some, grid_, name_ + "." + suffix + ".weight");
      }
    }
  }

  void choose_clip(SiteKind kind, SiteKind first, const torch::Tensor& x) {
    const VisionQuantizer whole = activation(kind);
    VisionQuantizer best = whole;
    double least = std::numeric_limits<double>::infinity();
    for (const float clip : kVisionClips) {
      VisionQuantizer trial = whole;
      for (float& bound : trial.low) bound *= clip;
      for (float& bound : trial.high) bound *= clip;
      activation(kind) = trial;
      const double value = loss(result_.layer, first, x);
      if (value < least) {
        least = value;
        best = trial;
      }
    }
    activation(kind) = best;
  }

  void store(SiteKind kind) {
    for (const std::string& suffix : vision_linears_of(kind)) {
      const GridWeight weight = round_to_nearest(to_round(suffix), grid_, name_ + "." + suffix + ".weight");
      result_.matrices[suffix] = weight.matrix();
      result_.weights = result_.weights + deviation(weight.dequantize(), prepared_.linear(suffix).weight);
    }
  }

  const VisionConfig& config_;
  VisionLayer original_, prepared_;  // prepared_: smoothed, in float
  int index_;
  const Recipe& recipe_;
  WeightGrid grid_;
  std::string name_;
  const reference::Workers& workers_;
  std::map<std::string, torch::Tensor> clipped_;  // weights clamped before rounding
  torch::Tensor target_;                          // of the half at hand, on the searched pictures
  QuantizedVisionLayer result_;
};

}  // namespace

WeightGrid vision_grid(const Recipe& recipe) {
  return recipe.vision_bits == 4 ? WeightGrid{4, recipe.vision_group, false} : WeightGrid{recipe.vision_bits, 0, true};
}

std::vector<std::string> vision_linears_of(SiteKind kind) {
  switch (kind) {
    case SiteKind::ATTENTION_INPUT: return {"attention.query", "attention.key", "attention.value"};
    case SiteKind::OUTPUT_INPUT: return {"attention.output"};
    case SiteKind::MLP_INPUT: return {"mlp.up"};
    case SiteKind::DOWN_INPUT: return {"mlp.down"};
  }
  throw Error("unknown kind of site");
}

torch::Tensor smoothing_scales(const torch::Tensor& activation_max, const torch::Tensor& weight_max, double alpha) {
  return (activation_max.clamp_min(1e-5).pow(alpha) / weight_max.clamp_min(1e-5).pow(1 - alpha)).clamp(1e-5, 1e5);
}

torch::Tensor by_pictures(const reference::Workers& workers, const torch::Tensor& x, const std::function<torch::Tensor(const torch::Tensor&)>& f) {
  const auto parts = x.split(kPicturesAtOnce, 0);
  std::vector<torch::Tensor> results(parts.size());
  workers.run(parts.size(), [&](size_t part) { results[part] = f(parts[part]); });
  return results.size() == 1 ? results.front() : torch::cat(results);
}

QuantizedVisionLayer quantize_vision_layer(const VisionConfig& config, const VisionLayer& layer, int layer_index, const Recipe& recipe,
                                           const torch::Tensor& float_input, const torch::Tensor& quantized_input, const std::string& name,
                                           const reference::Workers& workers) {
  const torch::NoGradGuard no_gradients;
  return LayerQuantizer(config, layer, layer_index, recipe, float_input, quantized_input, name, workers).run();
}

}  // namespace qvlm::quantization
