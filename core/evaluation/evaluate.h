// Asking a model a set of questions, and comparing its answers with the right ones and with another model's.
#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <string>

#include "core/data/sample.h"
#include "core/evaluation/baseline.h"
#include "core/evaluation/evaluation_events.h"
#include "core/inference/batch.h"
#include "core/input/tokenizer.h"

namespace qvlm {

struct EvaluationOptions {
  int max_tokens = 32;
  int batch = 32;             // most questions asked together
  bool blank_images = false;  // every picture becomes a grey one: what the model answers without looking
  /// The model to compare with, usually the one in full precision; same vocabulary. Asked for when it is first needed,
  /// not called again; may be empty.
  std::function<BatchGenerator&()> against;
  /// What that model answered before: it is not asked again. With logits of every answer it is not needed at all;
  /// without logits and without `against` there is no divergence.
  const Baseline* baseline = nullptr;
  Baseline* record = nullptr;                        // takes this model's answers and logits
  std::string model, questions_path, against_model;  // names, for the events
};

using EvaluationListener = std::function<void(const EvaluationEvent&)>;

/// Asks every question, greedily, and tells EvaluationStarted, QuestionAnswered, EvaluationFinished; returns the last.
/// Questions over the same pictures are asked together; the answers are those that each gets alone.
/// - Likelihood: of the expected answer behind the prompt, teacher-forced, its end token included.
/// - Divergence: both models are given the other's greedy answer token by token; KL(other || this) and whether the most
///   likely token is the same, over its tokens (the end token counts where the answer ended). Answers agree where all
///   tokens are equal.
/// A stop ends it after the current batch. Throws Error.
EvaluationFinished evaluate(BatchGenerator& generator, const Tokenizer& tokenizer, std::span<const Sample> questions,
                            const EvaluationOptions& options, const EvaluationListener& listener,
                            std::stop_token stop = {});

/// A plain text as the model reads it: perplexity as exp of the mean negative log-likelihood, and the divergence from
/// the other model. The text is cut into stretches of `generator.context_length()` tokens that do not overlap; each
/// begins with the begin token where the model has one (else with its first token, which is not scored), so that a
/// stretch is scored on context_length - 1 tokens. `limit` > 0: only so many stretches. Tells EvaluationStarted,
/// TextScored, EvaluationFinished. Throws Error: a text of fewer than two tokens.
EvaluationFinished evaluate_text(BatchGenerator& generator, const Tokenizer& tokenizer, std::string_view text,
                                 int limit, const EvaluationOptions& options, const EvaluationListener& listener,
                                 std::stop_token stop = {});

/// A table for people: accuracy by category with intervals, never-trained combinations, perplexity, KL, agreement,
/// McNemar's test.
std::string to_text(const EvaluationFinished& result);

}  // namespace qvlm
