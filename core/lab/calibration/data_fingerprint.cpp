// Reads the set and hashes its prompts.
#include "core/lab/calibration/data_fingerprint.h"

#include "core/lab/calibration/prepare.h"

namespace qvlm::calibration {

std::string data_fingerprint(const Model& model, const std::filesystem::path& set, const CalibrationOptions& options) {
  return fingerprint(build_prompts(model, read_calibration_set(set, options)));
}

}  // namespace qvlm::calibration
