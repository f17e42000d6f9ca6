// PCRE2 with Unicode properties, compiled just in time where the machine can.
#include "core/input/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>

#include "core/base/error.h"

namespace qvlm {
namespace {

/// Oniguruma and PCRE2 agree on nearly everything that tokenizers write. What they would read differently is refused or rewritten:
/// \h (hex digit / horizontal space), [a&&b] (intersection / two ampersands), \p{Han} (script / script extensions, since PCRE2 10.40).
std::string translate(std::string_view pattern, const std::string& origin) {
  std::string result;
  int depth = 0;  // of brackets
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      const char next = pattern[++i];
      if (next == 'h' || next == 'H') {
        throw Error::in(origin, "pattern", "one without \\h (a hex digit in one syntax, a space in the other)", pattern);
      }
      result += c;
      result += next;
      if ((next == 'p' || next == 'P') && i + 1 < pattern.size() && pattern[i + 1] == '{') {
        const size_t close = pattern.find('}', i);
        if (close == std::string_view::npos) throw Error::in(origin, "pattern", "a closing brace after \\p{", pattern);
        std::string name(pattern.substr(i + 2, close - i - 2));
        const bool negated = !name.empty() && name.front() == '^';
        if (negated) name.erase(0, 1);
        // General categories have one or two letters; longer names without '=' or ':' are scripts.
        const bool script = name.size() > 2 && name != "Any" && name.find_first_of("=:") == std::string::npos;
        result += std::string("{") + (negated ? "^" : "") + (script ? "sc:" : "") + name + "}";
        i = close;
      }
      continue;
    }
    if (c == '[') ++depth;
    if (c == ']' && depth > 0) --depth;
    if (c == '&' && depth > 0 && i + 1 < pattern.size() && pattern[i + 1] == '&') {
      throw Error::in(origin, "pattern", "one without class intersections (&&)", pattern);
    }
    result += c;
  }
  return result;
}

struct FreePcre {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
  void operator()(pcre2_jit_stack* stack) const { pcre2_jit_stack_free(stack); }
};

std::string message_of(int code) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

}  // namespace

struct Regex::Compiled {
  std::unique_ptr<pcre2_code, FreePcre> code;
  std::string origin;
};

Regex::Regex(std::string_view pattern, const std::string& origin) : compiled_(std::make_unique<Compiled>()) {
  const std::string text = translate(pattern, origin);
  int problem = 0;
  PCRE2_SIZE offset = 0;
  compiled_->origin = origin;
  compiled_->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), PCRE2_UTF | PCRE2_UCP, &problem, &offset,
                                      nullptr));
  if (!compiled_->code) {
    throw Error::in(origin, "pattern", "a regular expression", std::string(pattern) + " (" + message_of(problem) + ")");
  }
  pcre2_jit_compile(compiled_->code.get(), PCRE2_JIT_COMPLETE);  // where it cannot, matching interprets: slower, the same result
}

Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;

void Regex::for_each_match(std::string_view text, const std::function<void(size_t, size_t)>& visit) const {
  if (text.empty()) return;
  const std::unique_ptr<pcre2_match_data, FreePcre> data(pcre2_match_data_create_from_pattern(compiled_->code.get(), nullptr));
  const std::unique_ptr<pcre2_match_context, FreePcre> context(pcre2_match_context_create(nullptr));
  // Runs of a megabyte of one class of characters still match: the stack grows only when it is needed.
  const std::unique_ptr<pcre2_jit_stack, FreePcre> stack(pcre2_jit_stack_create(32 << 10, 64 << 20, nullptr));
  if (!data || !context || !stack) throw Error(compiled_->origin + ": too little memory to match a pattern");
  pcre2_jit_stack_assign(context.get(), nullptr, stack.get());

  for (size_t at = 0; at < text.size();) {
    const int found = pcre2_match(compiled_->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at, PCRE2_NO_UTF_CHECK,
                                  data.get(), context.get());
    if (found == PCRE2_ERROR_NOMATCH) return;
    if (found < 0) throw Error(compiled_->origin + ": a pattern could not be matched: " + message_of(found));
    const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(data.get());
    if (bounds[1] <= bounds[0]) {  // empty: on to the next character
      at = bounds[1] + 1;
      while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
      continue;
    }
    visit(bounds[0], bounds[1]);
    at = bounds[1];
  }
}

}  // namespace qvlm
