// Preparing a layer, and letting go of it site by site.
#include "core/lab/quantization/resident_layer.h"

#include <utility>

#include "core/base/error.h"

namespace qvlm::quantization {

using reference::DecoderLayer;

namespace {

void demand_finite(const DecoderLayer& layer, int index) {
  for (int kind = 0; kind < kSitesPerLayer; ++kind) {
    for (const auto suffix : linears_of(static_cast<SiteKind>(kind))) {
      quantization::demand_finite(layer.linear(suffix), reference::decoder_weight_name(index, suffix));
    }
  }
  for (const reference::NamedVector& vector : reference::layer_vectors())
    quantization::demand_finite(layer.*vector.tensor, "decoder." + std::to_string(index) + "." + vector.suffix);
}

// Of mean 1.
void normalise(TokenWeights& weights, const calibration::Batches& batches) {
  double sum = 0, tokens = 0;
  for (size_t b = 0; b < weights.size(); ++b) {
    sum += weights[b].sum(torch::kFloat64).item<double>();
    tokens += static_cast<double>(batches.all[b].tokens());
  }
  for (torch::Tensor& of_batch : weights) of_batch.mul_(tokens / sum);
}

// By the norms of the float stream behind the layer's attention and behind its MLP.
std::array<TokenWeights, kSitesPerLayer> relative_weights(const DecoderLayer& layer, const LayerCalibration& calibration, const reference::Workers& workers) {
  TokenWeights attention(calibration.hidden.size()), mlp(calibration.hidden.size());
  workers.run(calibration.hidden.size(), [&](size_t b) {
    const torch::Tensor& mask = calibration.batches.all[b].mask;
    reference::LayerState state = reference::enter_layer(calibration.config, layer, calibration.hidden[b]);
    for (int kind = 0; kind < kSitesPerLayer; ++kind) {
      state = reference::advance(calibration.config, layer, static_cast<SiteKind>(kind), state, calibration.rotary);
      if (static_cast<SiteKind>(kind) == SiteKind::OUTPUT_INPUT) attention[b] = relative_token_weights(mask, state.residual);
    }
    mlp[b] = relative_token_weights(mask, state.residual);
  });
  for (TokenWeights* weights : {&attention, &mlp}) normalise(*weights, calibration.batches);
  return {attention, attention, mlp, mlp};
}

}  // namespace

void demand_finite(const torch::Tensor& tensor, const std::string& name) {
  if (tensor.defined() && !torch::isfinite(tensor).all().item<bool>()) throw Error(name + ": has values that are not finite");
}

void ResidentLayer::count_error(std::string_view suffix, const torch::Tensor& rounded) {
  const torch::Tensor& exact = prepared.layer.linear(suffix);
  weight_error += (rounded - exact).square().sum(torch::kFloat64).item<double>();
  weight_energy += exact.square().sum(torch::kFloat64).item<double>();
}

void ResidentLayer::release(SiteKind kind) {
  for (const auto suffix : linears_of(kind)) prepared.layer.linear(suffix) = torch::Tensor();
}

ResidentLayer prepare_layer(const Model& model, int layer, const WeightMethod& method, LayerCalibration calibration, bool relative,
                            const reference::Workers& workers, calibration::ActivationSpill& spill) {
  ResidentLayer result;
  DecoderLayer original = DecoderLayer::load(model, layer, torch::kFloat32);
  reference::release_layer(model, layer);
  demand_finite(original, layer);
  if (relative) calibration.token_weights = relative_weights(original, calibration, workers);
  result.token_weights = calibration.token_weights;
  result.prepared = method.prepare(original, calibration);
  if (result.prepared.folded) {
    result.next_hidden = calibration::BatchTensors(calibration.hidden.size());
    workers.run(calibration.hidden.size(), [&](size_t b) {
      result.next_hidden.set(b, spill.keep(reference::decoder_layer(calibration.config, original, calibration.hidden[b], calibration.rotary, layer)));
    });
  }
  const DecoderLayer& prepared = result.prepared.layer;
  result.quantized.index = layer;
  static_cast<reference::LayerVectors&>(result.quantized) = prepared;
  result.quantized.transforms = prepared.transforms;
  return result;
}

}  // namespace qvlm::quantization
