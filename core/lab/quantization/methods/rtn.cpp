// Round to nearest changes nothing before rounding.
#include "core/lab/quantization/methods/rtn.h"

namespace qvlm::quantization {

PreparedLayer RoundToNearest::prepare(const reference::DecoderLayer& layer, const LayerCalibration&) const { return {layer, {}, false}; }

}  // namespace qvlm::quantization
