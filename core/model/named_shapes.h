// Shapes of models that are known by name: what a benchmark or a random checkpoint of "llava-7b" has. No weights.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/model/vlm_config.h"

namespace qvlm {

/// "llava-7b", "llava-13b", "qwen2.5-vl-3b", "smolvlm-256m", "tinyllama-1.1b", "demo". A tower of another kind than CLIP's is left out (Qwen's
/// own, SmolVLM's SigLIP with pixel shuffle): then the decoder alone.
std::vector<std::string> shape_names();
/// Throws Error naming the known ones.
VlmConfig shape_named(std::string_view name);

}  // namespace qvlm
