// Encoding by scores (SentencePiece's BPE and unigram models) through the SentencePiece library.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/model/tokenizer_data.h"

namespace qvlm {

class SentencePieceEncoder {
 public:
  /// Throws Error naming the file where the pieces make no SentencePiece model.
  explicit SentencePieceEncoder(const TokenizerData& data);
  ~SentencePieceEncoder();
  SentencePieceEncoder(SentencePieceEncoder&&) noexcept;
  SentencePieceEncoder& operator=(SentencePieceEncoder&&) noexcept;

  /// Appends the ids of `text`; `prefixed`: with the model's leading space, if it has one.
  void encode(std::string_view text, bool prefixed, std::vector<int32_t>& out) const;

 private:
  struct Processors;
  std::unique_ptr<Processors> processors_;
};

}  // namespace qvlm
