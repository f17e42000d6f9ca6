// Right or wrong, and the interval of a share.
#include "core/evaluation/accuracy.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

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

namespace {

bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

/// The option's letter that an answer names; 0: none, or several.
char option_letter(std::string_view answer) {
  const size_t begin = answer.find_first_not_of(" \t\r\n");
  if (begin == answer.npos) return 0;
  answer = answer.substr(begin, answer.find_last_not_of(" \t\r\n") - begin + 1);
  if (is_capital(answer.front()) && (answer.size() == 1 || answer.substr(1) == "." || answer.substr(1, 2) == ". ")) {
    return answer.front();
  }
  constexpr std::string_view kPhrase = "The answer is ";
  const size_t at = answer.find(kPhrase);
  if (at == answer.npos || answer.find(kPhrase, at + 1) != answer.npos) return 0;
  const std::string_view rest = answer.substr(at + kPhrase.size());
  const bool ends = rest.size() == 1 || (rest.size() > 1 && rest[1] == '.');
  return ends && is_capital(rest.front()) ? rest.front() : static_cast<char>(0);
}

}  // namespace

bool is_right(std::string_view answer, std::string_view expected) {
  if (expected.size() == 1 && is_capital(expected.front()) && option_letter(answer) == expected.front()) return true;
  return normalized_answer(answer) == normalized_answer(expected);
}

std::string vqa_normalized_answer(std::string_view answer) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::string text;
  for (const char c : answer) {
    if (c == '\'') continue;
    text.push_back(c == '\n' || c == '\t' || c == '\r' ? ' ' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  bool comma_in_number = false;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    comma_in_number = comma_in_number || (text[i] == ',' && is_digit(text[i - 1]) && is_digit(text[i + 1]));
  }
  for (const char mark : std::string_view(";/[]\"{}()=+\\_-><@`,?!")) {
    // Beside a space a mark says nothing; between letters it divides words.
    const bool loose = comma_in_number || text.find(std::string{mark, ' '}) != std::string::npos ||
                       text.find(std::string{' ', mark}) != std::string::npos;
    std::string next;
    for (const char c : text) {
      if (c != mark) next.push_back(c);
      if (c == mark && !loose) next.push_back(' ');
    }
    text = std::move(next);
  }
  std::string without_stops;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '.' || (i + 1 < text.size() && is_digit(text[i + 1]))) without_stops.push_back(text[i]);
  }
  constexpr std::array<std::string_view, 11> kNumbers{"zero", "one", "two",   "three", "four", "five",
                                                      "six",  "seven", "eight", "nine",  "ten"};
  std::string result;
  std::istringstream words(without_stops);
  for (std::string word; words >> word;) {
    if (word == "a" || word == "an" || word == "the") continue;
    if (word == "none") word = "0";
    const auto number = std::find(kNumbers.begin(), kNumbers.end(), word);
    if (number != kNumbers.end()) word = std::to_string(number - kNumbers.begin());
    result += (result.empty() ? "" : " ") + word;
  }
  return result;
}

double vqa_accuracy(std::string_view answer, std::span<const std::string> human_answers) {
  if (human_answers.empty()) return 0;
  const std::string said = vqa_normalized_answer(answer);
  const auto matches = std::count_if(human_answers.begin(), human_answers.end(), [&](const std::string& human) {
    return vqa_normalized_answer(human) == said;
  });
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
