// Table of the pre-tokenizers that several readers share by name.
#include "core/model/pre_tokenizers.h"

namespace qvlm {

namespace {

struct Named {
  std::string name;
  std::vector<std::string> aliases;
  std::vector<PreTokenizer> steps;
};

PreTokenizer byte_level(bool use_regex) {
  PreTokenizer step;
  step.kind = PreTokenizer::Kind::BYTE_LEVEL;
  step.use_regex = use_regex;
  return step;
}
PreTokenizer split(std::string pattern) {
  PreTokenizer step;
  step.kind = PreTokenizer::Kind::SPLIT;
  step.pattern = std::move(pattern);
  return step;
}
PreTokenizer single_digits() {
  PreTokenizer step;
  step.kind = PreTokenizer::Kind::DIGITS;
  step.individual_digits = true;
  return step;
}

// Llama 3 cuts numbers into up to three digits, Qwen 2 into single ones; the rest is the same.
std::string pattern(const std::string& numbers) {
  return R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|)" + numbers +
         R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
}

const std::vector<Named>& table() {
  static const std::vector<Named> names{
      {"gpt-2", {}, {byte_level(true)}},
      {"smollm", {}, {single_digits(), byte_level(true)}},
      {"llama-bpe", {"llama3", "llama-v3"}, {split(pattern(R"(\p{N}{1,3})")), byte_level(false)}},
      {"qwen2", {"deepseek-r1-qwen"}, {split(pattern(R"(\p{N})")), byte_level(false)}},
  };
  return names;
}

}  // namespace

std::string name_of_pre_tokenizers(const std::vector<PreTokenizer>& steps) {
  for (const Named& named : table())
    if (named.steps == steps) return named.name;
  return "default";
}

std::optional<std::vector<PreTokenizer>> pre_tokenizers_of(const std::string& name) {
  for (const Named& named : table()) {
    if (named.name == name) return named.steps;
    for (const std::string& alias : named.aliases)
      if (alias == name) return named.steps;
  }
  return std::nullopt;
}

}  // namespace qvlm
