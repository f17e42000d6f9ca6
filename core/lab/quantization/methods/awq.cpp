// AWQ: scale search by the output of the smallest enclosing module, clip search by group.
#include "core/lab/quantization/methods/awq.h"

#include <array>
#include <cmath>
#include <functional>
#include <limits>

namespace qvlm::quantization {
namespace {

using calibration::Batch;
using reference::DecoderLayer;
using reference::LayerState;

constexpr int64_t kChunkElements = int64_t{1} << 22;  // of a weight that are worked on together

// work(first row, rows) over a weight's chunks.
void by_chunks(const torch::Tensor& weight, const reference::Workers* workers, const std::function<void(int64_t, int64_t)>& work) {
  const int64_t rows = weight.size(0), chunk = std::max<int64_t>(1, kChunkElements / weight.size(1));
  side_by_side(workers, static_cast<size_t>((rows + chunk - 1) / chunk), [&](size_t i) {
    const int64_t first = static_cast<int64_t>(i) * chunk;
    work(first, std::min(chunk, rows - first));
  });
}

// Rounds W diag(s) and takes the scales out again: what a linear with scaled inputs computes. [rows, columns]
torch::Tensor rounded_with_scales(const torch::Tensor& weight, const torch::Tensor& scales, const WeightGrid& grid, const std::string& name) {
  auto rounded = torch::empty_like(weight);
  by_chunks(weight, nullptr, [&](int64_t first, int64_t rows) {
    auto chunk = rounded.narrow(0, first, rows);
    torch::div_out(chunk, round_to_nearest(weight.narrow(0, first, rows) * scales, grid, name).dequantize(), scales);
  });
  return rounded;
}

torch::Tensor normalised(const torch::Tensor& scales) { return scales / torch::sqrt(scales.max() * scales.min()); }

// The scales of the least loss over the grid of ratios; without weight_means (duo scaling) ratio 0 gives all ones.
torch::Tensor best_scales(const torch::Tensor& mean_absolute, const torch::Tensor& weight_means, const reference::Workers* workers,
                          const std::function<double(const torch::Tensor& scales)>& loss) {
  std::array<torch::Tensor, kAwqRatios> scales;
  std::array<double, kAwqRatios> losses{};
  side_by_side(workers, kAwqRatios, [&](size_t i) {
    const double ratio = static_cast<double>(i) / kAwqRatios;
    scales[i] = weight_means.defined() ? awq_duo_scales(mean_absolute, weight_means, ratio) : awq_scales(mean_absolute, ratio);
    losses[i] = loss(scales[i]);
  });
  torch::Tensor best;
  double least = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < kAwqRatios; ++i) {
    if (losses[i] < least) {
      least = losses[i];
      best = scales[i];
    }
  }
  return best.defined() ? best : torch::ones_like(mean_absolute);
}

// One sublayer of the decoder layer on the search's batches: a site that a norm feeds and the site that its output goes to.
class Preparation {
 public:
  Preparation(const DecoderLayer& layer, const LayerCalibration& calibration, bool clip, bool duo, bool scale)
      : c_(calibration), clip_(clip), duo_(duo), scale_(scale) {
    prepared_.layer = layer;
    prepared_.folded = true;
    for (size_t b = 0; b < c_.batches.search_batches; ++b) {
      states_.push_back(reference::enter_layer(c_.config, layer, c_.hidden[b]));
    }
  }

  PreparedLayer run() {
    scale_norm_fed(SiteKind::ATTENTION_INPUT, prepared_.layer.attention_norm);
    clip({"attention.value"}, SiteKind::ATTENTION_INPUT);  // query and key are left: their product is sensitive to clipping
    step(SiteKind::ATTENTION_INPUT);
    scale_output();
    clip({"attention.output"}, SiteKind::OUTPUT_INPUT);
    step(SiteKind::OUTPUT_INPUT);
    scale_norm_fed(SiteKind::MLP_INPUT, prepared_.layer.mlp_norm);
    step(SiteKind::MLP_INPUT, /*keep_inputs=*/true);
    scale_down();
    clip({"mlp.down"}, SiteKind::DOWN_INPUT);
    if (clip_) clip_gate_and_up();
    return std::move(prepared_);
  }

 private:
  const WeightGrid& grid(SiteKind kind) const { return c_.grids[static_cast<size_t>(kind)]; }
  const torch::Tensor& mean_absolute(SiteKind kind) const { return c_.statistics[static_cast<size_t>(kind)]->mean_absolute; }
  std::string name(std::string_view suffix) const { return c_.name + "." + std::string(suffix); }

  // Of all the site's linears; undefined without duo scaling. [width]
  torch::Tensor weight_means(SiteKind kind) const {
    if (!duo_) return {};
    std::vector<torch::Tensor> weights;
    for (const auto suffix : linears_of(kind)) weights.push_back(prepared_.layer.linear(suffix));
    return awq_weight_means(torch::cat(weights), grid(kind));
  }

