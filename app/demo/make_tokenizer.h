// Trains the demo VLM's SentencePiece model and writes it in every layout a checkpoint folder has.
#pragma once

#include <filesystem>

#include "core/model/vlm_config.h"

namespace qvlm::demo {

inline constexpr int kTokenizerPieces = 1022;  // of the SentencePiece model
inline constexpr int kImageTokenId = 1022;     // <image>
inline constexpr int kPadTokenId = 1023;       // <pad>
inline constexpr int kVocabulary = 1024;       // rows of the embedding table
inline constexpr int kImageTokens = 64;        // ids that one <image> becomes: 8 x 8 patches

/// The tokens that the tokenizer has besides words.
inline TokenConfig demo_tokens() {
  return {1, {2}, kPadTokenId, kImageTokenId, true};
}

/// Writes tokenizer.model, tokenizer.json, tokenizer_config.json, chat_template.jinja and special_tokens_map.json.
/// Throws Error.
void make_tokenizer(const std::filesystem::path& folder);

}  // namespace qvlm::demo
