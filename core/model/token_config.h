// Which token ids begin and end texts: from a folder's generation_config.json, config.json and tokenizer.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/base/json.h"
#include "core/model/model.h"
#include "core/model/tokenizer_data.h"

namespace qvlm {

/// tokenizer.json, else tokenizer.model, else Kind::NONE.
TokenizerSource find_tokenizer(const std::filesystem::path& folder);

/// Fills begin, end, pad and add_begin of `tokens` (image stays). The end tokens are those of generation_config.json
/// and the tokenizer's; without either, config.json's. `vocabulary` bounds the ids. Throws Error naming file and key.
void read_token_config(const std::filesystem::path& folder, const Json& config,
                       const std::optional<TokenizerData>& tokenizer, int vocabulary, TokenConfig& tokens);

}  // namespace qvlm
