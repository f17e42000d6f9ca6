// Encoding by scores: SentencePiece's BPE and unigram models (Kudo and Richardson 2018; Kudo 2018). Own code, because Debian's library exports
// its copy of protobuf, which breaks libtorch's in the same process; the tests hold it against the library's ids.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/input/sentence_piece_normalizer.h"
#include "core/model/tokenizer_data.h"

namespace qvlm {

class SentencePieceEncoder {
 public:
  /// `data` must outlive this. Throws Error naming the file where the pieces make no SentencePiece model.
  explicit SentencePieceEncoder(const TokenizerData& data);

  /// Appends the ids of `text`, which is valid UTF-8; `prefixed`: with the model's leading space, if it has one.
  void encode(std::string_view text, bool prefixed, std::vector<int32_t>& out) const;

 private:
  /// A stretch of the normalised text, and its id.
  struct Segment {
    std::string_view text;
    int32_t id;
  };
  std::vector<Segment> merge_by_score(std::string_view text) const;
  std::vector<Segment> best_segmentation(std::string_view text) const;
  /// The id of a mergeable piece; -1: none.
  int32_t find(std::string_view piece) const;

  const TokenizerData& data_;
  SentencePieceNormalizer normalizer_;
  LiteralPieces literals_;
  std::unordered_map<std::string_view, int32_t> pieces_;  // of the types normal, user-defined and unused
  std::vector<int32_t> byte_ids_;                         // [256], or empty: no byte fallback
  int32_t unknown_ = -1;
  size_t longest_ = 1;                                    // bytes of the longest piece
  float lowest_score_ = 0, highest_score_ = 0;            // of the normal pieces
};

}  // namespace qvlm
