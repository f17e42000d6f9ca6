// LLaVA's conversation JSON: [{"id", "image" or "images", "conversations": [{"from": "human", "value": "<image>\nQ"}, {"from": "gpt", ...}]}].
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/data/problems.h"
#include "core/data/sample.h"

namespace qvlm {

/// True for an array whose first entry has "conversations".
bool is_llava_conversations(const Json& set);

/// The dialogues; "<image>" marks are taken out of the texts and counted. Faults go to `problems`: a mark too many or too few, an unknown
/// speaker, an empty dialogue.
std::vector<Sample> parse_llava_conversations(const Json& set, const std::string& file, const std::filesystem::path& image_root, Problems& problems);

}  // namespace qvlm
