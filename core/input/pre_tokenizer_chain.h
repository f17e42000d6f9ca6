// The pre-tokenizer of a tokenizer: cuts normalised text into the words that the model sees, step by step.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/input/regex.h"
#include "core/model/tokenizer_data.h"

namespace qvlm {

class PreTokenizerChain {
 public:
  /// Throws Error (naming `origin`) for a pattern that cannot be compiled.
  PreTokenizerChain(const std::vector<PreTokenizer>& steps, const std::string& origin);

  /// The words of `text` (valid UTF-8). `at_start`: the text stands at the very start of the input (Metaspace "first" asks).
  std::vector<std::string> apply(std::string text, bool at_start) const;

  /// True if a step spells bytes as GPT-2's printable characters.
  bool is_byte_level() const;

 private:
  struct Step {
    PreTokenizer rule;
    std::unique_ptr<Regex> regex;  // SPLIT, BYTE_LEVEL with use_regex
  };
  std::vector<Step> steps_;
};

/// GPT-2's byte alphabet: each byte as a printable character (openai/gpt-2 encoder.py, bytes_to_unicode).
char32_t character_of_byte(unsigned char byte);
/// Its inverse; -1 for a character that stands for no byte.
int byte_of_character(char32_t character);

}  // namespace qvlm
