// A model of a few lines: every byte is a token, and a plain function says what comes next.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/inference/generator.h"
#include "core/input/tokenizer.h"

namespace qvlm::test {

inline constexpr int32_t kEnd = 2, kImage = 3, kFirstByte = 4, kSpace = kFirstByte + 256, kVocabulary = kSpace + 1;

inline int32_t token_of(char byte) {
  return byte == ' ' ? kSpace : kFirstByte + static_cast<unsigned char>(byte);
}
inline char byte_of(int32_t token) {
  return token == kSpace ? ' ' : token >= kFirstByte ? static_cast<char>(token - kFirstByte) : '|';
}

/// Tokens <unk> <s> </s> <image>, the 256 bytes, and the space.
inline std::unique_ptr<Tokenizer> byte_tokenizer() {
  TokenizerData data;
  data.kind = TokenizerData::Kind::SPM;
  data.origin = "byte_tokenizer";
  const auto add = [&](const std::string& piece, TokenType type) {
    data.pieces.push_back(piece);
    data.types.push_back(type);
    data.scores.push_back(0);
  };
  add("<unk>", TokenType::UNKNOWN);
  add("<s>", TokenType::CONTROL);
  add("</s>", TokenType::CONTROL);
  add("<image>", TokenType::CONTROL);
  const char* digits = "0123456789ABCDEF";
  for (int byte = 0; byte < 256; ++byte)
    add(std::string("<0x") + digits[byte / 16] + digits[byte % 16] + ">", TokenType::BYTE);
  add("\u2581", TokenType::NORMAL);
  data.added = {{.id = 1, .text = "<s>", .special = true},
                {.id = 2, .text = "</s>", .special = true},
                {.id = 3, .text = "<image>", .special = true}};
  data.begin = 1;
  data.end = 2;
  data.unknown = 0;
  data.add_begin = true;
  data.byte_fallback = true;
  return Tokenizer::from(std::move(data));
}

inline VlmConfig fake_config() {
  VlmConfig config;
  config.family = "llava";
  config.name = "fake";
  config.vision =
      VisionConfig{.hidden = 8, .ffn = 8, .layers = 1, .file_layers = 1, .heads = 1, .image_size = 16, .patch_size = 8};
  config.decoder.vocabulary = kVocabulary;
  config.decoder.context_length = 400;
  config.preprocess.size = config.preprocess.shortest_edge = 16;
  config.tokens = {.begin = 1, .end = {kEnd}, .image = kImage};
  config.chat_template = "llava";
  return config;
}

/// The text of a sequence, one character a row: bytes as they are, specials as '|', the rows of a picture as '#'.
using Script = std::function<int32_t(const std::string& text)>;

/// Says `answer`, then the end token, whatever the prompt was.
inline Script always(std::string answer) {
  return [answer](const std::string& text) {
    const size_t asked = text.rfind("ASSISTANT:") + 10;
    const size_t said = text.size() - asked;
    return said < answer.size() ? token_of(answer[said]) : kEnd;
  };
}

class FakeGenerator : public Generator {
 public:
  explicit FakeGenerator(Script script, VlmConfig config = fake_config())
      : script_(std::move(script)), config_(std::move(config)) {
    info_ = {.backend = "fake", .device = "paper"};
  }
  const VlmConfig& config() const override { return config_; }
  const GeneratorInfo& info() const override { return info_; }
  GeneratorTimings timings() const override { return {}; }
  int64_t position() const override { return static_cast<int64_t>(text_.size()); }
  int64_t context_length() const override { return config_.decoder.context_length; }
  void reset() override {
    text_.clear();
    ++resets;
  }
  void truncate(int64_t position) override {
    if (position < 0 || position > this->position()) throw Error("truncate: out of range");
    text_.resize(static_cast<size_t>(position));
  }
  void append(std::span<const PromptPart> parts, std::stop_token stop) override {
    if (stop.stop_requested()) throw Cancelled();
    const size_t before = text_.size();
    for (const PromptPart& part : parts) {
      if (const auto* tokens = std::get_if<std::vector<int32_t>>(&part)) {
        for (const int32_t token : *tokens) text_.push_back(byte_of(token));
      } else {
        text_.append(static_cast<size_t>(config_.vision->image_tokens()), '#');
        ++pictures;
      }
    }
    rows_ = static_cast<int64_t>(text_.size() - before);
    computed_rows += rows_;
    if (text_.size() > static_cast<size_t>(context_length())) throw Error("append: past the context");
    if (rows_ == 0) throw Error("append: nothing");
    if (on_append) on_append(text_);
  }
  std::vector<float> logits() override { return last_logits(1); }
  std::vector<float> last_logits(int64_t count) override {
    if (count > rows_) throw Error("last_logits: more rows than appended");
    std::vector<float> logits(static_cast<size_t>(count * kVocabulary), 0.0f);
    for (int64_t row = 0; row < count; ++row) {
      const std::string seen = text_.substr(0, text_.size() - static_cast<size_t>(count - 1 - row));
      logits[static_cast<size_t>(row * kVocabulary + script_(seen))] = peak;
    }
    return logits;
  }
  int32_t sample(const SamplingParameters& parameters, std::span<const int32_t> recent) override {
    return sample_token(logits(), parameters, recent, position());
  }

  const std::string& text() const { return text_; }
  int64_t computed_rows = 0;
  int resets = 0, pictures = 0;
  float peak = 10;  // logit of the scripted token; the others' are 0
  std::function<void(const std::string& text)> on_append;

 private:
  Script script_;
  VlmConfig config_;
  GeneratorInfo info_;
  std::string text_;
  int64_t rows_ = 0;
};

}  // namespace qvlm::test
