// Hands the pieces to the library as a serialized ModelProto (sentencepiece_model.proto), so that models from GGUF keys take the same way
// as tokenizer.model files. Two processors: with and without the leading space.
#include "core/input/sentence_piece_encoder.h"

#include <sentencepiece_processor.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>
#include <string>

#include "core/base/error.h"

namespace qvlm {
namespace {

/// The few kinds of protobuf fields that the model needs.
class ProtoWriter {
 public:
  void number(int field, uint64_t value) {
    varint(static_cast<uint64_t>(field) << 3);
    varint(value);
  }
  void real(int field, float value) {
    varint(static_cast<uint64_t>(field) << 3 | 5);
    const auto bits = std::bit_cast<uint32_t>(value);
    for (int i = 0; i < 4; ++i) bytes_ += static_cast<char>(bits >> (8 * i));
  }
  void text(int field, std::string_view value) {
    varint(static_cast<uint64_t>(field) << 3 | 2);
    varint(value.size());
    bytes_ += value;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

/// Field numbers: ModelProto {pieces 1, trainer_spec 2, normalizer_spec 3}, SentencePiece {piece 1, score 2, type 3}, TrainerSpec
/// {model_type 3, vocab_size 4, byte_fallback 35, unk_id 40, ...}, NormalizerSpec {name 1, precompiled_charsmap 2, add_dummy_prefix 3,
/// remove_extra_whitespaces 4, escape_whitespaces 5}.
std::string serialized_model(const TokenizerData& data, bool add_prefix) {
  ProtoWriter model;
  std::set<std::string_view> seen;
  const auto type_of = [&](size_t id) { return id < data.types.size() ? data.types[id] : TokenType::NORMAL; };
  int64_t bytes = 0;
  for (size_t id = 0; id < data.pieces.size(); ++id) {
    // The library wants every piece once and none empty; a table's padding has neither.
    const bool usable = !data.pieces[id].empty() && seen.insert(data.pieces[id]).second;
    TokenType type = usable ? type_of(id) : TokenType::UNUSED;
    if (type == TokenType::BYTE) ++bytes;
    ProtoWriter piece;
    piece.text(1, usable ? data.pieces[id] : "[UNUSED" + std::to_string(id) + "]");
    piece.real(2, id < data.scores.size() ? data.scores[id] : 0.0f);
    piece.number(3, static_cast<uint64_t>(type));
    model.text(1, piece.bytes());
  }
  ProtoWriter trainer;
  trainer.number(3, data.kind == TokenizerData::Kind::SPM ? 2 : 1);
  trainer.number(4, data.pieces.size());
  trainer.number(35, bytes == 256 ? 1 : 0);
  model.text(2, trainer.bytes());
  ProtoWriter normalizer;
  normalizer.text(1, data.precompiled_normalizer.empty() ? "identity" : "custom");
  if (!data.precompiled_normalizer.empty()) normalizer.text(2, data.precompiled_normalizer);
  normalizer.number(3, add_prefix ? 1 : 0);
  normalizer.number(4, data.remove_extra_whitespaces ? 1 : 0);
  normalizer.number(5, 1);
  model.text(3, normalizer.bytes());
  return model.bytes();
}

}  // namespace

struct SentencePieceEncoder::Processors {
  sentencepiece::SentencePieceProcessor plain, prefixed;
};

SentencePieceEncoder::SentencePieceEncoder(const TokenizerData& data) : processors_(std::make_unique<Processors>()) {
  if (std::count(data.types.begin(), data.types.end(), TokenType::UNKNOWN) != 1) {
    throw Error::in(data.origin, "pieces", "exactly one of the type unknown",
                    std::to_string(std::count(data.types.begin(), data.types.end(), TokenType::UNKNOWN)));
  }
  const auto load = [&](sentencepiece::SentencePieceProcessor& processor, bool add_prefix) {
    const auto status = processor.LoadFromSerializedProto(serialized_model(data, add_prefix));
    if (!status.ok()) throw Error(data.origin + ": SentencePiece refuses the model: " + status.ToString());
  };
  load(processors_->plain, false);
  load(processors_->prefixed, data.add_prefix_space);
}

SentencePieceEncoder::~SentencePieceEncoder() = default;
SentencePieceEncoder::SentencePieceEncoder(SentencePieceEncoder&&) noexcept = default;
SentencePieceEncoder& SentencePieceEncoder::operator=(SentencePieceEncoder&&) noexcept = default;

void SentencePieceEncoder::encode(std::string_view text, bool prefixed, std::vector<int32_t>& out) const {
  std::vector<int> ids;
  const auto status = (prefixed ? processors_->prefixed : processors_->plain).Encode(text, &ids);
  if (!status.ok()) throw Error("the text could not be encoded: " + status.ToString());
  out.insert(out.end(), ids.begin(), ids.end());
}

}  // namespace qvlm
