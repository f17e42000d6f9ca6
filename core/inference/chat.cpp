// From a dialogue to an answer.
#include "core/inference/chat.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/base/error.h"
#include "core/input/prompt.h"

namespace qvlm {

namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

Prompt make_prompt(const Tokenizer& tokenizer, const VlmConfig& config, std::span<const Message> messages,
                   std::span<const std::filesystem::path> images, PictureReader* pictures, bool blank_images) {
  if (!images.empty() && !pictures) throw Error(config.name + ": this model takes no pictures");
  Prompt prompt;
  for (PromptSegment& segment : build_prompt(tokenizer, config, messages)) {
    if (segment.image < 0) {
      prompt.parts.emplace_back(std::move(segment.ids));
      continue;
    }
    const auto& path = images[static_cast<size_t>(segment.image)];
    const auto picture = blank_images ? pictures->blank(path) : pictures->read(path);
    prompt.parts.emplace_back(picture->pixels);
    prompt.images.push_back(picture->seen);
  }
  return prompt;
}

ChatSession::ChatSession(Generator& generator, const Tokenizer& tokenizer)
    : tokenizer_(tokenizer), sequence_(generator) {
  if (generator.config().vision) pictures_.emplace(generator.config());
}

AnswerFinished ChatSession::ask(const Ask& ask, const ChatListener& listener, std::stop_token stop) {
  Generator& generator = sequence_.generator();
  const auto begin = Clock::now();
  AnswerFinished finished;
  const double vision_before = generator.timings().vision_seconds;
  const int losses_before = generator.timings().device_losses;
  std::vector<Message> messages;
  std::vector<std::filesystem::path> images;
  for (const ChatTurn& turn : ask.turns) {
    messages.push_back({role_from(turn.role), turn.text, static_cast<int>(turn.images.size())});
    images.insert(images.end(), turn.images.begin(), turn.images.end());
  }
  const Prompt prompt =
      make_prompt(tokenizer_, generator.config(), messages, images, pictures_ ? &*pictures_ : nullptr);
  try {
    const auto prefill = Clock::now();
    const Sequence::Filled filled = sequence_.fill(prompt.parts, stop);
    listener(PromptReady{filled.rows, filled.reused_rows, prompt.images});
    const double vision_now = generator.timings().vision_seconds;
    finished.vision_seconds =
        vision_now >= vision_before ? vision_now - vision_before : vision_now;  // reset() starts the count anew
    bool first = true;
    double prefill_seconds = 0;
    const Answer answer = continue_sequence(
        sequence_, tokenizer_, ask.sampling, ask.max_tokens,
        [&](int32_t id, std::string text) {
          if (std::exchange(first, false)) {
            finished.first_token_seconds = since(begin);
            prefill_seconds = since(prefill) - finished.vision_seconds;
          }
          // The template puts its own space before an answer: kept here, the next turn would have two and reuse nothing.
          if (finished.text.empty()) text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
          finished.text += text;
          listener(TokenGenerated{id, std::move(text)});
        },
        stop);
    finished.reason = answer.reason;
    finished.tokens = static_cast<int>(answer.tokens.size());
    if (prefill_seconds > 0)
      finished.prefill_tokens_per_second = double(filled.rows - filled.reused_rows) / prefill_seconds;
    if (answer.decode_seconds > 0 && answer.tokens.size() > 1) {
      finished.decode_tokens_per_second =
          double(answer.tokens.size() - (answer.reason == "end" ? 0 : 1)) / answer.decode_seconds;
    }
  } catch (const Cancelled&) {
    finished.reason = "stopped";
  }
  finished.info = generator.info();
  const int losses = generator.timings().device_losses;
  finished.device_losses = losses >= losses_before ? losses - losses_before : losses;  // reset() starts the count anew
  listener(finished);
  return finished;
}

}  // namespace qvlm
