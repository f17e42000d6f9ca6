// What `qvlm evaluate --json` says: one JSON object a line. {"stop": true} on stdin ends it after the current batch.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/inference/generator.h"

namespace qvlm {

/// Right answers of a number of questions, with the 95 % Wilson interval as fractions.
struct Accuracy {
  int right = 0, total = 0;
  double low = 0, high = 1;
  std::optional<double> soft;  // mean VQA accuracy, where the set has several answers a question
  double value() const { return total ? double(right) / total : 0; }
};

/// How likely a model finds given tokens.
struct Likelihood {
  int64_t tokens = 0;
  double nll = 0;  // mean negative log-likelihood, nats a token
  double perplexity() const { return std::exp(nll); }
};

/// How far a model's next-token distributions are from another's, over the other's own tokens.
struct Divergence {
  int64_t tokens = 0;
  double kl = 0;    // mean KL(other || this), nats a token
  double top1 = 0;  // share of tokens where both find the same token the most likely
};

/// McNemar's exact test of two models' right answers on the same questions.
struct McNemar {
  int only_this = 0, only_against = 0;  // questions that one of the two gets right
  double p_value = 1;                   // two-sided: as far or farther apart by chance
};

struct EvaluationStarted {
  std::string model, questions_path;
  int questions = 0;  // or stretches of a text
  GeneratorInfo info;
};

/// In the order of answering: `index` is the place in the set.
struct QuestionAnswered {
  int index = 0;
  std::string id, category, question, expected, answer;
  std::vector<std::string> images;  // paths
  std::string context;              // "image" where the prompt holds a picture, else "text"
  std::vector<int> tokens;          // of the answer, its end token included
  bool right = false;
  bool novel = false;
  std::optional<double> soft;  // VQA accuracy 0..1, where the question has several answers
  int expected_tokens = 0;     // of the expected answer as the template writes it; 0: not scored
  double expected_nll = 0;     // sum over them, nats
  // With --against:
  double kl = 0;            // mean KL(other || this) over the other's answer's tokens
  int compared_tokens = 0;  // these tokens
  int same_top = 0;         // of them, where both find the same token the most likely
  bool agrees = true;       // same greedy answer
  std::optional<bool> against_right;
};

/// A stretch of a plain text.
struct TextScored {
  int index = 0;
  int tokens = 0;
  double nll = 0;    // sum, nats
  double kl = 0;     // with --against: mean
  int same_top = 0;  // with --against
};

/// The maps' keys: "all", "image", "text", where there are such tokens.
struct EvaluationFinished {
  Accuracy overall, novel;
  std::map<std::string, Accuracy> categories;
  std::map<std::string, Likelihood> likelihood;  // of the expected answers, or of the text
  int unscored = 0;                              // expected answers that could not be scored
  // With `against`:
  std::string against;
  double mean_kl = 0, agreement = 1;  // KL over all tokens; share of questions with the same greedy answer
  std::map<std::string, Divergence> divergence;
  std::map<std::string, Likelihood> against_likelihood;
  std::optional<Accuracy> against_overall;
  std::optional<McNemar> mcnemar;

  double seconds = 0;
  bool stopped = false;       // before all questions
  bool blank_images = false;  // every picture was replaced by a grey one
  GeneratorInfo info;
};

struct EvaluationFailed {
  std::string message;
};

using EvaluationEvent =
    std::variant<EvaluationStarted, QuestionAnswered, TextScored, EvaluationFinished, EvaluationFailed>;

std::string to_json_line(const EvaluationEvent& event);
EvaluationEvent evaluation_event_from_json_line(const std::string& line);

}  // namespace qvlm
