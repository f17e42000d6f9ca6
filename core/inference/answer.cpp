// The decode loop.
#include "core/inference/answer.h"

#include <algorithm>
#include <chrono>

#include "core/base/error.h"

namespace qvlm {

Answer continue_sequence(Sequence& sequence, const Tokenizer& tokenizer, const SamplingParameters& sampling,
                         int max_tokens, const TokenListener& on_token, std::stop_token stop,
                         const ChoiceListener& on_choice) {
  Generator& generator = sequence.generator();
  const std::vector<int>& ends = generator.config().tokens.end;
  StreamingDecoder decoder(tokenizer);
  Answer answer;
  const auto say = [&](int32_t id, std::string text) {
    answer.text += text;
    if (on_token) on_token(id, text);
  };
  std::vector<int32_t> recent = sequence.tokens();
  std::chrono::steady_clock::time_point first;
  try {
    for (;;) {
      if (stop.stop_requested()) {
        answer.reason = "stopped";
        break;
      }
      if (recent.size() > kRepetitionWindow) recent.erase(recent.begin(), recent.end() - kRepetitionWindow);
      const int32_t token = generator.sample(sampling, recent);
      if (answer.tokens.empty()) first = std::chrono::steady_clock::now();
      if (std::find(ends.begin(), ends.end(), token) != ends.end()) {
        answer.reason = "end";
        answer.end_token = token;
        break;
      }
      answer.tokens.push_back(token);
      recent.push_back(token);
      if (on_choice) on_choice(token);
      say(token, decoder.push(token));
      if (answer.tokens.size() >= static_cast<size_t>(max_tokens)) {
        answer.reason = "length";
        break;
      }
      if (sequence.is_full()) {
        answer.reason = "context";
        break;
      }
      sequence.push(token, stop);
    }
  } catch (const Cancelled&) {
    answer.reason = "stopped";
  }
  if (!answer.tokens.empty()) {
    answer.decode_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - first).count();
    if (std::string rest = decoder.finish(); !rest.empty()) say(answer.tokens.back(), std::move(rest));
  }
  return answer;
}

}  // namespace qvlm
