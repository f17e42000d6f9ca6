// Cutting added tokens (special or not) out of a text before anything else looks at it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/tokenizer_data.h"

namespace qvlm {

class AddedTokenSplitter {
 public:
  explicit AddedTokenSplitter(std::vector<AddedToken> tokens);

  /// A stretch of ordinary text (id -1), or an added token.
  struct Segment {
    std::string_view text;
    int32_t id = -1;
    size_t offset = 0;  // of text, in bytes
  };

  /// Left to right, the longest token at each place; lstrip, rstrip and single_word as Hugging Face's AddedVocabulary. The segments view
  /// `text`, which must be valid UTF-8; empty ones are left out.
  std::vector<Segment> split(std::string_view text) const;

 private:
  const AddedToken* longest_at(std::string_view text, size_t at) const;

  std::vector<AddedToken> tokens_;                       // by first byte, then longest first
  std::array<std::pair<size_t, size_t>, 256> by_byte_{};  // [begin, end) in tokens_
};

}  // namespace qvlm
