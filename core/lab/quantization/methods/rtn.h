// Round to nearest: the weights as they are.
#pragma once

#include "core/lab/quantization/methods/weight_method.h"

namespace qvlm::quantization {

class RoundToNearest : public WeightMethod {
 public:
  PreparedLayer prepare(const reference::DecoderLayer& layer, const LayerCalibration& calibration) const override;
};

}  // namespace qvlm::quantization
