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
  const std::pair<const char*, const torch::Tensor*> others[] = {{"attention_norm.weight", &layer.attention_norm}, {"mlp_norm.weight", &layer.mlp_norm},
                                                                 {"attention.query.bias", &layer.query_bias},      {"attention.key.bias", &layer.key_bias},
                                                                 {"attention.value.bias", &layer.value_bias}};
  for (const auto& [name, tensor] : others) quantization::demand_finite(*tensor, "decoder." + std::to_string(index) + "." + name);
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

ResidentLayer prepare_layer(const Model& model, int layer, const WeightMethod& method, const LayerCalibration& calibration,
                            const reference::Workers& workers, calibration::ActivationSpill& spill) {
  ResidentLayer result;
  DecoderLayer original = DecoderLayer::load(model, layer, torch::kFloat32);
  reference::release_layer(model, layer);
  demand_finite(original, layer);
  result.prepared = method.prepare(original, calibration);
  if (result.prepared.folded) {
    result.next_hidden = calibration::BatchTensors(calibration.hidden.size());
    workers.run(calibration.hidden.size(), [&](size_t b) {
      result.next_hidden.set(b, spill.keep(reference::decoder_layer(calibration.config, original, calibration.hidden[b], calibration.rotary, layer)));
    });
  }
  const DecoderLayer& prepared = result.prepared.layer;
  result.quantized.index = layer;
  result.quantized.attention_norm = prepared.attention_norm;
  result.quantized.mlp_norm = prepared.mlp_norm;
  result.quantized.query_bias = prepared.query_bias;
  result.quantized.key_bias = prepared.key_bias;
  result.quantized.value_bias = prepared.value_bias;
  result.quantized.transforms = prepared.transforms;
  return result;
}

}  // namespace qvlm::quantization
