// Matching of tensor names.
#include "core/model/families/name_table.h"

#include <cctype>

namespace qvlm {

namespace {

struct Wildcards {
  std::string number, rest;
};

std::optional<Wildcards> match(std::string_view pattern, std::string_view text) {
  Wildcards found;
  size_t at = 0;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '#') {
      const size_t begin = at;
      while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at]))) ++at;
      if (at == begin || at - begin > 6 || (text[begin] == '0' && at - begin > 1)) return std::nullopt;
      found.number = std::string(text.substr(begin, at - begin));
    } else if (pattern[i] == '*') {
      found.rest = std::string(text.substr(at));
      if (found.rest != "weight" && found.rest != "bias") return std::nullopt;
      at = text.size();
    } else if (at < text.size() && text[at] == pattern[i]) {
      ++at;
    } else {
      return std::nullopt;
    }
  }
  return at == text.size() ? std::optional(found) : std::nullopt;
}

std::string fill(std::string_view pattern, const Wildcards& wildcards) {
  std::string result;
  for (char c : pattern) {
    if (c == '#')
      result += wildcards.number;
    else if (c == '*')
      result += wildcards.rest;
    else
      result += c;
  }
  return result;
}

}  // namespace

NameMatch match_name(const std::vector<NameGroup>& groups, std::string_view file_name) {
  for (const NameGroup& group : groups)
    for (std::string_view prefix : group.prefixes) {
      if (!file_name.starts_with(prefix)) continue;
      const std::string_view rest = file_name.substr(prefix.size());
      for (const NameRule& rule : group.rules)
        if (const auto found = match(rule.file, rest)) return {NameMatch::Kind::TENSOR, fill(rule.canonical, *found)};
      for (std::string_view ignored : group.ignored)
        if (match(ignored, rest)) return {NameMatch::Kind::IGNORED, {}};
    }
  return {};
}

std::vector<std::string> file_names(const std::vector<NameGroup>& groups, std::string_view canonical) {
  std::vector<std::string> result;
  for (const NameGroup& group : groups)
    for (const NameRule& rule : group.rules)
      if (const auto found = match(rule.canonical, canonical))
        for (std::string_view prefix : group.prefixes) result.push_back(std::string(prefix) + fill(rule.file, *found));
  return result;
}

}  // namespace qvlm
