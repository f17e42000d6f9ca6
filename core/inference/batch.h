// Independent prompts answered together: what evaluation asks a model through.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

#include "core/inference/generator.h"
#include "core/inference/sequence.h"

namespace qvlm {

/// What a model says greedily behind a prompt.
struct BatchAnswer {
  std::vector<int32_t> tokens;  // without the end token
  int32_t end_token = -1;       // that ended it; -1: max_tokens or the context did
};

/// Prompts filled together, each then continued on its own: greedily, or along given tokens. The results do not depend
/// on what else is in the batch. Not thread-safe. Throws Error (a prompt too long, too little memory) and Cancelled;
/// after a throw the batch is empty.
class BatchGenerator {
 public:
  virtual ~BatchGenerator() = default;
  virtual const VlmConfig& config() const = 0;
  virtual const GeneratorInfo& info() const = 0;
  virtual int64_t context_length() const = 0;
  /// How many prompts fit into a batch where the longest takes `rows` positions with its continuation. >= 1.
  virtual int64_t most_prompts(int64_t rows) const = 0;
  /// Replaces the batch by these prompts.
  virtual void fill(std::span<const std::vector<PromptPart>> prompts, std::stop_token stop = {}) = 0;
  /// The greedy continuation of every prompt, at most `max_tokens` each. The prompts stay filled.
  virtual std::vector<BatchAnswer> answer(int max_tokens, std::stop_token stop = {}) = 0;
  /// Runs `continuations[i]` behind prompt i (teacher forcing); forced_logits() then speaks of them. The prompts stay
  /// filled.
  virtual void force(std::span<const std::vector<int32_t>> continuations, std::stop_token stop = {}) = 0;
  /// The logits that predict tokens first .. first + count - 1 of the forced continuation of prompt i, row-major
  /// [count, vocabulary].
  virtual std::vector<float> forced_logits(size_t i, int64_t first, int64_t count) = 0;
};

/// A Generator as a batch of one prompt: prefixes that a prompt shares with the one before are computed once.
class SequentialBatch final : public BatchGenerator {
 public:
  explicit SequentialBatch(Generator& generator) : sequence_(generator) {}
  explicit SequentialBatch(std::unique_ptr<Generator> generator) : owned_(std::move(generator)), sequence_(*owned_) {}
  const VlmConfig& config() const override { return sequence_.generator().config(); }
  const GeneratorInfo& info() const override { return sequence_.generator().info(); }
  int64_t context_length() const override { return sequence_.generator().context_length(); }
  int64_t most_prompts(int64_t) const override { return 1; }
  void fill(std::span<const std::vector<PromptPart>> prompts, std::stop_token stop) override;
  std::vector<BatchAnswer> answer(int max_tokens, std::stop_token stop) override;
  void force(std::span<const std::vector<int32_t>> continuations, std::stop_token stop) override;
  std::vector<float> forced_logits(size_t i, int64_t first, int64_t count) override;

 private:
  void require_prompt() const;
  /// Drops what a continuation left behind the prompt.
  void back_to_prompt(std::stop_token stop);

  std::unique_ptr<Generator> owned_;  // where the generator is not someone else's
  Sequence sequence_;
  std::vector<PromptPart> prompt_;   // empty: not filled
  bool beyond_ = false;              // the sequence holds more than the prompt
  std::vector<float> first_logits_;  // behind the prompt, [vocabulary]
  std::vector<float> forced_;        // [tokens of the continuation, vocabulary]
};

}  // namespace qvlm
