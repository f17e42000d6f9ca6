// The model that another is compared with: asked when it must be, its earlier answers used where they are known.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/data/sample.h"
#include "core/evaluation/baseline.h"
#include "core/evaluation/divergence.h"
#include "core/evaluation/evaluate.h"
#include "core/inference/batch.h"

namespace qvlm {

/// Sum of -log probability of each continuation behind the filled prompts, nats; 0 for an empty one.
std::vector<double> nll_of(BatchGenerator& generator, const std::vector<std::vector<int32_t>>& continuations);

/// Throws Error where a question has no answer in the baseline and no model could give it.
void check_baseline(const Baseline& baseline, std::span<const Sample> questions, const EvaluationOptions& options);

class ComparedModel {
 public:
  ComparedModel(const BatchGenerator& here, const EvaluationOptions& options) : here_(here), options_(options) {}
  bool exists() const { return options_.against || options_.baseline; }

  /// Its greedy answers to the prompts whose `known` entry is null; of the others an empty one.
  std::vector<BaselineAnswer> answers(const std::vector<std::vector<PromptPart>>& prompts,
                                      const std::vector<const BaselineAnswer*>& known, int max_tokens);
  /// nll_of the other model, filled with these prompts; empty continuations where its own are known.
  std::vector<double> nll(const std::vector<std::vector<int32_t>>& continuations);
  /// KL(other || here) and equal tops along `said`, one a prompt. `here` is filled with these prompts. Empty where
  /// neither logits nor the model are at hand.
  std::vector<RowComparison> compare(BatchGenerator& here, const std::vector<std::vector<PromptPart>>& prompts,
                                     const std::vector<std::vector<int32_t>>& said,
                                     const std::vector<const BaselineAnswer*>& known);

 private:
  BatchGenerator& model();
  void fill(const std::vector<std::vector<PromptPart>>& prompts);

  const BatchGenerator& here_;
  const EvaluationOptions& options_;
  BatchGenerator* model_ = nullptr;
  bool filled_ = false;  // with the prompts of the batch that answers() began
};

}  // namespace qvlm
