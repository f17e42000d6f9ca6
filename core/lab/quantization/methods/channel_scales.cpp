// Where each site's scales go.
#include "core/lab/quantization/methods/channel_scales.h"

#include "core/base/error.h"
#include "core/lab/calibration/channel_scales.h"

namespace qvlm::quantization {

reference::DecoderLayer fold_channel_scales(const DecoderConfig& config, const reference::DecoderLayer& layer,
                                            const std::array<torch::Tensor, kSitesPerLayer>& scales) {
  if (config.down_hadamard > 0) throw Error("channel scales: an online transform stands between mlp.up and mlp.down");
  reference::DecoderLayer folded = layer;
  for (int kind = 0; kind < kSitesPerLayer; ++kind) {
    for (const auto suffix : linears_of(static_cast<SiteKind>(kind))) folded.linear(suffix) = folded.linear(suffix) * scales[static_cast<size_t>(kind)];
  }
  const auto& [attention, output, mlp, down] = scales;
  folded.attention_norm = folded.attention_norm / attention;
  folded.mlp_norm = folded.mlp_norm / mlp;
  const auto values = calibration::of_value_channels(config, output);  // attention mixes tokens, never channels
  folded.value = folded.value / values.unsqueeze(1);
  if (folded.value_bias.defined()) folded.value_bias = folded.value_bias / values;
  folded.up = folded.up / down.unsqueeze(1);  // activation(gate) * up is linear in up
  return folded;
}

PreparedLayer WithChannelScales::prepare(const reference::DecoderLayer& layer, const LayerCalibration& calibration) const {
  std::array<torch::Tensor, kSitesPerLayer> scales;
  for (size_t kind = 0; kind < kSitesPerLayer; ++kind) {
    scales[kind] = calibration::channel_scales(calibration.config, static_cast<SiteKind>(kind), calibration.statistics[kind]->largest);
  }
  PreparedLayer prepared = method_->prepare(fold_channel_scales(calibration.config, layer, scales), calibration);
  prepared.folded = true;
  return prepared;
}

}  // namespace qvlm::quantization
