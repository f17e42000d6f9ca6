// The search for alpha, by the output of the sublayer.
#include "core/lab/quantization/methods/smoothquant.h"

#include "core/lab/reference/activation.h"

namespace qvlm::quantization {
namespace {

using reference::DecoderLayer;
using reference::LayerState;

class SmoothingSearch {
 public:
  SmoothingSearch(const DecoderLayer& layer, const LayerCalibration& calibration) : c_(calibration) {
    prepared_.layer = layer;
    prepared_.folded = true;
    for (size_t b = 0; b < c_.hidden.size(); ++b) states_.push_back(reference::enter_layer(c_.config, layer, c_.hidden[b]));
  }

  PreparedLayer run() {
    smooth(SiteKind::ATTENTION_INPUT, prepared_.layer.attention_norm);
    for (LayerState& state : states_) state = sublayer(prepared_.layer, SiteKind::ATTENTION_INPUT, state);
    smooth(SiteKind::MLP_INPUT, prepared_.layer.mlp_norm);
    return std::move(prepared_);
  }

 private:
  // The site's linears and those of the next site, which stay in float, added to the residual; the next sublayer's input.
  LayerState sublayer(const DecoderLayer& layer, SiteKind first, const LayerState& state) const {
    const auto second = static_cast<SiteKind>(static_cast<int>(first) + 1);
    return reference::advance(c_.config, layer, second, reference::advance(c_.config, layer, first, state, c_.rotary), c_.rotary);
  }

  torch::Tensor largest_input() const {
    torch::Tensor largest;
    for (size_t b = 0; b < states_.size(); ++b) {
      const auto here = calibration::real_rows(c_.batches.all[b], states_[b].site_input).abs().amax(0);
      largest = largest.defined() ? torch::maximum(largest, here) : here;
    }
    return largest;
  }

  torch::Tensor largest_weight(SiteKind kind) const {
    std::vector<torch::Tensor> rows;
    for (const auto suffix : linears_of(kind)) rows.push_back(prepared_.layer.linear(suffix).abs().amax(0));
    return torch::stack(rows).amax(0);
  }

  // The site's quantizer, with the bounds that it would have on inputs divided by the scales.
  ActivationQuantizer quantizer_for(const torch::Tensor& scales) const {
    ActivationQuantizer quantizer = c_.quantizer;
    if (quantizer.granularity != ActivationGranularity::STATIC_TENSOR) return quantizer;
    quantizer.low = quantizer.high = 0;
    for (size_t b = 0; b < states_.size(); ++b) {
      const auto x = calibration::real_rows(c_.batches.all[b], states_[b].site_input) / scales;
      quantizer.low = std::min(quantizer.low, x.min().item<float>());
      quantizer.high = std::max(quantizer.high, x.max().item<float>());
    }
    return quantizer;
  }

  double loss(SiteKind kind, const torch::Tensor& scales, const std::vector<torch::Tensor>& expected) const {
    DecoderLayer trial = prepared_.layer;
    for (const auto suffix : linears_of(kind)) {
      const std::string name = c_.name + "." + std::string(suffix) + ".weight";
      trial.linear(suffix) = round_to_nearest(trial.linear(suffix) * scales, c_.grids[static_cast<size_t>(kind)], name).dequantize();
    }
    const ActivationQuantizer quantizer = quantizer_for(scales);
    double sum = 0;
    for (size_t b = 0; b < expected.size(); ++b) {
      auto x = states_[b].site_input / scales;
      if (quantizer.active()) x = reference::quantize_activations(x, quantizer);
      sum += weighted_error(c_.weights_of(kind, b), sublayer(trial, kind, {states_[b].residual, x}).residual, expected[b]);
    }
    return sum;
  }

  void smooth(SiteKind kind, torch::Tensor& norm) {
    std::vector<torch::Tensor> expected;
    for (size_t b = 0; b < c_.batches.search_batches; ++b) expected.push_back(sublayer(prepared_.layer, kind, states_[b]).residual);
    const auto inputs = largest_input(), weights = largest_weight(kind);
    auto best = torch::ones_like(inputs);
    double least = loss(kind, best, expected);
    for (int i = 0; i <= kSmoothSteps; ++i) {
      const auto scales = smooth_scales(inputs, weights, static_cast<double>(i) / kSmoothSteps);
      if (const double value = loss(kind, scales, expected); value < least) {
        least = value;
        best = scales;
      }
    }
    norm = norm / best;
    for (const auto suffix : linears_of(kind)) prepared_.layer.linear(suffix) = prepared_.layer.linear(suffix) * best;
    for (LayerState& state : states_) state.site_input = state.site_input / best;
  }

  const LayerCalibration& c_;
  PreparedLayer prepared_;
  std::vector<LayerState> states_;  // of all batches, in the prepared layer's coordinates
};

}  // namespace

torch::Tensor smooth_scales(const torch::Tensor& largest_input, const torch::Tensor& largest_weight, double alpha) {
  return (largest_input.clamp_min(1e-5).pow(alpha) / largest_weight.clamp_min(1e-5).pow(1 - alpha)).clamp_min(1e-5);
}

PreparedLayer Smoothing::prepare(const reference::DecoderLayer& layer, const LayerCalibration& calibration) const {
  return SmoothingSearch(layer, calibration).run();
}

}  // namespace qvlm::quantization
