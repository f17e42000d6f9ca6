// A decoder layer while the search pass works on it: what its method made of it, and what is rounded of it so far.
#pragma once

#include <torch/types.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "core/lab/calibration/batch_tensors.h"
#include "core/lab/quantization/block_search.h"
#include "core/lab/quantization/layer_file.h"
#include "core/lab/quantization/methods/weight_method.h"
#include "core/model/model.h"

namespace qvlm::quantization {

struct ResidentLayer {
  PreparedLayer prepared;  // of sites that are done, the linears are undefined
  QuantizedLayer quantized;
  calibration::BatchTensors next_hidden;  // the checkpoint layer's own output, where the prepared one differs; else empty
  std::array<TokenWeights, kSitesPerLayer> token_weights;  // of the losses behind each site
  double weight_error = 0, weight_energy = 0;
  Deviation output, tokens;
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();

  /// `rounded` stands in the place of the prepared linear.
  void count_error(std::string_view suffix, const torch::Tensor& rounded);
  /// The float weights of a site that is done.
  void release(SiteKind kind);
};

/// Loads a layer and has it prepared. calibration.hidden: its float input. `relative`: tokens count by one over their squared norm behind the
/// sublayer, in the place of calibration.token_weights. Throws Error naming a tensor that is not finite.
ResidentLayer prepare_layer(const Model& model, int layer, const WeightMethod& method, LayerCalibration calibration, bool relative,
                            const reference::Workers& workers, calibration::ActivationSpill& spill);

/// Throws Error saying that `name` has values that are not finite.
void demand_finite(const torch::Tensor& tensor, const std::string& name);

}  // namespace qvlm::quantization
