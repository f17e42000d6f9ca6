// The names that Hugging Face's own programs save a model's tensors under.
#pragma once

#include <string>

#include "core/model/vlm_config.h"

namespace qvlm {

/// Prefix of the tower's tensors. Its post_layernorm, which transformers looks for and LLaVA does not use, has no canonical name.
inline constexpr const char* kSavedTower = "vision_tower.vision_model.";

/// The name that LlavaForConditionalGeneration (with a tower) or LlamaForCausalLM saves a canonical tensor under. Throws Error for a tensor
/// that these classes have not.
std::string hugging_face_name(const VlmConfig& config, const std::string& canonical);

}  // namespace qvlm
