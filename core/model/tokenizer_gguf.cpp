// Tokenizers to and from GGUF's keys (peers.md 4.2).
#include "core/model/tokenizer_gguf.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/model/gguf.h"
#include "core/model/pre_tokenizers.h"

namespace qvlm {

namespace {

constexpr const char* kSpace = "\xe2\x96\x81";  // U+2581

bool byte_level(const TokenizerData& data) {
  return std::any_of(data.pre_tokenizers.begin(), data.pre_tokenizers.end(),
                     [](const PreTokenizer& step) { return step.kind == PreTokenizer::Kind::BYTE_LEVEL; });
}

// A space in front of the text, in any of the three ways that the formats say it.
bool prefix_space(const TokenizerData& data) {
  if (data.kind == TokenizerData::Kind::SPM) return data.add_prefix_space;
  for (const Normalizer& step : data.normalizers)
    if (step.kind == Normalizer::Kind::PREPEND && step.content == kSpace) return true;
  for (const PreTokenizer& step : data.pre_tokenizers) {
    if (step.kind == PreTokenizer::Kind::METASPACE) return step.prepend != PreTokenizer::Prepend::NEVER;
    if (step.kind == PreTokenizer::Kind::BYTE_LEVEL) return step.add_prefix_space;
  }
  return false;
}

// SentencePiece merges the pair with the best score first; the rank of a piece's own merge says the same.
std::vector<float> scores_of_merges(const TokenizerData& data) {
  std::unordered_map<std::string, size_t> rank;
  for (size_t i = 0; i < data.merges.size(); ++i) rank.emplace(data.merges[i].first + data.merges[i].second, i);
  std::vector<float> scores;
  for (size_t id = 0; id < data.pieces.size(); ++id) {
    const auto found = rank.find(data.pieces[id]);
    const bool special = data.types[id] != TokenType::NORMAL;
    scores.push_back(special               ? 0.0f
                     : found != rank.end() ? -static_cast<float>(found->second)
                                           : -static_cast<float>(data.merges.size() + id));
  }
  return scores;
}

}  // namespace

void write_tokenizer_keys(GgufWriter& writer, const TokenizerData& data, int vocabulary) {
  const bool bytes = data.kind == TokenizerData::Kind::BPE && byte_level(data);
  if (data.kind == TokenizerData::Kind::UNIGRAM)
    throw Error(data.origin + ": a unigram tokenizer has no place in the GGUF of a Llama-style decoder");
  if (data.kind == TokenizerData::Kind::BPE && !bytes && !data.byte_fallback)
    throw Error(data.origin +
                ": a tokenizer of merges that is neither byte-level nor falls back to bytes has no place in GGUF");
  writer.set_text("tokenizer.ggml.model", bytes ? "gpt2" : "llama");
  writer.set_text("tokenizer.ggml.pre", bytes ? data.pre_name : "default");

  const auto count = static_cast<size_t>(vocabulary);
  std::vector<std::string> pieces(count);
  std::vector<int32_t> types(count, static_cast<int32_t>(TokenType::UNUSED));
  std::vector<float> scores(count, 0.0f);
  const std::vector<float> known = data.kind == TokenizerData::Kind::SPM ? data.scores
                                   : bytes                               ? std::vector<float>{}
                                                                         : scores_of_merges(data);
  for (size_t id = 0; id < count; ++id) {
    const bool there = id < data.pieces.size() && !data.pieces[id].empty();
    pieces[id] = there ? data.pieces[id] : fmt::format("[PAD{}]", id);
    if (there) types[id] = static_cast<int32_t>(data.types[id]);
    if (there && id < known.size()) scores[id] = known[id];
  }
  writer.set_texts("tokenizer.ggml.tokens", pieces);
  writer.set_i32s("tokenizer.ggml.token_type", types);
  if (bytes) {
    std::vector<std::string> merges;
    for (const auto& [left, right] : data.merges) merges.push_back(left + " " + right);
    writer.set_texts("tokenizer.ggml.merges", merges);
  } else {
    writer.set_f32s("tokenizer.ggml.scores", scores);
  }
  if (data.unknown >= 0 && data.unknown < vocabulary)
    writer.set_u32("tokenizer.ggml.unknown_token_id", static_cast<uint32_t>(data.unknown));
  writer.set_bool("tokenizer.ggml.add_eos_token", data.add_end);
  writer.set_bool("tokenizer.ggml.add_space_prefix", prefix_space(data));
  if (data.kind == TokenizerData::Kind::SPM)
    writer.set_bool("tokenizer.ggml.remove_extra_whitespaces", data.remove_extra_whitespaces);
}

namespace {

TokenizerData read_keys(const GgufFile& file) {
  TokenizerData data;
  data.origin = file.file();
  const std::string& model = file.text("tokenizer.ggml.model");
  if (model != "llama" && model != "gpt2")
    throw Error::in(file.file(), "tokenizer.ggml.model", "llama or gpt2", "\"" + model + "\"");
  data.pieces = file.texts("tokenizer.ggml.tokens");
  if (data.pieces.empty()) throw Error::in(file.file(), "tokenizer.ggml.tokens", "some pieces", "none");
  data.types.assign(data.pieces.size(), TokenType::NORMAL);
  if (file.has_key("tokenizer.ggml.token_type")) {
    const auto types = file.integers("tokenizer.ggml.token_type");
    if (types.size() != data.pieces.size())
      throw Error::in(file.file(), "tokenizer.ggml.token_type", fmt::format("{} types", data.pieces.size()),
                      std::to_string(types.size()));
    for (size_t id = 0; id < types.size(); ++id) {
      if (types[id] < 1 || types[id] > 6)
        throw Error::in(file.file(), "tokenizer.ggml.token_type", "1 to 6", std::to_string(types[id]));
      data.types[id] = static_cast<TokenType>(types[id]);
      if (data.types[id] == TokenType::CONTROL || data.types[id] == TokenType::USER_DEFINED)
        data.added.push_back({static_cast<int32_t>(id), data.pieces[id], data.types[id] == TokenType::CONTROL});
    }
  }
  const auto id_of = [&](const char* key) {
    const int64_t id = file.integer_or(std::string("tokenizer.ggml.") + key, -1);
    if (id >= data.vocabulary() && id != 0xffffffffLL)
      throw Error::in(file.file(), std::string("tokenizer.ggml.") + key,
                      fmt::format("a token of {}", data.vocabulary()), std::to_string(id));
    return id < 0 || id == 0xffffffffLL ? -1 : static_cast<int32_t>(id);
  };
  data.begin = id_of("bos_token_id");
  data.end = id_of("eos_token_id");
  data.unknown = id_of("unknown_token_id");
  data.pad = id_of("padding_token_id");
  data.add_begin = file.flag_or("tokenizer.ggml.add_bos_token", model == "llama");
  data.add_end = file.flag_or("tokenizer.ggml.add_eos_token", false);
  data.chat_template = file.text_or("tokenizer.chat_template", "");

  if (model == "llama") {
    data.kind = TokenizerData::Kind::SPM;
    data.byte_fallback = true;
    data.pre_name = "default";
    data.add_prefix_space = file.flag_or("tokenizer.ggml.add_space_prefix", true);
    data.remove_extra_whitespaces = file.flag_or("tokenizer.ggml.remove_extra_whitespaces", false);
    for (double score : file.numbers("tokenizer.ggml.scores")) data.scores.push_back(static_cast<float>(score));
    if (data.scores.size() != data.pieces.size())
      throw Error::in(file.file(), "tokenizer.ggml.scores", fmt::format("{} scores", data.pieces.size()),
                      std::to_string(data.scores.size()));
    return data;
  }
  data.kind = TokenizerData::Kind::BPE;
  data.pre_name = file.text("tokenizer.ggml.pre");
  const auto steps = pre_tokenizers_of(data.pre_name);
  if (!steps)
    throw Error::in(file.file(), "tokenizer.ggml.pre", "gpt-2, llama-bpe, qwen2 or smollm",
                    "\"" + data.pre_name + "\"");
  data.pre_tokenizers = *steps;
  if (file.flag_or("tokenizer.ggml.add_space_prefix", false))
    for (PreTokenizer& step : data.pre_tokenizers)
      if (step.kind == PreTokenizer::Kind::BYTE_LEVEL) step.add_prefix_space = true;
  data.decoders = {DecoderStep{DecoderStep::Kind::BYTE_LEVEL}};
  data.ignore_merges = data.pre_name == "llama-bpe";  // as Llama 3's own tokenizer.json says
  for (const std::string& merge : file.texts("tokenizer.ggml.merges")) {
    const auto space = merge.find(' ', 1);
    if (space == std::string::npos || space + 1 == merge.size())
      throw Error::in(file.file(), "tokenizer.ggml.merges", "two pieces with a space between them",
                      "\"" + merge + "\"");
    data.merges.emplace_back(merge.substr(0, space), merge.substr(space + 1));
  }
  return data;
}

}  // namespace

TokenizerData read_tokenizer_gguf(const std::filesystem::path& path) {
  return read_keys(GgufFile(path));
}

}  // namespace qvlm
