// From a dialogue to an answer.
#include "core/inference/chat.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/base/error.h"
#include "core/input/prompt.h"

namespace qvlm {

namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The likeliest `count` tokens and the probability of `id`, by the logits.
void add_choices(std::span<const float> logits, const Tokenizer& tokenizer, int32_t id, int count, TokenGenerated& token) {
  const float most = *std::max_element(logits.begin(), logits.end());
  double mass = 0;
  for (const float logit : logits) mass += std::exp(double(logit) - most);
  const auto probability = [&](int32_t i) { return std::exp(double(logits[static_cast<size_t>(i)]) - most) / mass; };
  token.probability = probability(id);
  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto end = order.begin() + std::min<ptrdiff_t>(count, std::ssize(order));
  std::partial_sort(order.begin(), end, order.end(), [&](int32_t a, int32_t b) {
    return logits[static_cast<size_t>(a)] > logits[static_cast<size_t>(b)];
  });
  for (auto at = order.begin(); at != end; ++at) {
    std::string text = tokenizer.decode(std::span(&*at, 1), false);
    token.alternatives.push_back({text.empty() ? tokenizer.piece(*at) : std::move(text), probability(*at)});
  }
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
  if (pictures_) {
    using Fit = PreprocessConfig::Fit;
    pictures_->set_fit(ask.picture_fit.empty() ? std::nullopt : std::optional(ask.picture_fit == "pad" ? Fit::PAD_SQUARE : Fit::CENTER_CROP));
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
    TokenGenerated chosen;  // its probability is known before its text
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
          chosen.id = id;
          chosen.text = std::move(text);
          listener(std::exchange(chosen, {}));
        },
        stop, ask.alternatives == 0 ? ChoiceListener() : [&](int32_t id) {
          add_choices(generator.logits(), tokenizer_, id, ask.alternatives, chosen);
        });
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
