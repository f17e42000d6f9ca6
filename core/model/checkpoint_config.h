// What a checkpoint folder of Hugging Face says about itself beside its weights: config.json and its companions, read and written.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/model/families/family.h"
#include "core/model/tokenizer_data.h"

namespace qvlm {

/// The whole description: by the family from `config` (config.json), and from generation_config.json, the preprocessing's file and the chat
/// template in `folder`. `has_tensor` knows the weights by the file's own names; `tokens` is the folder's tokenizer, where it has one.
/// Throws Error naming file and field.
FamilyDescription describe_checkpoint(const Family& family, const std::filesystem::path& folder, const Json& config, const OpenOptions& options,
                                      const std::function<bool(std::string_view)>& has_tensor, const std::optional<TokenizerData>& tokens);

/// Writes config.json and generation_config.json, and with a tower preprocessor_config.json and processor_config.json, for
/// LlavaForConditionalGeneration (with a tower) or LlamaForCausalLM, as float16; describe_checkpoint() reads `config` from them, but for name,
/// add_begin and template. `image_piece`: the text of config.tokens.image; without a tower it is not used. `more`: an object whose members
/// config.json has besides. Throws Error naming the file.
void write_checkpoint_config(const VlmConfig& config, const std::string& image_piece, const Json& more, const std::filesystem::path& folder);

}  // namespace qvlm
