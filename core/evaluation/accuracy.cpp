// Right or wrong, and the interval of a share.
#include "core/evaluation/accuracy.h"

#include <algorithm>
#include <cmath>

namespace qvlm {

std::string normalized_answer(std::string_view answer) {
  std::string result;
  bool gap = false;
  for (const char raw : answer) {
    if (raw == ' ' || (raw >= '\t' && raw <= '\r')) {
      gap = !result.empty();
      continue;
    }
    if (gap) result.push_back(' ');
    gap = false;
    result.push_back(raw >= 'A' && raw <= 'Z' ? static_cast<char>(raw - 'A' + 'a') : raw);
  }
  while (!result.empty() && (result.back() == '.' || result.back() == ' ')) result.pop_back();
  return result;
}

bool is_right(std::string_view answer, std::string_view expected) {
  return normalized_answer(answer) == normalized_answer(expected);
}

double vqa_accuracy(std::string_view answer, std::span<const std::string> human_answers) {
  if (human_answers.empty()) return 0;
  const auto matches = std::count_if(human_answers.begin(), human_answers.end(),
                                     [&](const std::string& human) { return is_right(answer, human); });
  const auto others = static_cast<double>(human_answers.size()) - static_cast<double>(matches);
  const double left_out_match =
      std::min(1.0, static_cast<double>(matches - 1) / 3);  // subsets that lack one of the matches
  const double left_out_other = std::min(1.0, static_cast<double>(matches) / 3);
  return (static_cast<double>(matches) * left_out_match + others * left_out_other) /
         static_cast<double>(human_answers.size());
}

void fill_wilson_interval(Accuracy& accuracy) {
  if (accuracy.total <= 0) {
    accuracy.low = 0;
    accuracy.high = 1;
    return;
  }
  constexpr double z = 1.959963984540054;  // 97.5 % point of the normal distribution
  const double n = accuracy.total, p = accuracy.value();
  const double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  accuracy.low = std::clamp(centre - half, 0.0, 1.0);
  accuracy.high = std::clamp(centre + half, 0.0, 1.0);
}

}  // namespace qvlm
