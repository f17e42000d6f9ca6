// A dialogue with a model: the whole of it comes with every question, and what the sequence already holds is reused.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/inference/answer.h"
#include "core/inference/chat_events.h"
#include "core/inference/pictures.h"
#include "core/inference/sequence.h"
#include "core/input/chat_template.h"
#include "core/input/tokenizer.h"

namespace qvlm {

using ChatListener = std::function<void(const ChatEvent&)>;

/// A prompt made of a dialogue, with the pictures in it.
struct Prompt {
  std::vector<PromptPart> parts;
  std::vector<SeenImage> images;
};

/// Renders the dialogue with the model's template and reads its pictures (`images`, in the order in which the messages
/// count them). `pictures` may be null for a model without a tower. Throws Error: unknown template, empty question,
/// absent picture.
Prompt make_prompt(const Tokenizer& tokenizer, const VlmConfig& config, std::span<const Message> messages,
                   std::span<const std::filesystem::path> images, PictureReader* pictures, bool blank_images = false);

/// Generator and tokenizer must outlive it. Not thread-safe; a stop may come from any thread.
class ChatSession {
 public:
  ChatSession(Generator& generator, const Tokenizer& tokenizer);

  /// Tells PromptReady, TokenGenerated for every token, AnswerFinished; returns the last. Throws Error (the session can
  /// go on); a stop before the first token also ends in an AnswerFinished with reason "stopped".
  AnswerFinished ask(const Ask& ask, const ChatListener& listener, std::stop_token stop = {});

 private:
  const Tokenizer& tokenizer_;
  Sequence sequence_;
  std::optional<PictureReader> pictures_;
};

}  // namespace qvlm
