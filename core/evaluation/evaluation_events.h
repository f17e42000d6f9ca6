// What `qvlm evaluate --json` says: one JSON object a line. {"stop": true} on stdin ends it after the current question.
#pragma once

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

struct EvaluationStarted {
  std::string model, questions_path;
  int questions = 0;
  GeneratorInfo info;
};

struct QuestionAnswered {
  int index = 0;
  std::string id, category, question, expected, answer;
  std::vector<std::string> images;  // paths
  bool right = false;
  bool novel = false;
  std::optional<double> soft;  // VQA accuracy 0..1, where the question has several answers
  double kl = 0;         // with --against: mean KL(other || this) over the answer's tokens; 0 without
  bool agrees = true;    // with --against: same greedy answer
};

struct EvaluationFinished {
  Accuracy overall, novel;
  std::map<std::string, Accuracy> categories;
  double mean_kl = 0, agreement = 1;  // meaningful with `against`
  std::string against;
  double seconds = 0;
  bool stopped = false;  // before all questions
  bool blank_images = false;  // every picture was replaced by a grey one
  GeneratorInfo info;
};

struct EvaluationFailed {
  std::string message;
};

using EvaluationEvent = std::variant<EvaluationStarted, QuestionAnswered, EvaluationFinished, EvaluationFailed>;

std::string to_json_line(const EvaluationEvent& event);
EvaluationEvent evaluation_event_from_json_line(const std::string& line);

}  // namespace qvlm
