// Reads SentencePiece's tokenizer.model: a ModelProto in protobuf's wire format, of which a few fields are needed
// (field numbers: sentencepiece_model.proto).
#include <bit>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/model/tokenizer_companions.h"
#include "core/model/tokenizer_data.h"

namespace qvlm {

namespace {

/// Walks the fields of one protobuf message.
class Fields {
 public:
  Fields(std::string_view bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  struct Field {
    uint64_t number = 0;
    uint64_t value = 0;      // varint or fixed
    std::string_view bytes;  // length-delimited
    bool delimited = false;
  };

  std::optional<Field> next() {
    if (at_ == bytes_.size()) return std::nullopt;
    const uint64_t tag = varint();
    Field field;
    field.number = tag >> 3;
    switch (tag & 7) {
      case 0:
        field.value = varint();
        break;
      case 1:
        field.value = fixed(8);
        break;
      case 2: {
        const uint64_t length = varint();
        if (length > bytes_.size() - at_) cut();
        field.bytes = bytes_.substr(at_, length);
        field.delimited = true;
        at_ += length;
        break;
      }
      case 5:
        field.value = fixed(4);
        break;
      default:
        throw Error(file_ + ": not a SentencePiece model (protobuf wire type " + std::to_string(tag & 7) + ")");
    }
    return field;
  }

 private:
  [[noreturn]] void cut() const { throw Error(file_ + ": not a SentencePiece model, or cut"); }
  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ == bytes_.size()) cut();
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    cut();
  }
  uint64_t fixed(size_t count) {
    if (count > bytes_.size() - at_) cut();
    uint64_t value = 0;
    for (size_t i = 0; i < count; ++i)
      value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes_[at_ + i])) << (8 * i);
    at_ += count;
    return value;
  }

  std::string_view bytes_;
  const std::string& file_;
  size_t at_ = 0;
};

void read_piece(std::string_view bytes, const std::string& file, TokenizerData& data) {
  std::string piece;
  float score = 0;
  uint64_t type = 1;
  Fields fields(bytes, file);
  while (const auto field = fields.next()) {
    if (field->number == 1 && field->delimited) piece = std::string(field->bytes);
    if (field->number == 2) score = std::bit_cast<float>(static_cast<uint32_t>(field->value));
    if (field->number == 3) type = field->value;
  }
  if (type < 1 || type > 6)
    throw Error::in(file, fmt::format("type of piece {}", data.pieces.size()), "1 to 6", std::to_string(type));
  data.pieces.push_back(std::move(piece));
  data.scores.push_back(score);
  data.types.push_back(static_cast<TokenType>(type));
}

void read_trainer(std::string_view bytes, const std::string& file, TokenizerData& data) {
  uint64_t type = 1;
  data.unknown = 0, data.begin = 1, data.end = 2, data.pad = -1;  // trainer_spec's defaults
  Fields fields(bytes, file);
  while (const auto field = fields.next()) switch (field->number) {
      case 3:
        type = field->value;
        break;
      case 35:
        data.byte_fallback = field->value != 0;
        break;
      case 40:
        data.unknown = static_cast<int32_t>(field->value);
        break;
      case 41:
        data.begin = static_cast<int32_t>(field->value);
        break;
      case 42:
        data.end = static_cast<int32_t>(field->value);
        break;
      case 43:
        data.pad = static_cast<int32_t>(field->value);
        break;
      default:
        break;
    }
  if (type != 1 && type != 2) throw Error::in(file, "model_type", "unigram (1) or BPE (2)", std::to_string(type));
  data.kind = type == 2 ? TokenizerData::Kind::SPM : TokenizerData::Kind::UNIGRAM;
}

void read_normalizer(std::string_view bytes, const std::string& file, TokenizerData& data) {
  Fields fields(bytes, file);
  while (const auto field = fields.next()) switch (field->number) {
      case 2:
        data.precompiled_normalizer = std::string(field->bytes);
        break;
      case 3:
        data.add_prefix_space = field->value != 0;
        break;
      case 4:
        data.remove_extra_whitespaces = field->value != 0;
        break;
      case 5:
        if (field->value == 0) throw Error::in(file, "normalizer_spec: escape_whitespaces", "true", "false");
        break;
      default:
        break;
    }
}

}  // namespace

TokenizerData read_tokenizer_model(const std::filesystem::path& path) {
  const std::string file = path.string();
  const MappedFile mapped(path);
  TokenizerData data;
  data.origin = file;
  data.kind = TokenizerData::Kind::UNIGRAM;
  data.unknown = 0, data.begin = 1, data.end = 2;
  data.add_prefix_space = data.remove_extra_whitespaces = true;  // normalizer_spec's defaults
  Fields fields({reinterpret_cast<const char*>(mapped.bytes().data()), mapped.bytes().size()}, file);
  while (const auto field = fields.next()) {
    if (!field->delimited) continue;
    if (field->number == 1) read_piece(field->bytes, file, data);
    if (field->number == 2) read_trainer(field->bytes, file, data);
    if (field->number == 3) read_normalizer(field->bytes, file, data);
  }
  if (data.pieces.empty()) throw Error(file + ": not a SentencePiece model: it has no pieces");
  for (int32_t* id : {&data.unknown, &data.begin, &data.end, &data.pad})
    if (*id < -1 || *id >= data.vocabulary())
      throw Error::in(file, "id of a special token", fmt::format("-1 to {}", data.vocabulary() - 1),
                      std::to_string(*id));

  // Hugging Face cuts these out of the text, whatever SentencePiece does.
  for (int32_t id = 0; id < data.vocabulary(); ++id) {
    const TokenType type = data.types[static_cast<size_t>(id)];
    if ((type == TokenType::CONTROL || type == TokenType::USER_DEFINED || type == TokenType::UNKNOWN) &&
        !data.pieces[static_cast<size_t>(id)].empty())
      data.added.push_back({id, data.pieces[static_cast<size_t>(id)], type != TokenType::USER_DEFINED});
  }
  data.add_begin = data.begin >= 0;
  read_companions(path.parent_path(), data);
  return data;
}

}  // namespace qvlm
