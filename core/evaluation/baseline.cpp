// Keeping answers, and reading them from an earlier evaluation's lines.
#include "core/evaluation/baseline.h"

#include <fstream>

#include "core/base/error.h"

namespace qvlm {

void Baseline::add(const std::string& id, BaselineAnswer answer) {
  const auto bytes = static_cast<int64_t>(answer.logits.size() * sizeof(float));
  if (bytes > room_) {
    answer.logits = {};
  } else {
    room_ -= bytes;
  }
  if (!answers_.emplace(id, std::move(answer)).second) throw Error("baseline: question \"" + id + "\" is there twice");
}

const BaselineAnswer* Baseline::find(const std::string& id) const {
  const auto found = answers_.find(id);
  return found == answers_.end() ? nullptr : &found->second;
}

Baseline read_baseline(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path.string() + ": cannot be read");
  Baseline baseline;
  bool finished = false;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    try {
      const EvaluationEvent event = evaluation_event_from_json_line(line);
      if (const auto* started = std::get_if<EvaluationStarted>(&event)) baseline.model = started->model;
      if (const auto* answered = std::get_if<QuestionAnswered>(&event)) {
        baseline.add(answered->id, {.tokens = {answered->tokens.begin(), answered->tokens.end()},
                                    .right = answered->right,
                                    .expected_tokens = answered->expected_tokens,
                                    .expected_nll = answered->expected_nll});
      }
      if (const auto* end = std::get_if<EvaluationFinished>(&event)) finished = !end->stopped;
    } catch (const Error& error) {
      throw Error(path.string() + ":" + std::to_string(number) + ": " + error.what());
    }
  }
  if (baseline.size() == 0) throw Error::in(path.string(), "", "the lines of qvlm evaluate --json on a question set", "no answered question");
  if (!finished) throw Error(path.string() + ": the evaluation did not come to its end; run it again");
  return baseline;
}

}  // namespace qvlm
