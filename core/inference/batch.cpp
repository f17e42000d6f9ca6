// A batch of one over any Generator.
#include "core/inference/batch.h"

#include <algorithm>

#include "core/base/error.h"

namespace qvlm {

void SequentialBatch::require_prompt() const {
  if (prompt_.empty()) throw Error("batch: no prompt is filled");
}

void SequentialBatch::back_to_prompt(std::stop_token stop) {
  require_prompt();
  if (beyond_) sequence_.fill(prompt_, stop);
  beyond_ = false;
}

void SequentialBatch::fill(std::span<const std::vector<PromptPart>> prompts, std::stop_token stop) {
  prompt_.clear();
  forced_.clear();
  if (prompts.size() != 1) throw Error::in("batch", "prompts", "1", std::to_string(prompts.size()));
  sequence_.fill(prompts.front(), stop);
  first_logits_ = sequence_.generator().last_logits(1);
  prompt_ = prompts.front();
  beyond_ = false;
}

std::vector<BatchAnswer> SequentialBatch::answer(int max_tokens, std::stop_token stop) {
  back_to_prompt(stop);
  const std::vector<int>& ends = config().tokens.end;
  BatchAnswer answer;
  while (answer.tokens.size() < static_cast<size_t>(std::max(max_tokens, 0))) {
    const int32_t token = sequence_.generator().sample({}, {});
    if (std::find(ends.begin(), ends.end(), token) != ends.end()) {
      answer.end_token = token;
      break;
    }
    answer.tokens.push_back(token);
    if (sequence_.is_full() || answer.tokens.size() == static_cast<size_t>(max_tokens)) break;
    beyond_ = true;
    sequence_.push(token, stop);
  }
  return {answer};
}

void SequentialBatch::force(std::span<const std::vector<int32_t>> continuations, std::stop_token stop) {
  require_prompt();
  forced_.clear();
  if (continuations.size() != 1) throw Error::in("batch", "continuations", "1", std::to_string(continuations.size()));
  const std::vector<int32_t>& tokens = continuations.front();
  if (tokens.empty()) return;
  forced_ = first_logits_;
  if (tokens.size() == 1) return;
  std::vector<PromptPart> longer = prompt_;
  longer.emplace_back(std::vector<int32_t>(tokens.begin(), tokens.end() - 1));
  const auto count = static_cast<int64_t>(tokens.size()) - 1;
  back_to_prompt(stop);  // so that every forced row is computed
  beyond_ = true;
  sequence_.fill(longer, stop);
  const std::vector<float> rest = sequence_.generator().last_logits(count);
  forced_.insert(forced_.end(), rest.begin(), rest.end());
}

std::vector<float> SequentialBatch::forced_logits(size_t i, int64_t first, int64_t count) {
  const auto width = static_cast<int64_t>(config().decoder.vocabulary);
  const int64_t rows = static_cast<int64_t>(forced_.size()) / width;
  if (i != 0 || first < 0 || count < 0 || first + count > rows) {
    throw Error::in("batch", "forced rows", "within 0 .. " + std::to_string(rows),
                    std::to_string(first) + " .. " + std::to_string(first + count));
  }
  return {forced_.begin() + first * width, forced_.begin() + (first + count) * width};
}

}  // namespace qvlm
