// Each step as Hugging Face's tokenizers define it.
#include "core/input/normalizer_chain.h"

#include "core/input/unicode.h"

namespace qvlm {
namespace {

std::string strip(std::string_view text, bool left, bool right) {
  size_t begin = 0, end = text.size(), length = 0;
  while (left && begin < end && is_white_space(utf8_at(text, begin, &length))) begin += length;
  while (right && end > begin) {
    size_t last = end - 1;
    while (last > begin && (static_cast<unsigned char>(text[last]) & 0xC0) == 0x80) --last;
    if (!is_white_space(utf8_at(text, last, &length))) break;
    end = last;
  }
  return std::string(text.substr(begin, end - begin));
}

std::string without_marks(std::string_view text) {
  std::string result;
  size_t length = 0;
  for (size_t at = 0; at < text.size(); at += length) {
    if (!is_mark(utf8_at(text, at, &length))) result += text.substr(at, length);
  }
  return result;
}

std::string replace_matches(std::string_view text, const Regex& regex, const std::string& content) {
  std::string result;
  size_t done = 0;
  regex.for_each_match(text, [&](size_t begin, size_t end) {
    result += text.substr(done, begin - done);
    result += content;
    done = end;
  });
  result += text.substr(done);
  return result;
}

}  // namespace

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  if (from.empty()) return std::string(text);
  std::string result;
  result.reserve(text.size());
  size_t done = 0;
  for (size_t at = text.find(from); at != std::string_view::npos; at = text.find(from, done)) {
    result += text.substr(done, at - done);
    result += to;
    done = at + from.size();
  }
  result += text.substr(done);
  return result;
}

NormalizerChain::NormalizerChain(const std::vector<Normalizer>& steps, const std::string& origin) {
  for (const Normalizer& rule : steps) {
    steps_.push_back({rule, nullptr});
    if (rule.kind == Normalizer::Kind::REPLACE_REGEX) steps_.back().regex = std::make_unique<Regex>(rule.pattern, origin + ": normalizer Replace");
  }
}

std::string NormalizerChain::apply(std::string_view input) const {
  std::string text(input);
  for (const Step& step : steps_) {
    switch (step.rule.kind) {
      case Normalizer::Kind::NFC: text = to_normal_form(text, NormalForm::NFC); break;
      case Normalizer::Kind::NFD: text = to_normal_form(text, NormalForm::NFD); break;
      case Normalizer::Kind::NFKC: text = to_normal_form(text, NormalForm::NFKC); break;
      case Normalizer::Kind::NFKD: text = to_normal_form(text, NormalForm::NFKD); break;
      case Normalizer::Kind::LOWERCASE: text = lower_case(text); break;
      case Normalizer::Kind::STRIP: text = strip(text, step.rule.left, step.rule.right); break;
      case Normalizer::Kind::STRIP_ACCENTS: text = without_marks(text); break;
      case Normalizer::Kind::REPLACE: text = replace_all(text, step.rule.pattern, step.rule.content); break;
      case Normalizer::Kind::REPLACE_REGEX: text = replace_matches(text, *step.regex, step.rule.content); break;
      case Normalizer::Kind::PREPEND:
        if (!text.empty()) text.insert(0, step.rule.content);
        break;
    }
  }
  return text;
}

}  // namespace qvlm
