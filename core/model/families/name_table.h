// Checkpoint tensor names to canonical ones and back, by a table of prefixes and rules.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qvlm {

/// One linear, norm or table. '#' stands for a layer number, a final '*' for "weight" or "bias".
struct NameRule {
  std::string_view file;
  std::string_view canonical;
};

/// Names that share their prefixes: the generations of one part of a model.
struct NameGroup {
  std::vector<std::string_view> prefixes;
  std::vector<NameRule> rules;
  std::vector<std::string_view> ignored;  // buffers and weights that no model needs, same notation
};

struct NameMatch {
  enum class Kind { TENSOR, IGNORED, UNKNOWN } kind = Kind::UNKNOWN;
  std::string canonical;
};

NameMatch match_name(const std::vector<NameGroup>& groups, std::string_view file_name);

/// Every name that the table would take for a canonical one, one a prefix; empty where there is no rule.
std::vector<std::string> file_names(const std::vector<NameGroup>& groups, std::string_view canonical);

}  // namespace qvlm
