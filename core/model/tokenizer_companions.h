// The files beside tokenizer.json and tokenizer.model: special tokens, flags, chat template.
#pragma once

#include <filesystem>
#include <string>

#include "core/model/tokenizer_data.h"

namespace qvlm {

/// Reads tokenizer_config.json, special_tokens_map.json, added_tokens.json where they are there, and fills begin, end,
/// unknown, pad, added, legacy, chat_template, and the add flags where the files state them. Throws Error naming file
/// and field.
void read_companions(const std::filesystem::path& folder, TokenizerData& data);

/// chat_template.jinja, chat_template.json or tokenizer_config.json; of several named ones, "default". Empty: none.
std::string read_chat_template(const std::filesystem::path& folder);

/// Makes room for an added token, as a piece with its id. Throws Error (naming `file`) if another piece has the id or
/// the id is absurd.
void add_token(TokenizerData& data, const AddedToken& token, const std::string& file);

/// The id of a piece, or -1.
int32_t find_piece(const TokenizerData& data, const std::string& piece);

}  // namespace qvlm
