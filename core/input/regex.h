// Regular expressions over UTF-8 text, for the patterns that tokenizer files carry.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace qvlm {

/// A compiled pattern in the syntax that Hugging Face's tokenizers use (Oniguruma's), where that means the same in PCRE2. Thread-safe.
class Regex {
 public:
  /// `origin` names file and component. Throws Error: not a pattern, or one that PCRE2 would read differently (\h, class intersections).
  Regex(std::string_view pattern, const std::string& origin);
  ~Regex();
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;

  /// Calls visit(begin, end) for each match, left to right, not overlapping, empty ones left out. `text` must be valid UTF-8.
  /// Throws Error where a match needs more memory than is allowed.
  void for_each_match(std::string_view text, const std::function<void(size_t begin, size_t end)>& visit) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace qvlm
