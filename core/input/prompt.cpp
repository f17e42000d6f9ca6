// Renders, tokenizes, and finds the pictures again.
#include "core/input/prompt.h"

#include <algorithm>

#include "core/base/error.h"

namespace qvlm {
namespace {

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

void check_messages(const VlmConfig& config, std::span<const Message> messages, std::string_view image_piece) {
  if (messages.empty()) throw Error("the prompt is empty: there is no message");
  for (const Message& message : messages) {
    if (message.role == Role::USER && is_blank(message.text)) throw Error("the prompt is empty: the user's message has no text");
    if (message.images > 0 && !config.vision) throw Error("the model takes no pictures (it has no vision tower), found " + std::to_string(message.images));
    if (message.images > 0 && message.role != Role::USER) throw Error("pictures: expected in the user's messages, found in the " + std::string(name_of(message.role)) + "'s");
    for (const std::string_view token : {kImagePlaceholder, image_piece}) {
      if (config.vision && !token.empty() && message.text.find(token) != std::string::npos) {
        throw Error("the message holds \"" + std::string(token) + "\", which stands for a picture; leave it out and attach the picture");
      }
    }
  }
}

std::vector<PromptSegment> build(const Tokenizer& tokenizer, const VlmConfig& config, std::span<const Message> messages, bool generate) {
  check_messages(config, messages, tokenizer.piece(config.tokens.image));
  const ChatTemplate chat_template = recognise_template(config.chat_template);
  const TokenizerData& data = tokenizer.data();
  const int32_t end = data.end >= 0 ? data.end : config.tokens.end.empty() ? -1 : config.tokens.end.front();
  const bool answered = std::any_of(messages.begin(), messages.end(), [](const Message& message) { return message.role == Role::ASSISTANT; });
  if (answered && writes_end(chat_template) && chat_template.end.empty() && tokenizer.piece(end).empty()) {
    throw Error("the chat template puts the end token behind an answer, but neither the tokenizer nor the model names one");
  }
  const std::string text = render(chat_template, messages, tokenizer.piece(data.begin), tokenizer.piece(end), generate);
  return segments_of_text(tokenizer, config, text, data.add_begin || chat_template.writes_begin);
}

}  // namespace

std::vector<PromptSegment> build_prompt(const Tokenizer& tokenizer, const VlmConfig& config, std::span<const Message> messages) {
  if (!messages.empty() && messages.back().role != Role::USER) {
    throw Error("a prompt must end with the user's message, found the " + std::string(name_of(messages.back().role)) + "'s");
  }
  return build(tokenizer, config, messages, true);
}

std::vector<PromptSegment> build_dialogue(const Tokenizer& tokenizer, const VlmConfig& config, std::span<const Message> messages) {
  return build(tokenizer, config, messages, false);
}

std::vector<PromptSegment> segments_of_text(const Tokenizer& tokenizer, const VlmConfig& config, std::string_view text, bool begin) {
  std::vector<PromptSegment> segments;
  int images = 0;
  const auto add_ids = [&](std::span<const int32_t> ids) {
    if (ids.empty()) return;
    if (segments.empty() || segments.back().image >= 0) segments.emplace_back();
    segments.back().ids.insert(segments.back().ids.end(), ids.begin(), ids.end());
  };
  const auto add_image = [&] {
    segments.emplace_back();
    segments.back().image = images++;
  };
  if (begin && tokenizer.data().begin >= 0) add_ids(std::span(&tokenizer.data().begin, 1));

  const int32_t image = config.tokens.image;
  if (config.vision && image >= 0 && tokenizer.is_added(image) && tokenizer.piece(image) == kImagePlaceholder) {
    // The tokenizer cuts the placeholders out itself, with its own rules for the text around them.
    const std::vector<int32_t> ids = tokenizer.encode(text, false);
    for (auto from = ids.begin(); from != ids.end();) {
      const auto found = std::find(from, ids.end(), image);
      add_ids({from, found});
      if (found == ids.end()) break;
      add_image();
      from = found + 1;
    }
    return segments;
  }
  // A tokenizer that does not know the placeholder (the original LLaVA's): each stretch between is encoded by itself, as its
  // tokenizer_image_token does.
  size_t done = 0;
  for (size_t at = config.vision ? text.find(kImagePlaceholder) : text.npos; at != text.npos; at = text.find(kImagePlaceholder, done)) {
    add_ids(tokenizer.encode(text.substr(done, at - done), false));
    add_image();
    done = at + kImagePlaceholder.size();
  }
  add_ids(tokenizer.encode(text.substr(done), false));
  return segments;
}

int64_t prompt_rows(std::span<const PromptSegment> segments, const VlmConfig& config) {
  int64_t rows = 0;
  for (const PromptSegment& segment : segments) {
    rows += segment.image >= 0 ? (config.vision ? config.vision->image_tokens() : 0) : static_cast<int64_t>(segment.ids.size());
  }
  return rows;
}

std::vector<int32_t> flat_ids(std::span<const PromptSegment> segments, const VlmConfig& config) {
  std::vector<int32_t> ids;
  for (const PromptSegment& segment : segments) {
    if (segment.image >= 0) {
      ids.insert(ids.end(), static_cast<size_t>(config.vision ? config.vision->image_tokens() : 0), config.tokens.image);
    } else {
      ids.insert(ids.end(), segment.ids.begin(), segment.ids.end());
    }
  }
  return ids;
}

void check_prompt_fits(int64_t rows, int64_t context_length) {
  if (rows >= context_length) {
    throw Error("the prompt is too long: expected at most " + std::to_string(context_length - 1) + " tokens (a context of " +
                std::to_string(context_length) + " and room for an answer), found " + std::to_string(rows));
  }
}

}  // namespace qvlm
