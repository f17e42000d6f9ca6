// Longest match by first byte: a text has few places where an added token may start.
#include "core/input/added_tokens.h"

#include <algorithm>

#include "core/input/unicode.h"

namespace qvlm {
namespace {

size_t first_byte(const AddedToken& token) { return static_cast<unsigned char>(token.text[0]); }

/// The character that ends before `end`; false at the beginning.
bool character_before(std::string_view text, size_t end, char32_t& character, size_t& begin) {
  if (end == 0) return false;
  begin = end - 1;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
  size_t length = 0;
  character = utf8_at(text, begin, &length);
  return true;
}

}  // namespace

AddedTokenSplitter::AddedTokenSplitter(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  std::erase_if(tokens_, [](const AddedToken& token) { return token.text.empty(); });
  std::stable_sort(tokens_.begin(), tokens_.end(), [](const AddedToken& a, const AddedToken& b) {
    if (first_byte(a) != first_byte(b)) return first_byte(a) < first_byte(b);
    return a.text.size() > b.text.size();
  });
  for (size_t i = 0; i < tokens_.size(); ++i) {
    auto& range = by_byte_[first_byte(tokens_[i])];
    if (range.second == 0) range.first = i;
    range.second = i + 1;
  }
}

const AddedToken* AddedTokenSplitter::longest_at(std::string_view text, size_t at) const {
  const auto [begin, end] = by_byte_[static_cast<unsigned char>(text[at])];
  for (size_t i = begin; i < end; ++i) {
    if (text.substr(at).starts_with(tokens_[i].text)) return &tokens_[i];
  }
  return nullptr;
}

std::vector<AddedTokenSplitter::Segment> AddedTokenSplitter::split(std::string_view text) const {
  std::vector<Segment> segments;
  size_t done = 0;
  for (size_t at = 0; at < text.size();) {
    const AddedToken* token = longest_at(text, at);
    if (!token) {
      ++at;
      continue;
    }
    size_t begin = at, end = at + token->text.size(), length = 0, before = 0;
    at = end;
    char32_t character = 0;
    if (token->single_word) {
      const bool word_before = character_before(text, begin, character, before) && is_word_character(character);
      const bool word_after = end < text.size() && is_word_character(utf8_at(text, end, &length));
      if (word_before || word_after) continue;
    }
    if (token->lstrip) {
      while (begin > done && character_before(text, begin, character, before) && is_white_space(character)) begin = before;
    }
    if (token->rstrip) {
      while (end < text.size() && is_white_space(utf8_at(text, end, &length))) end += length;
    }
    if (begin < done) continue;  // swallowed by the token before it (its rstrip)
    if (begin > done) segments.push_back({text.substr(done, begin - done), -1, done});
    segments.push_back({text.substr(begin, end - begin), token->id, begin});
    done = end;
    at = std::max(at, end);
  }
  if (done < text.size()) segments.push_back({text.substr(done), -1, done});
  return segments;
}

}  // namespace qvlm
