// Each step as Hugging Face's tokenizers define it: a step splits (and may rewrite) every piece that the steps before it left.
#include "core/input/pre_tokenizer_chain.h"

#include <array>
#include <functional>

#include "core/input/normalizer_chain.h"
#include "core/input/unicode.h"

namespace qvlm {
namespace {

using Kind = PreTokenizer::Kind;
using Behavior = PreTokenizer::Behavior;

constexpr std::string_view kGpt2Pattern = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

/// A piece of the text, and whether it begins where the input begins.
struct Piece {
  std::string text;
  bool at_start = false;
};

struct Range {
  size_t begin = 0, end = 0;
  bool match = false;
};

/// Matches, and what lies between them: together the whole text.
class Cover {
 public:
  explicit Cover(std::string_view text) : size_(text.size()) {}
  void add(size_t begin, size_t end) {
    if (begin > done_) ranges_.push_back({done_, begin, false});
    ranges_.push_back({begin, end, true});
    done_ = end;
  }
  std::vector<Range> finish() {
    if (done_ < size_) ranges_.push_back({done_, size_, false});
    return std::move(ranges_);
  }

 private:
  size_t size_, done_ = 0;
  std::vector<Range> ranges_;
};

std::vector<Range> cover_by(std::string_view text, const std::function<bool(char32_t)>& is_match) {
  Cover cover(text);
  size_t length = 0;
  for (size_t at = 0; at < text.size(); at += length) {
    if (is_match(utf8_at(text, at, &length))) cover.add(at, at + length);
  }
  return cover.finish();
}

std::vector<Range> cover_by(std::string_view text, const Regex& regex) {
  Cover cover(text);
  regex.for_each_match(text, [&](size_t begin, size_t end) { cover.add(begin, end); });
  return cover.finish();
}

std::vector<Range> cover_by(std::string_view text, std::string_view plain) {
  Cover cover(text);
  if (!plain.empty()) {
    for (size_t at = text.find(plain); at != std::string_view::npos; at = text.find(plain, at + plain.size())) cover.add(at, at + plain.size());
  }
  return cover.finish();
}

/// SplitDelimiterBehavior: what becomes of the matches.
std::vector<Range> arrange(const std::vector<Range>& ranges, Behavior behavior) {
  std::vector<Range> result;
  bool previous = false;
  switch (behavior) {
    case Behavior::ISOLATED: return ranges;
    case Behavior::REMOVED:
      for (const Range& range : ranges) {
        if (!range.match) result.push_back(range);
      }
      return result;
    case Behavior::CONTIGUOUS:
      for (const Range& range : ranges) {
        if (!result.empty() && result.back().match == range.match) {
          result.back().end = range.end;
        } else {
          result.push_back(range);
        }
      }
      return result;
    case Behavior::MERGED_WITH_PREVIOUS:
      for (const Range& range : ranges) {
        if (range.match && !previous && !result.empty()) {
          result.back().end = range.end;
        } else {
          result.push_back(range);
        }
        previous = range.match;
      }
      return result;
    case Behavior::MERGED_WITH_NEXT:
      for (auto range = ranges.rbegin(); range != ranges.rend(); ++range) {
        if (range->match && !previous && !result.empty()) {
          result.back().begin = range->begin;
        } else {
          result.push_back(*range);
        }
        previous = range->match;
      }
      return {result.rbegin(), result.rend()};
  }
  return result;
}

/// Appends the pieces that `ranges` cut out of `piece`.
void cut(const Piece& piece, const std::vector<Range>& ranges, std::vector<Piece>& out) {
  for (const Range& range : ranges) {
    if (range.end > range.begin) out.push_back({piece.text.substr(range.begin, range.end - range.begin), piece.at_start && range.begin == 0});
  }
}

struct ByteAlphabet {
  std::array<char32_t, 256> of_byte{};
  std::array<int16_t, 512> of_character{};
};

/// Printable Latin-1 stands for itself; every other byte, in order, for the characters from U+0100 on.
constexpr ByteAlphabet make_byte_alphabet() {
  ByteAlphabet alphabet;
  alphabet.of_character.fill(-1);
  char32_t next = 256;
  for (int byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    const char32_t character = printable ? static_cast<char32_t>(byte) : next++;
    alphabet.of_byte[static_cast<size_t>(byte)] = character;
    alphabet.of_character[character] = static_cast<int16_t>(byte);
  }
  return alphabet;
}

constexpr ByteAlphabet kByteAlphabet = make_byte_alphabet();

std::string spell_bytes(std::string_view text) {
  std::string result;
  result.reserve(text.size() * 2);
  for (const char c : text) append_utf8(result, character_of_byte(static_cast<unsigned char>(c)));
  return result;
}

void metaspace(const PreTokenizer& rule, Piece piece, std::vector<Piece>& out) {
  piece.text = replace_all(piece.text, " ", rule.replacement);
  const bool wanted = rule.prepend == PreTokenizer::Prepend::ALWAYS || (rule.prepend == PreTokenizer::Prepend::FIRST && piece.at_start);
  if (wanted && !piece.text.starts_with(rule.replacement)) piece.text = rule.replacement + piece.text;
  if (!rule.split) {
    out.push_back(std::move(piece));
    return;
  }
  cut(piece, arrange(cover_by(piece.text, rule.replacement), Behavior::MERGED_WITH_NEXT), out);
}

}  // namespace

char32_t character_of_byte(unsigned char byte) { return kByteAlphabet.of_byte[byte]; }
int byte_of_character(char32_t character) { return character < 512 ? kByteAlphabet.of_character[character] : -1; }

PreTokenizerChain::PreTokenizerChain(const std::vector<PreTokenizer>& steps, const std::string& origin) {
  for (const PreTokenizer& rule : steps) {
    steps_.push_back({rule, nullptr});
    if (rule.kind == Kind::SPLIT) steps_.back().regex = std::make_unique<Regex>(rule.pattern, origin + ": pre-tokenizer Split");
    if (rule.kind == Kind::BYTE_LEVEL && rule.use_regex) steps_.back().regex = std::make_unique<Regex>(kGpt2Pattern, origin + ": ByteLevel");
  }
}

bool PreTokenizerChain::is_byte_level() const {
  for (const Step& step : steps_) {
    if (step.rule.kind == Kind::BYTE_LEVEL) return true;
  }
  return false;
}

std::vector<std::string> PreTokenizerChain::apply(std::string text, bool at_start) const {
  std::vector<Piece> pieces;
  if (!text.empty()) pieces.push_back({std::move(text), at_start});
  for (const Step& step : steps_) {
    const PreTokenizer& rule = step.rule;
    std::vector<Piece> next;
    for (Piece& piece : pieces) {
      switch (rule.kind) {
        case Kind::SPLIT:
        case Kind::SPLIT_TEXT: {
          auto ranges = rule.kind == Kind::SPLIT ? cover_by(piece.text, *step.regex) : cover_by(piece.text, rule.pattern);
          if (rule.invert) {
            for (Range& range : ranges) range.match = !range.match;
          }
          cut(piece, arrange(ranges, rule.behavior), next);
          break;
        }
        case Kind::DIGITS:
          cut(piece, arrange(cover_by(piece.text, is_numeric), rule.individual_digits ? Behavior::ISOLATED : Behavior::CONTIGUOUS), next);
          break;
        case Kind::PUNCTUATION: cut(piece, arrange(cover_by(piece.text, is_punctuation), rule.behavior), next); break;
        case Kind::WHITESPACE_SPLIT: cut(piece, arrange(cover_by(piece.text, is_white_space), Behavior::REMOVED), next); break;
        case Kind::WHITESPACE: {  // \w+|[^\w\s]+
          for (const Range& range : arrange(cover_by(piece.text, is_white_space), Behavior::REMOVED)) {
            const Piece visible{piece.text.substr(range.begin, range.end - range.begin), piece.at_start && range.begin == 0};
            cut(visible, arrange(cover_by(visible.text, is_word_character), Behavior::CONTIGUOUS), next);
          }
          break;
        }
        case Kind::METASPACE: metaspace(rule, std::move(piece), next); break;
        case Kind::BYTE_LEVEL: {
          if (rule.add_prefix_space && !piece.text.starts_with(' ')) piece.text = ' ' + piece.text;
          std::vector<Piece> words;
          if (rule.use_regex) {
            cut(piece, cover_by(piece.text, *step.regex), words);
          } else {
            words.push_back(std::move(piece));
          }
          for (Piece& word : words) next.push_back({spell_bytes(word.text), word.at_start});
          break;
        }
      }
    }
    pieces = std::move(next);
  }
  std::vector<std::string> words;
  words.reserve(pieces.size());
  for (Piece& piece : pieces) words.push_back(std::move(piece.text));
  return words;
}

}  // namespace qvlm
