// Round to nearest: the weights as they are, both steps at their defaults.
#pragma once

#include "core/lab/quantization/methods/weight_method.h"

namespace qvlm::quantization {

class RoundToNearest : public WeightMethod {};

}  // namespace qvlm::quantization
