// What a tokenizer is, as data, whichever file defined it (tokenizer.json, tokenizer.model, GGUF keys). The Tokenizer of core/input is
// built from exactly this; the writers of GGUF files fill their keys from it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/model/model.h"

namespace qvlm {

/// The numbers of tokenizer.ggml.token_type and of SentencePiece's piece types.
enum class TokenType : int32_t { NORMAL = 1, UNKNOWN = 2, CONTROL = 3, USER_DEFINED = 4, UNUSED = 5, BYTE = 6 };

/// A token that is cut out of the text before anything else looks at it (added_tokens of tokenizer.json).
struct AddedToken {
  int32_t id = 0;
  std::string text;
  bool special = false;
  bool lstrip = false, rstrip = false;  // takes the whitespace on that side with it
  bool normalized = false;              // matched in the normalised text
  bool single_word = false;             // only between word borders
  bool operator==(const AddedToken&) const = default;
};

/// One step of the normalizer, in order.
struct Normalizer {
  enum class Kind { NFC, NFD, NFKC, NFKD, LOWERCASE, STRIP, REPLACE, REPLACE_REGEX, PREPEND, STRIP_ACCENTS } kind = Kind::NFC;
  std::string pattern;                    // REPLACE: plain text; REPLACE_REGEX: a regular expression
  std::string content;                    // REPLACE*: what comes in its place; PREPEND: what is put in front of a non-empty text
  bool left = true, right = true;         // STRIP
  bool operator==(const Normalizer&) const = default;
};

/// One step of the pre-tokenizer, in order.
struct PreTokenizer {
  enum class Kind { BYTE_LEVEL, SPLIT, SPLIT_TEXT, DIGITS, METASPACE, WHITESPACE, WHITESPACE_SPLIT, PUNCTUATION } kind = Kind::BYTE_LEVEL;
  enum class Behavior { REMOVED, ISOLATED, MERGED_WITH_PREVIOUS, MERGED_WITH_NEXT, CONTIGUOUS } behavior = Behavior::ISOLATED;
  enum class Prepend { ALWAYS, FIRST, NEVER } prepend = Prepend::ALWAYS;  // METASPACE
  std::string pattern;            // SPLIT: a regular expression (Oniguruma's syntax, as Hugging Face writes it); SPLIT_TEXT: plain text
  std::string replacement;        // METASPACE: U+2581
  bool invert = false;            // SPLIT
  bool individual_digits = false; // DIGITS
  bool add_prefix_space = false;  // BYTE_LEVEL
  bool use_regex = true;          // BYTE_LEVEL: GPT-2's own pattern
  bool split = true;              // METASPACE
  bool operator==(const PreTokenizer&) const = default;
};

/// One step of the decoder, in order.
struct DecoderStep {
  enum class Kind { BYTE_LEVEL, BYTE_FALLBACK, FUSE, METASPACE, REPLACE, STRIP } kind = Kind::FUSE;
  std::string pattern, content;   // REPLACE; STRIP: content is the character
  int start = 0, stop = 0;        // STRIP: at most so many at the front and at the back
  PreTokenizer::Prepend prepend = PreTokenizer::Prepend::ALWAYS;  // METASPACE
  std::string replacement;        // METASPACE
  bool operator==(const DecoderStep&) const = default;
};

struct TokenizerData {
  enum class Kind {
    SPM,      // SentencePiece's BPE: the pair with the best score is merged (tokenizer.model, GGUF "llama")
    UNIGRAM,  // SentencePiece's unigram: the best-scoring segmentation
    BPE       // merges by rank (tokenizer.json, GGUF "gpt2"); with byte_fallback and Metaspace this is Llama's in its Hugging Face form
  } kind = Kind::BPE;

  std::string origin;                 // the file, for messages
  std::vector<std::string> pieces;    // by id; empty where no piece has the id (then type UNUSED)
  std::vector<float> scores;          // by id; SPM and UNIGRAM, else empty
  std::vector<TokenType> types;       // by id
  std::vector<std::pair<std::string, std::string>> merges;  // BPE, best first
  std::vector<AddedToken> added;      // by id, ascending
  std::vector<Normalizer> normalizers;
  std::vector<PreTokenizer> pre_tokenizers;
  std::vector<DecoderStep> decoders;

  std::string unknown_piece;          // BPE: unk_token; empty: none
  int32_t begin = -1, end = -1, unknown = -1, pad = -1;  // ids; -1: none
  bool add_begin = false, add_end = false;
  bool add_prefix_space = false;      // SPM: a space is put in front of the text (add_dummy_prefix)
  bool remove_extra_whitespaces = false;  // SPM
  bool byte_fallback = false;
  bool fuse_unknown = false;          // BPE
  bool ignore_merges = false;         // BPE: a whole word that is a piece is taken as it is
  bool legacy = true;                 // tokenizer_config.json "legacy" (prefix space after added tokens)
  std::string pre_name;               // GGUF's tokenizer.ggml.pre; for other files recognised from the pattern, "default" if unknown
  std::string chat_template;          // tokenizer_config.json, chat_template.jinja, or GGUF; empty: none
  std::string precompiled_normalizer; // SPM and UNIGRAM: SentencePiece's precompiled_charsmap; empty: identity

  int32_t vocabulary() const { return static_cast<int32_t>(pieces.size()); }
};

/// Reads tokenizer.json with tokenizer_config.json, special_tokens_map.json and chat templates beside it. Throws Error naming file and
/// component where the file asks for something that TokenizerData cannot say.
TokenizerData read_tokenizer_json(const std::filesystem::path& path);
/// Reads SentencePiece's tokenizer.model (protobuf) with the same companions.
TokenizerData read_tokenizer_model(const std::filesystem::path& path);
/// From the tokenizer.ggml.* keys of a GGUF file.
TokenizerData read_tokenizer_gguf(const std::filesystem::path& path);
/// From an opened model's source. Throws Error for Kind::NONE.
TokenizerData read_tokenizer(const TokenizerSource& source);

}  // namespace qvlm