  // Site `first`'s linears and those of the next site, in float, added to the residual.
  LayerState sublayer(const DecoderLayer& layer, SiteKind first, const LayerState& state) const {
    const auto second = static_cast<SiteKind>(static_cast<int>(first) + 1);
    return reference::advance(c_.config, layer, second, reference::advance(c_.config, layer, first, state, c_.rotary), c_.rotary);
  }

  void scale_norm_fed(SiteKind kind, torch::Tensor& norm) {
    if (!scale_) return;
    DecoderLayer& layer = prepared_.layer;
    std::vector<torch::Tensor> expected;
    for (const LayerState& state : states_) expected.push_back(sublayer(layer, kind, state).residual);
    const auto scales = best_scales(mean_absolute(kind), weight_means(kind), c_.workers, [&](const torch::Tensor& s) {
      DecoderLayer trial = layer;
      for (const auto suffix : linears_of(kind)) trial.linear(suffix) = rounded_with_scales(layer.linear(suffix), s, grid(kind), name(suffix));
      double loss = 0;
      for (size_t b = 0; b < states_.size(); ++b) {
        loss += weighted_error(c_.weights_of(kind, b), sublayer(trial, kind, states_[b]).residual, expected[b]);
      }
      return loss;
    });
    norm = norm / scales;
    for (const auto suffix : linears_of(kind)) layer.linear(suffix) = layer.linear(suffix) * scales;
    for (LayerState& state : states_) state.site_input = state.site_input / scales;
  }

  // Scales of a linear whose own output is the loss.
  torch::Tensor linear_scales(SiteKind kind, const std::function<torch::Tensor(const torch::Tensor&)>& tie) const {
    const std::string_view suffix = linears_of(kind).front();
    const torch::Tensor& weight = prepared_.layer.linear(suffix);
    auto means = weight_means(kind);
    if (means.defined()) means = tie(means);
    return best_scales(tie(mean_absolute(kind)), means, c_.workers, [&](const torch::Tensor& s) {
      const auto difference = rounded_with_scales(weight, s, grid(kind), name(suffix)) - weight;
      double loss = 0;
      for (size_t b = 0; b < states_.size(); ++b) {
        loss += (torch::linear(states_[b].site_input, difference).square_().sum(-1) * c_.weights_of(kind, b)).sum(torch::kFloat64).item<double>();
      }
      return loss;
    });
  }

  void scale_output() {
    if (!scale_) return;
    DecoderLayer& layer = prepared_.layer;
    const int64_t shared = c_.config.heads / c_.config.kv_heads;  // heads that read one value
    const std::vector<int64_t> by_head{c_.config.kv_heads, shared, c_.config.head_dim};
    const auto tie = [&](const torch::Tensor& x) {
      return x.reshape(by_head).mean(1, true).expand(by_head).reshape({-1});
    };
    const auto scales = linear_scales(SiteKind::OUTPUT_INPUT, tie);                 // [heads * head_dim]
    const auto of_value = scales.reshape(by_head).select(1, 0).reshape({-1});       // [kv_heads * head_dim]
    layer.output = layer.output * scales;
    layer.value = layer.value / of_value.unsqueeze(1);
    if (layer.value_bias.defined()) layer.value_bias = layer.value_bias / of_value;
    // A clamped value, if there is one, is scaled as its weight is.
    if (const auto found = prepared_.to_round.find("attention.value"); found != prepared_.to_round.end()) {
      found->second = found->second / of_value.unsqueeze(1);
    }
    for (LayerState& state : states_) state.site_input = state.site_input / scales;
  }

  void scale_down() {
    if (!scale_ || c_.config.down_hadamard > 0) return;  // the online transform stands between up's rows and down's columns
    DecoderLayer& layer = prepared_.layer;
    const auto scales = linear_scales(SiteKind::DOWN_INPUT, [](const torch::Tensor& x) { return x; });  // [ffn]
    layer.down = layer.down * scales;
    layer.up = layer.up / scales.unsqueeze(1);
    for (LayerState& state : states_) state.site_input = state.site_input / scales;
  }

  // At most kAwqClipTokens evenly spaced rows of the site's inputs. [tokens, width]
  torch::Tensor clip_inputs(const std::vector<torch::Tensor>& inputs) const {
    std::vector<torch::Tensor> rows;
    for (size_t b = 0; b < inputs.size(); ++b) rows.push_back(calibration::real_rows(c_.batches.all[b], inputs[b]));
    const auto all = torch::cat(rows);
    return all.slice(0, 0, all.size(0), std::max<int64_t>(1, (all.size(0) + kAwqClipTokens - 1) / kAwqClipTokens));
  }

