// Asking a model a set of questions, and comparing its answers with the right ones and with another model's.
#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <string>

#include "core/data/sample.h"
#include "core/evaluation/evaluation_events.h"
#include "core/inference/generator.h"
#include "core/input/tokenizer.h"

namespace qvlm {

struct EvaluationOptions {
  int max_tokens = 32;
  bool blank_images = false;     // every picture becomes a grey one: what the model answers without looking
  Generator* against = nullptr;  // usually the model in full precision; same vocabulary
  std::string model, questions_path, against_model;  // names, for the events
};

using EvaluationListener = std::function<void(const EvaluationEvent&)>;

/// Asks every question on its own, greedily, and tells EvaluationStarted, QuestionAnswered, EvaluationFinished; returns
/// the last. With `against`: both models are given the other's greedy answer token by token, KL(other || this) is
/// averaged over its tokens (the end token counts where the answer ended), and answers agree where all tokens are
/// equal. A stop ends it after the current question. Throws Error.
EvaluationFinished evaluate(Generator& generator, const Tokenizer& tokenizer, std::span<const Sample> questions,
                            const EvaluationOptions& options, const EvaluationListener& listener,
                            std::stop_token stop = {});

/// A table for people: accuracy by category with intervals, never-trained combinations, KL and agreement.
std::string to_text(const EvaluationFinished& result);

}  // namespace qvlm
