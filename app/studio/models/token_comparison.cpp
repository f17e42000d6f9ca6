// The longest common beginning of two token sequences, one or both of them still growing.
#include "app/studio/models/token_comparison.h"

#include <algorithm>

namespace qvlm::studio {

TokenComparison compare_tokens(const std::vector<AnswerToken>& a, bool a_ended, const std::vector<AnswerToken>& b,
                               bool b_ended) {
  const size_t shorter = std::min(a.size(), b.size());
  size_t common = 0;
  while (common < shorter && a[common].text == b[common].text &&
         (!a[common].text.isEmpty() || a[common].id == b[common].id)) {
    ++common;
  }
  TokenComparison result;
  result.common = static_cast<int>(common);
  result.longer = static_cast<int>(std::max(a.size(), b.size()));
  const bool one_is_over = (a_ended && a.size() < b.size()) || (b_ended && b.size() < a.size());
  if (common < shorter || one_is_over) result.parted = static_cast<int>(common);
  return result;
}

}  // namespace qvlm::studio
