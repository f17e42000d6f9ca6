// SentencePiece's normalizer (Kudo and Richardson 2018): a table of replacements, white space, and the leading space.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/tokenizer_data.h"

namespace qvlm {

/// The stretches of a text that a SentencePiece model takes as they are (pieces of the type user-defined).
class LiteralPieces {
 public:
  explicit LiteralPieces(const TokenizerData& data);
  /// Bytes of the longest one that `text` begins with; 0: none.
  size_t match(std::string_view text) const;

 private:
  std::vector<std::string> longest_first_;
};

class SentencePieceNormalizer {
 public:
  /// Reads the precompiled table (a double-array trie and the texts that it points to). Throws Error naming the file where it is damaged.
  explicit SentencePieceNormalizer(const TokenizerData& data);

  /// `text` is valid UTF-8. Spaces become U+2581; `prefixed`: with one in front. Literal pieces stay as they are.
  std::string normalize(std::string_view text, bool prefixed, const LiteralPieces& literals) const;

 private:
  struct Step {
    std::string_view text;  // what comes in place
    size_t consumed;        // bytes of the input
  };
  Step next(std::string_view input, const LiteralPieces& literals) const;

  std::vector<uint32_t> units_;  // the trie, in darts-clone's layout
  std::string replacements_;     // texts that end with NUL
  bool remove_extra_whitespaces_;
};

}  // namespace qvlm
