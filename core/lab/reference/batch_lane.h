// Prompts that one thread answers together: those that begin with the same pictures share that beginning.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "core/inference/batch.h"
#include "core/lab/reference/loaded_model.h"
#include "core/lab/reference/ragged.h"

namespace qvlm::reference {

/// What BatchGenerator says of its functions, for the prompts of one thread. Prompts must not be empty.
class BatchLane {
 public:
  explicit BatchLane(const LoadedModel& model) : model_(model), pictures_(model) {}
  /// Forgets its prompts.
  void clear();
  void fill(std::span<const std::vector<PromptPart>> prompts, const std::stop_token& stop);
  std::vector<BatchAnswer> answer(int max_tokens, const std::stop_token& stop);
  void force(std::span<const std::vector<int32_t>> continuations, const std::stop_token& stop);
  std::vector<float> forced_logits(size_t i, int64_t first, int64_t count) const;

 private:
  /// Positions that a prompt and its answer take.
  int64_t position_of(const BatchAnswer& answer, size_t i) const;
  /// The next token of an answer; false where it ends.
  bool take(BatchAnswer& answer, std::span<const float> logits) const;
  /// The decoder's input of each stretch, pictures of all of them encoded together. -> [1, rows, hidden] each
  std::vector<torch::Tensor> embed(const std::vector<std::span<const PromptPart>>& stretches,
                                   const std::stop_token& stop);

  const LoadedModel& model_;
  PictureCache pictures_;
  std::vector<int64_t> lengths_;      // rows of each prompt
  std::optional<RaggedCache> cache_;  // the prompts, and behind them whatever ran last
  torch::Tensor last_;                // [prompts, hidden]: the last row of each, before the final norm
  torch::Tensor forced_;              // [prompts, longest continuation, hidden]
  std::vector<int64_t> forced_lengths_;
};

}  // namespace qvlm::reference
