// Two answers to one question, token by token: how far they agree, and where they part.
#pragma once

#include <QString>
#include <cstdint>
#include <optional>
#include <vector>

namespace qvlm::studio {

struct AnswerToken {
  int32_t id = 0;
  QString text;  // whole characters only; may be empty
};

struct TokenComparison {
  int common = 0;             // tokens at the beginning that are the same
  int longer = 0;             // tokens of the longer answer
  std::optional<int> parted;  // the first token that differs, or that only one answer has; none while none is known
  /// Share of the longer answer that both have in common, 0..1; of two empty answers: 1.
  double agreement() const { return longer == 0 ? 1 : double(common) / longer; }
};

/// `a_ended`, `b_ended`: nothing more will come. Tokens are the same if their texts are, and where these are empty
/// (parts of a character) if their ids are: two vocabularies number the same words differently.
TokenComparison compare_tokens(const std::vector<AnswerToken>& a, bool a_ended, const std::vector<AnswerToken>& b,
                               bool b_ended);

}  // namespace qvlm::studio
