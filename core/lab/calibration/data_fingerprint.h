// The fingerprint of a calibration set as a run would record it. This header is free of torch.
#pragma once

#include <filesystem>
#include <string>

#include "core/data/calibration_set.h"
#include "core/model/model.h"

namespace qvlm::calibration {

/// 32 hex digits: RunStarted::calibration_fingerprint of a run of this model on this set. Throws Error as reading the set
/// does.
std::string data_fingerprint(const Model& model, const std::filesystem::path& set, const CalibrationOptions& options);

}  // namespace qvlm::calibration
