// Byte-pair encoding of one word by ranked merges (Sennrich et al. 2016), with byte fallback, as Hugging Face's BPE model.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/model/tokenizer_data.h"

namespace qvlm {

/// Piece text -> id.
using PieceIds = std::unordered_map<std::string_view, int32_t>;

class BytePairEncoder {
 public:
  /// `data` and `ids` must outlive this. Throws Error for a merge whose parts or whole are no pieces.
  BytePairEncoder(const TokenizerData& data, const PieceIds& ids);

  /// Appends the ids of `word` (valid UTF-8). O(n log n) in its length.
  void encode(std::string_view word, std::vector<int32_t>& out) const;

 private:
  struct Merge {
    int32_t rank = 0;
    int32_t merged = 0;  // id
  };
  const Merge* merge_of(int32_t left, int32_t right) const;
  std::vector<int32_t> characters_of(std::string_view word) const;

  const TokenizerData& data_;
  const PieceIds& ids_;
  std::unordered_map<uint64_t, Merge> merges_;  // by left id << 32 | right id
  std::vector<int32_t> byte_ids_;               // [256] of <0xXX>, or empty
  int32_t unknown_ = -1;
};

/// "<0x0A>"
std::string byte_piece(unsigned char byte);
/// The byte of a piece like "<0x0A>"; -1 for any other piece.
int byte_of_piece(std::string_view piece);

}  // namespace qvlm
