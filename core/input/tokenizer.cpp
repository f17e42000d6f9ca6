// The order of Hugging Face's pipeline: added tokens, normalizer, added tokens of the normalised text, pre-tokenizer, model.
#include "core/input/tokenizer.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "core/base/error.h"
#include "core/input/added_tokens.h"
#include "core/input/byte_pair_encoder.h"
#include "core/input/detokenizer.h"
#include "core/input/normalizer_chain.h"
#include "core/input/pre_tokenizer_chain.h"
#include "core/input/sentence_piece_encoder.h"
#include "core/input/unicode.h"

namespace qvlm {
namespace {

/// The file's added tokens, and the control and user-defined pieces that a SentencePiece or GGUF file marks only by their type.
std::vector<AddedToken> all_added(const TokenizerData& data) {
  std::vector<AddedToken> added = data.added;
  std::unordered_set<int32_t> known;
  for (const AddedToken& token : added) known.insert(token.id);
  for (size_t id = 0; id < data.pieces.size() && id < data.types.size(); ++id) {
    const bool control = data.types[id] == TokenType::CONTROL || data.types[id] == TokenType::UNKNOWN;
    if (!control && data.types[id] != TokenType::USER_DEFINED) continue;
    if (data.pieces[id].empty() || known.contains(static_cast<int32_t>(id))) continue;
    added.push_back({static_cast<int32_t>(id), data.pieces[id], control, false, false, false, false});
  }
  return added;
}

}  // namespace

struct Tokenizer::Engine {
  explicit Engine(const TokenizerData& data)
      : normalizer(data.normalizers, data.origin), pre_tokenizer(data.pre_tokenizers, data.origin), raw({}), normalized({}) {
    for (size_t id = 0; id < data.pieces.size(); ++id) {
      if (!data.pieces[id].empty()) ids.try_emplace(data.pieces[id], static_cast<int32_t>(id));
    }
    std::vector<AddedToken> in_raw, in_normalized;
    for (AddedToken& token : all_added(data)) {
      if (token.id < 0) throw Error::in(data.origin, "added token \"" + token.text + "\"", "an id", std::to_string(token.id));
      added.insert(token.id);
      if (token.special) special.insert(token.id);
      if (token.normalized) token.text = normalizer.apply(valid_utf8(token.text));
      (token.normalized ? in_normalized : in_raw).push_back(std::move(token));
    }
    for (size_t id = 0; id < data.types.size(); ++id) {
      if (data.types[id] == TokenType::CONTROL) special.insert(static_cast<int32_t>(id));
    }
    raw = AddedTokenSplitter(std::move(in_raw));
    normalized = AddedTokenSplitter(std::move(in_normalized));
    if (data.kind == TokenizerData::Kind::BPE) {
      by_merges.emplace(data, ids);
    } else {
      by_scores.emplace(data);
    }
  }

  PieceIds ids;
  NormalizerChain normalizer;
  PreTokenizerChain pre_tokenizer;
  AddedTokenSplitter raw, normalized;  // matched in the text as it comes, and after the normalizer
  std::unordered_set<int32_t> added, special;
  std::optional<BytePairEncoder> by_merges;
  std::optional<SentencePieceEncoder> by_scores;
};

Tokenizer::Tokenizer(TokenizerData data) : data_(std::move(data)), engine_(std::make_unique<Engine>(data_)) {}
Tokenizer::~Tokenizer() = default;

std::unique_ptr<Tokenizer> Tokenizer::from(TokenizerData data) { return std::unique_ptr<Tokenizer>(new Tokenizer(std::move(data))); }

std::unique_ptr<Tokenizer> Tokenizer::open(const Model& model) {
  if (model.tokenizer().kind == TokenizerSource::Kind::NONE) {
    throw Error(model.path().string() + ": it has no tokenizer (expected tokenizer.json, tokenizer.model, or the keys of a GGUF file)");
  }
  return from(read_tokenizer(model.tokenizer()));
}

std::unique_ptr<Tokenizer> Tokenizer::open(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) {
    for (const char* name : {"tokenizer.json", "tokenizer.model"}) {
      if (std::filesystem::exists(path / name)) return open(path / name);
    }
    throw Error::in(path.string(), "", "tokenizer.json or tokenizer.model", "neither");
  }
  using Kind = TokenizerSource::Kind;
  const auto extension = path.extension();
  return from(read_tokenizer({extension == ".json" ? Kind::TOKENIZER_JSON : extension == ".gguf" ? Kind::GGUF_FILE : Kind::TOKENIZER_MODEL, path}));
}

std::vector<int32_t> Tokenizer::encode(std::string_view input, bool add_special) const {
  const std::string text = valid_utf8(input);
  std::vector<int32_t> ids;
  ids.reserve(text.size() / 3 + 2);
  if (add_special && data_.add_begin && data_.begin >= 0) ids.push_back(data_.begin);
  for (const auto& outer : engine_->raw.split(text)) {
    if (outer.id >= 0) {
      ids.push_back(outer.id);
      continue;
    }
    const std::string normalized = engine_->normalizer.apply(outer.text);
    for (const auto& inner : engine_->normalized.split(normalized)) {
      const bool at_start = outer.offset == 0 && inner.offset == 0;
      if (inner.id >= 0) {
        ids.push_back(inner.id);
      } else if (engine_->by_scores) {
        engine_->by_scores->encode(inner.text, data_.legacy || at_start, ids);
      } else {
        for (const std::string& word : engine_->pre_tokenizer.apply(std::string(inner.text), at_start)) engine_->by_merges->encode(word, ids);
      }
    }
  }
  if (add_special && data_.add_end && data_.end >= 0) ids.push_back(data_.end);
  return ids;
}

std::string Tokenizer::decode(std::span<const int32_t> ids, bool skip_special) const {
  std::vector<std::string> pieces;
  for (const int32_t id : ids) {
    if (piece(id).empty() || (skip_special && is_special(id))) continue;
    pieces.push_back(piece(id));
  }
  return text_of_pieces(data_, std::move(pieces));
}

const std::string& Tokenizer::piece(int32_t id) const {
  static const std::string none;
  return id >= 0 && id < data_.vocabulary() ? data_.pieces[static_cast<size_t>(id)] : none;
}

int32_t Tokenizer::token_id(std::string_view piece) const {
  const auto found = engine_->ids.find(piece);
  return found == engine_->ids.end() ? -1 : found->second;
}

bool Tokenizer::is_special(int32_t id) const { return engine_->special.contains(id); }
bool Tokenizer::is_added(int32_t id) const { return engine_->added.contains(id); }

std::string Tokenizer::bytes_of(int32_t id, bool first) const {
  if (piece(id).empty() || is_special(id)) return {};
  return bytes_of_piece(data_, piece(id), first);
}

std::string StreamingDecoder::push(int32_t id) {
  if (tokenizer_.piece(id).empty() || tokenizer_.is_special(id)) return {};
  pending_ += tokenizer_.bytes_of(id, first_);
  first_ = false;
  const size_t whole = complete_utf8_prefix(pending_);
  std::string text = valid_utf8(std::string_view(pending_).substr(0, whole));
  pending_.erase(0, whole);
  return text;
}

std::string StreamingDecoder::finish() {
  std::string text = valid_utf8(pending_);
  pending_.clear();
  return text;
}

}  // namespace qvlm
