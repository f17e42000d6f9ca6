// Text to token ids and back, for every tokenizer that TokenizerData can describe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/tokenizer_data.h"

namespace qvlm {

/// Ids equal Hugging Face's for the same tokenizer.json, and SentencePiece's for the same tokenizer.model. Thread-safe.
class Tokenizer {
 public:
  /// Throws Error naming file and component.
  static std::unique_ptr<Tokenizer> from(TokenizerData data);
  static std::unique_ptr<Tokenizer> open(const Model& model);
  /// A tokenizer.json or tokenizer.model, or a folder with one of them.
  static std::unique_ptr<Tokenizer> open(const std::filesystem::path& path);
  ~Tokenizer();

  /// The ids of `text`; added tokens written in it become their ids. `add_special`: with the tokenizer's own begin (and end) tokens around
  /// them. Bytes that are no UTF-8 count as U+FFFD.
  std::vector<int32_t> encode(std::string_view text, bool add_special) const;

  /// The text of `ids` as Hugging Face's decode(); ids without a piece say nothing. `skip_special`: without special tokens.
  std::string decode(std::span<const int32_t> ids, bool skip_special) const;

  int32_t vocabulary() const { return data_.vocabulary(); }
  /// The piece as the file spells it; empty for an id that has none.
  const std::string& piece(int32_t id) const;
  /// -1 where no piece is spelled so.
  int32_t token_id(std::string_view piece) const;
  /// A control token, or an added token marked special.
  bool is_special(int32_t id) const;
  /// True for tokens that encode() cuts out of the text before anything else.
  bool is_added(int32_t id) const;
  const TokenizerData& data() const { return data_; }

  /// The bytes that a token adds to a text: `first` says that nothing but special tokens stands before it (a leading space is dropped
  /// there). Special tokens add nothing. They may end inside a UTF-8 character.
  std::string bytes_of(int32_t id, bool first) const;

 private:
  explicit Tokenizer(TokenizerData data);
  struct Engine;
  TokenizerData data_;
  std::unique_ptr<Engine> engine_;
};

/// Turns a stream of ids into text without ever giving half a UTF-8 character.
class StreamingDecoder {
 public:
  explicit StreamingDecoder(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
  /// What can be said with this id: whole characters only, perhaps nothing.
  std::string push(int32_t id);
  /// What is left; a cut character becomes U+FFFD.
  std::string finish();

 private:
  const Tokenizer& tokenizer_;
  std::string pending_;  // bytes
  bool first_ = true;
};

}  // namespace qvlm