  void clip(std::initializer_list<std::string_view> suffixes, SiteKind kind) {
    if (!clip_) return;
    std::vector<torch::Tensor> inputs;
    for (const LayerState& state : states_) inputs.push_back(state.site_input);
    for (const auto suffix : suffixes) {
      prepared_.to_round[std::string(suffix)] = awq_clip(prepared_.layer.linear(suffix), clip_inputs(inputs), grid(kind), name(suffix), c_.workers);
    }
  }

  // After scale_down, since that scales up's rows.
  void clip_gate_and_up() {
    for (const auto suffix : {"mlp.gate", "mlp.up"}) {
      prepared_.to_round[suffix] = awq_clip(prepared_.layer.linear(suffix), clip_inputs(mlp_inputs_), grid(SiteKind::MLP_INPUT), name(suffix), c_.workers);
    }
  }

  void step(SiteKind kind, bool keep_inputs = false) {
    for (LayerState& state : states_) {
      if (keep_inputs) mlp_inputs_.push_back(state.site_input);
      state = reference::advance(c_.config, prepared_.layer, kind, state, c_.rotary);
    }
  }

  const LayerCalibration& c_;
  bool clip_, duo_, scale_;
  PreparedLayer prepared_;
  std::vector<LayerState> states_;          // of the search's batches, in the prepared layer's coordinates
  std::vector<torch::Tensor> mlp_inputs_;
};

}  // namespace

torch::Tensor awq_scales(const torch::Tensor& mean_absolute, double ratio) {
  return normalised(mean_absolute.pow(ratio).clamp_min(1e-4));
}

torch::Tensor awq_duo_scales(const torch::Tensor& mean_absolute, const torch::Tensor& weight_means, double ratio) {
  return normalised((mean_absolute.pow(ratio) / (weight_means.pow(1 - ratio) + 1e-4)).clamp_min(1e-4));
}

torch::Tensor awq_weight_means(const torch::Tensor& weight, const WeightGrid& grid) {
  const int64_t columns = weight.size(1), group = grid.group == 0 ? columns : grid.group;
  const auto grouped = weight.abs().reshape({weight.size(0), columns / group, group});
  return (grouped / grouped.amax(2, true).clamp_min(1e-12)).reshape(weight.sizes()).mean(0);
}

namespace {

// awq_clip of some rows. gram [groups, group, group]: of the inputs, by group.
torch::Tensor clip_rows(const torch::Tensor& weight, const torch::Tensor& gram, const WeightGrid& grid, const std::string& name) {
  const int64_t rows = weight.size(0), columns = weight.size(1), groups = gram.size(0), group = gram.size(1);
  const auto grouped = weight.reshape({rows, groups, group});
  const auto absmax = grouped.abs().amax(2, true);  // [rows, groups, 1]
  torch::Tensor best_error, best_bound;                                            // [rows, groups, 1]
  for (int i = 0; i < kAwqShrinks; ++i) {
    const auto bound = absmax * (1 - i / 20.0);
    const auto clamped = torch::minimum(torch::maximum(grouped, -bound), bound);
    const auto difference = round_to_nearest(clamped.reshape({rows, columns}), grid, name).dequantize().reshape({rows, groups, group}) - grouped;
    const auto d = difference.permute({1, 0, 2});                                                       // [groups, rows, group]
    const auto error = (torch::bmm(d, gram) * d).sum(2).transpose(0, 1).unsqueeze(2);                   // [rows, groups, 1]
    if (!best_error.defined()) {
      best_error = error;
      best_bound = bound;
    } else {
      const auto better = error < best_error;
      best_error = torch::where(better, error, best_error);
      best_bound = torch::where(better, bound, best_bound);
    }
  }
  return torch::minimum(torch::maximum(grouped, -best_bound), best_bound).reshape({rows, columns});
}

}  // namespace

torch::Tensor awq_clip(const torch::Tensor& weight, const torch::Tensor& x, const WeightGrid& grid, const std::string& name,
                       const reference::Workers* workers) {
  const int64_t columns = weight.size(1), group = grid.group == 0 ? columns : grid.group, groups = columns / group;
  const auto by_group = x.reshape({x.size(0), groups, group}).permute({1, 0, 2});  // [groups, tokens, group]
  const auto gram = torch::bmm(by_group.transpose(1, 2), by_group);                // [groups, group, group]
  auto clipped = torch::empty_like(weight);
  by_chunks(weight, workers, [&](int64_t first, int64_t rows) {
    clipped.narrow(0, first, rows).copy_(clip_rows(weight.narrow(0, first, rows), gram, grid, name));
  });
  return clipped;
}

PreparedLayer ActivationAwareScaling::prepare(const reference::DecoderLayer& layer, const LayerCalibration& calibration) const {
  return Preparation(layer, calibration, clip_, duo_, scale_).run();
}

}  // namespace qvlm::quantization
