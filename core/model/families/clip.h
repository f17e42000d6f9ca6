// CLIP's vision transformer as a building block: configuration and names.
#pragma once

#include <string>
#include <vector>

#include "core/model/families/family.h"

namespace qvlm {

/// A clip_vision_model's config (with the defaults of ViT-L/14-336 where `large` says that LLaVA's apply, else of
/// CLIPVisionConfig). `layers` is what the file has; the caller sets what runs. Throws Error naming file and field.
VisionConfig read_clip_config(const Json& config, const std::string& file, bool large);

/// The tower's part of a folder's config.json: a clip_vision_model, or the vision_config of a whole CLIP. Throws Error.
VisionConfig read_clip_folder(const std::filesystem::path& folder);

NameGroup clip_names(std::vector<std::string_view> prefixes);

}  // namespace qvlm
