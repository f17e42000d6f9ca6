// One answer: tokens drawn from a filled sequence until it ends.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/inference/sampling.h"
#include "core/inference/sequence.h"
#include "core/input/tokenizer.h"

namespace qvlm {

struct Answer {
  std::vector<int32_t> tokens;  // without the end token
  std::string text;
  std::string reason;         // "end", "length", "stopped", "context"
  int32_t end_token = -1;     // that ended it, where reason is "end"
  double decode_seconds = 0;  // of the tokens behind the first
};

/// Told of every token: its id, and what can be said with it (whole UTF-8 characters only).
using TokenListener = std::function<void(int32_t id, const std::string& text)>;

/// Told of every token before it is said, while the generator's logits are still those that it was chosen from.
using ChoiceListener = std::function<void(int32_t id)>;

/// How many of the last tokens a repetition penalty counts.
inline constexpr size_t kRepetitionWindow = 256;

/// Continues `sequence`, which fill() has just filled. At most `max_tokens` tokens. A stop ends it with reason
/// "stopped".
Answer continue_sequence(Sequence& sequence, const Tokenizer& tokenizer, const SamplingParameters& sampling,
                         int max_tokens, const TokenListener& on_token = {}, std::stop_token stop = {},
                         const ChoiceListener& on_choice = {});

}  // namespace qvlm
