// Reading what a model is calibrated on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/data/sample.h"

namespace qvlm {

struct CalibrationOptions {
  std::filesystem::path images;  // where the pictures are; empty: beside the set's file
  std::string prompt = "Describe the picture.";  // for a folder of pictures
  int64_t samples = 0;           // so many, drawn by seed; 0: all
  uint64_t seed = 0;
};

/// `path` is one of
/// - LLaVA's conversation JSON, or a folder with conversations.json: dialogues with their answers;
/// - a folder of pictures (PNG, JPEG, WebP, BMP, GIF): each with options.prompt, in order of their names;
/// - a .txt file: texts, divided by blank lines, for decoders without a tower.
/// Throws Error naming file, entry and path: absent pictures and duplicate ids (up to five are listed), an empty set, another format.
std::vector<Sample> read_calibration_set(const std::filesystem::path& path, const CalibrationOptions& options = {});

}  // namespace qvlm
