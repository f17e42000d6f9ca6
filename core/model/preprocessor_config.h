// How a checkpoint says that pictures become pixels: preprocessor_config.json.
#pragma once

#include <filesystem>

#include "core/model/vlm_config.h"

namespace qvlm {

/// Reads preprocessor_config.json, or the image_processor of processor_config.json, in their old and new forms; with
/// neither, CLIP's constants at the tower's size. `pad_square` is the fit where the file does not speak of padding (the
/// original LLaVA). Throws Error naming file and field: sizes that do not give the tower's input, bad constants.
PreprocessConfig read_preprocess_config(const std::filesystem::path& folder, const VisionConfig& vision,
                                        bool pad_square);

/// Throws Error naming `origin` unless the result of the preprocessing fits the tower.
void check_preprocess(const PreprocessConfig& preprocess, const VisionConfig& vision, const std::string& origin);

}  // namespace qvlm
