// The normalizer of a tokenizer: its steps in order.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/input/regex.h"
#include "core/model/tokenizer_data.h"

namespace qvlm {

class NormalizerChain {
 public:
  /// Throws Error (naming `origin`) for a pattern that cannot be compiled.
  NormalizerChain(const std::vector<Normalizer>& steps, const std::string& origin);

  /// `text` must be valid UTF-8.
  std::string apply(std::string_view text) const;

 private:
  struct Step {
    Normalizer rule;
    std::unique_ptr<Regex> regex;  // REPLACE_REGEX
  };
  std::vector<Step> steps_;
};

/// Every occurrence of `from` replaced, left to right.
std::string replace_all(std::string_view text, std::string_view from, std::string_view to);

}  // namespace qvlm
