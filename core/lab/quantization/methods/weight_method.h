// What a weight method is: it turns a layer into one of the same function whose weights round better, and says what is to be rounded.
#pragma once

#include <torch/types.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/lab/calibration/batches.h"
#include "core/lab/calibration/statistics.h"
#include "core/lab/quantization/weight_quantizer.h"
#include "core/lab/reference/decoder.h"
#include "core/model/sites.h"
#include "core/run/recipe.h"

namespace qvlm::quantization {

/// What a method may look at: the float model's inputs of this layer.
struct LayerCalibration {
  const DecoderConfig& config;
  const reference::RotaryTable& rotary;
  const calibration::Batches& batches;
  const std::vector<torch::Tensor>& hidden;                                   // one a batch: the layer's float input
  std::array<const calibration::SiteStatistics*, kSitesPerLayer> statistics;  // of the layer's sites in float
  std::array<WeightGrid, kSitesPerLayer> grids;                               // of the linears reading each site
  std::string name;                                                           // "decoder.3", for messages
};

/// The layer that is quantized in the place of the checkpoint's.
struct PreparedLayer {
  reference::DecoderLayer layer;                    // the same function as the checkpoint's layer, in float
  std::map<std::string, torch::Tensor> to_round;    // by canonical suffix; a linear that is absent is rounded as layer has it
  bool folded = false;                              // layer differs from the checkpoint's
  const torch::Tensor& weight_to_round(std::string_view suffix) const;
};

class WeightMethod {
 public:
  virtual ~WeightMethod() = default;
  /// Does not change `layer`'s tensors.
  virtual PreparedLayer prepare(const reference::DecoderLayer& layer, const LayerCalibration& calibration) const = 0;
  /// True if a site's bits may change what other sites of its layer round.
  virtual bool couples_sites() const { return false; }
};

std::unique_ptr<WeightMethod> make_weight_method(qvlm::WeightMethod method);

}  // namespace qvlm::quantization
