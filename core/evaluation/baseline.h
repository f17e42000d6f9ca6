// What the model that others are compared with (usually the one in full precision) answered, kept so that it is asked
// once for many comparisons.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/evaluation/evaluation_events.h"

namespace qvlm {

struct BaselineAnswer {
  std::vector<int32_t> tokens;  // greedy answer with its end token; of a text: the text's
  bool right = false;
  int expected_tokens = 0;
  double expected_nll = 0;    // sum, nats
  std::vector<float> logits;  // that predict `tokens`, [tokens, vocabulary]; empty: not kept
};

/// Answers by the question's id.
class Baseline {
 public:
  /// `logit_bytes`: how many bytes of logits are kept; those of later answers are dropped.
  explicit Baseline(int64_t logit_bytes = 0) : room_(logit_bytes) {}
  void add(const std::string& id, BaselineAnswer answer);
  /// True where so many logits more would be kept.
  bool has_room(int64_t logits) const { return logits * int64_t{sizeof(float)} <= room_; }
  /// nullptr where the question was not asked.
  const BaselineAnswer* find(const std::string& id) const;
  size_t size() const { return answers_.size(); }
  /// The name of the model that answered.
  std::string model;

 private:
  int64_t room_;
  std::map<std::string, BaselineAnswer> answers_;
};

/// From the lines that `qvlm evaluate --json` wrote. Throws Error naming the file and line: no such lines, an
/// evaluation that did not end, an id twice.
Baseline read_baseline(const std::filesystem::path& path);

}  // namespace qvlm
