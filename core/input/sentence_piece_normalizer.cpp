// Walks the precompiled table by the longest match, then treats white space as the model asks.
#include "core/input/sentence_piece_normalizer.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/base/error.h"
#include "core/input/unicode.h"

namespace qvlm {
namespace {

constexpr std::string_view kSpace = "\xE2\x96\x81";  // U+2581

// A unit of a darts-clone double array: 31-bit value in a leaf; else offset to the children, own label, and whether a leaf hangs here.
bool has_leaf(uint32_t unit) { return (unit >> 8 & 1) != 0; }
uint32_t value_of(uint32_t unit) { return unit & 0x7FFFFFFFu; }
uint32_t label_of(uint32_t unit) { return unit & 0x800000FFu; }
uint32_t offset_of(uint32_t unit) { return unit >> 10 << ((unit & 0x200u) >> 6); }

uint32_t little_endian(const char* bytes) {
  uint32_t value;
  std::memcpy(&value, bytes, sizeof value);
  if constexpr (std::endian::native == std::endian::big) value = __builtin_bswap32(value);
  return value;
}

}  // namespace

LiteralPieces::LiteralPieces(const TokenizerData& data) {
  for (size_t id = 0; id < data.pieces.size() && id < data.types.size(); ++id) {
    if (data.types[id] == TokenType::USER_DEFINED && !data.pieces[id].empty()) longest_first_.push_back(data.pieces[id]);
  }
  std::stable_sort(longest_first_.begin(), longest_first_.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

size_t LiteralPieces::match(std::string_view text) const {
  for (const std::string& piece : longest_first_) {
    if (text.starts_with(piece)) return piece.size();
  }
  return 0;
}

SentencePieceNormalizer::SentencePieceNormalizer(const TokenizerData& data) : remove_extra_whitespaces_(data.remove_extra_whitespaces) {
  const std::string& table = data.precompiled_normalizer;
  if (table.empty()) return;
  const char* field = "precompiled_charsmap";
  if (table.size() < 4) throw Error::in(data.origin, field, "a table's length", std::to_string(table.size()) + " bytes");
  const uint32_t bytes = little_endian(table.data());
  if (bytes < 4 || bytes % 4 != 0 || bytes > table.size() - 4)
    throw Error::in(data.origin, field, "a trie of at most " + std::to_string(table.size() - 4) + " bytes", std::to_string(bytes));
  units_.resize(bytes / 4);
  for (size_t i = 0; i < units_.size(); ++i) units_[i] = little_endian(table.data() + 4 + 4 * i);
  replacements_ = table.substr(4 + bytes);
  if (replacements_.empty() || replacements_.back() != '\0') throw Error::in(data.origin, field, "texts that end with NUL", "a cut table");
}

SentencePieceNormalizer::Step SentencePieceNormalizer::next(std::string_view input, const LiteralPieces& literals) const {
  if (const size_t literal = literals.match(input)) return {input.substr(0, literal), literal};
  size_t longest = 0;
  uint32_t value = 0;
  uint32_t at = units_.empty() ? 0 : offset_of(units_[0]);
  for (size_t i = 0; i < input.size() && !units_.empty(); ++i) {
    const auto label = static_cast<unsigned char>(input[i]);
    at ^= label;
    if (at >= units_.size() || label_of(units_[at]) != label) break;
    const uint32_t unit = units_[at];
    at ^= offset_of(unit);
    if (!has_leaf(unit)) continue;
    if (at >= units_.size() || value_of(units_[at]) >= replacements_.size()) break;
    longest = i + 1;
    value = value_of(units_[at]);
  }
  if (longest) return {std::string_view(replacements_.data() + value), longest};
  const size_t length = std::min(utf8_length(input.front()), input.size());
  return {input.substr(0, length), length};
}

std::string SentencePieceNormalizer::normalize(std::string_view text, bool prefixed, const LiteralPieces& literals) const {
  if (remove_extra_whitespaces_) {
    while (!text.empty()) {
      const Step step = next(text, literals);
      if (step.text != " ") break;
      text.remove_prefix(step.consumed);
    }
  }
  std::string result;
  if (text.empty()) return result;
  if (prefixed) result += kSpace;
  bool after_space = remove_extra_whitespaces_;
  while (!text.empty()) {
    Step step = next(text, literals);
    text.remove_prefix(step.consumed);
    while (after_space && step.text.starts_with(' ')) step.text.remove_prefix(1);
    if (step.text.empty()) continue;
    for (const char byte : step.text) {
      if (byte == ' ') result += kSpace;
      else result += byte;
    }
    after_space = remove_extra_whitespaces_ && step.text.ends_with(' ');
  }
  if (remove_extra_whitespaces_) {
    while (result.ends_with(kSpace)) result.resize(result.size() - kSpace.size());
  }
  return result;
}

}  // namespace qvlm
