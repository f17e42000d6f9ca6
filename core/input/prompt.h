// From a dialogue to what the model reads: token ids, and the places of its pictures.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/input/chat_template.h"
#include "core/input/tokenizer.h"
#include "core/model/vlm_config.h"

namespace qvlm {

/// A stretch of token ids, or (image >= 0) the dialogue's picture of that number, counted from 0 over all messages.
struct PromptSegment {
  std::vector<int32_t> ids;
  int image = -1;
  bool operator==(const PromptSegment&) const = default;
};

/// The prompt of a dialogue whose last message is the user's, ready for the answer. The ids, with each picture written as image_tokens() copies
/// of the image token, equal Hugging Face's processor on the template's text. Throws Error: no message, an empty prompt, a dialogue that does
/// not end with the user, pictures for a model without a tower, a text that holds the image token, an unknown template.
std::vector<PromptSegment> build_prompt(const Tokenizer& tokenizer, const VlmConfig& config, std::span<const Message> messages);

/// The same for a whole dialogue with its answers (calibration, training): ends with the last answer and what the template puts behind it.
std::vector<PromptSegment> build_dialogue(const Tokenizer& tokenizer, const VlmConfig& config, std::span<const Message> messages);

/// Ids and pictures of a text with kImagePlaceholder in it; with the begin token, if `begin`.
std::vector<PromptSegment> segments_of_text(const Tokenizer& tokenizer, const VlmConfig& config, std::string_view text, bool begin);

/// Rows that the segments take in the decoder: ids, and image_tokens() a picture.
int64_t prompt_rows(std::span<const PromptSegment> segments, const VlmConfig& config);

/// The ids in one list, image_tokens() copies of the image token for each picture.
std::vector<int32_t> flat_ids(std::span<const PromptSegment> segments, const VlmConfig& config);

/// Throws Error with both numbers unless `rows` and one token of an answer fit into `context_length`.
void check_prompt_fits(int64_t rows, int64_t context_length);

}  // namespace qvlm
