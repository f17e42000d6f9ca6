// Merges the pair with the best score, or finds the segmentation with the best sum of scores; both O(n log n) or better in the text's length.
#include "core/input/sentence_piece_encoder.h"

#include <algorithm>
#include <limits>
#include <queue>
#include <string>

#include "core/base/error.h"
#include "core/input/byte_pair_encoder.h"
#include "core/input/unicode.h"

namespace qvlm {
namespace {

constexpr float kUnknownPenalty = 10;  // below the lowest score, as the library has it

}  // namespace

SentencePieceEncoder::SentencePieceEncoder(const TokenizerData& data) : data_(data), normalizer_(data), literals_(data) {
  const auto unknowns = std::count(data.types.begin(), data.types.end(), TokenType::UNKNOWN);
  if (unknowns != 1) throw Error::in(data.origin, "pieces", "exactly one of the type unknown", std::to_string(unknowns));
  if (data.types.size() != data.pieces.size() || data.scores.size() != data.pieces.size())
    throw Error::in(data.origin, "scores and types", std::to_string(data.pieces.size()) + " (one a piece)",
                    std::to_string(data.scores.size()) + " and " + std::to_string(data.types.size()));
  unknown_ = static_cast<int32_t>(std::find(data.types.begin(), data.types.end(), TokenType::UNKNOWN) - data.types.begin());
  std::vector<int32_t> bytes(256, -1);
  lowest_score_ = std::numeric_limits<float>::max();
  highest_score_ = std::numeric_limits<float>::lowest();
  for (size_t i = 0; i < data.pieces.size(); ++i) {
    const auto id = static_cast<int32_t>(i);
    const TokenType type = data.types[i];
    if (type == TokenType::BYTE) {
      if (const int byte = byte_of_piece(data.pieces[i]); byte >= 0) bytes[static_cast<size_t>(byte)] = id;
    }
    if (type == TokenType::NORMAL) {
      lowest_score_ = std::min(lowest_score_, data.scores[i]);
      highest_score_ = std::max(highest_score_, data.scores[i]);
    }
    const bool mergeable = type == TokenType::NORMAL || type == TokenType::USER_DEFINED || type == TokenType::UNUSED;
    if (!mergeable || data.pieces[i].empty()) continue;
    pieces_.emplace(data.pieces[i], id);
    longest_ = std::max(longest_, data.pieces[i].size());
  }
  if (std::find(bytes.begin(), bytes.end(), -1) == bytes.end()) byte_ids_ = std::move(bytes);
}

int32_t SentencePieceEncoder::find(std::string_view piece) const {
  if (piece.size() > longest_) return -1;
  const auto found = pieces_.find(piece);
  return found == pieces_.end() ? -1 : found->second;
}

std::vector<SentencePieceEncoder::Segment> SentencePieceEncoder::merge_by_score(std::string_view text) const {
  struct Symbol {
    std::string_view text;
    int32_t previous, next;
    bool literal;  // a user-defined piece: never merged
  };
  struct Pair {
    float score;
    int32_t left, right;
    size_t bytes;  // of both together when the pair was found; otherwise the pair is stale
    bool operator<(const Pair& other) const { return score < other.score || (score == other.score && left > other.left); }
  };
  std::vector<Symbol> symbols;
  for (size_t at = 0; at < text.size();) {
    const size_t literal = literals_.match(text.substr(at));
    const size_t length = literal ? literal : std::min(utf8_length(text[at]), text.size() - at);
    const auto index = static_cast<int32_t>(symbols.size());
    symbols.push_back({text.substr(at, length), index - 1, index + 1, literal > 0});
    at += length;
  }
  if (symbols.empty()) return {};
  symbols.back().next = -1;

  std::priority_queue<Pair> agenda;
  std::unordered_map<std::string_view, std::pair<std::string_view, std::string_view>> parts_of_unused;
  const auto propose = [&](int32_t left, int32_t right) {
    if (left < 0 || right < 0) return;
    const Symbol &a = symbols[static_cast<size_t>(left)], &b = symbols[static_cast<size_t>(right)];
    if (a.literal || b.literal) return;
    const std::string_view both(a.text.data(), a.text.size() + b.text.size());
    const int32_t id = find(both);
    if (id < 0) return;
    agenda.push({data_.scores[static_cast<size_t>(id)], left, right, both.size()});
    if (data_.types[static_cast<size_t>(id)] == TokenType::UNUSED) parts_of_unused[both] = {a.text, b.text};
  };
  for (size_t i = 1; i < symbols.size(); ++i) propose(static_cast<int32_t>(i) - 1, static_cast<int32_t>(i));
  while (!agenda.empty()) {
    const Pair pair = agenda.top();
    agenda.pop();
    Symbol &left = symbols[static_cast<size_t>(pair.left)], &right = symbols[static_cast<size_t>(pair.right)];
    if (left.text.empty() || right.text.empty() || left.text.size() + right.text.size() != pair.bytes) continue;
    left.text = {left.text.data(), pair.bytes};
    left.next = right.next;
    if (right.next >= 0) symbols[static_cast<size_t>(right.next)].previous = pair.left;
    right.text = {};
    propose(left.previous, pair.left);
    propose(pair.left, left.next);
  }

  std::vector<Segment> segments;
  std::vector<std::string_view> open;  // an unused piece falls back into the parts that it was merged from
  for (int32_t at = 0; at >= 0; at = symbols[static_cast<size_t>(at)].next) {
    open.assign(1, symbols[static_cast<size_t>(at)].text);
    while (!open.empty()) {
      const std::string_view piece = open.back();
      open.pop_back();
      const int32_t id = find(piece);
      const auto parts = id >= 0 && data_.types[static_cast<size_t>(id)] == TokenType::UNUSED ? parts_of_unused.find(piece) : parts_of_unused.end();
      if (parts != parts_of_unused.end()) {
        open.push_back(parts->second.second);
        open.push_back(parts->second.first);
      } else {
        segments.push_back({piece, id < 0 ? unknown_ : id});
      }
    }
  }
  return segments;
}

std::vector<SentencePieceEncoder::Segment> SentencePieceEncoder::best_segmentation(std::string_view text) const {
  struct Node {
    int32_t id = -1;
    size_t begin = 0;
    float score = 0;  // of the best path that ends here
    bool reached = false;
  };
  std::vector<Node> ends(text.size() + 1);
  const float unknown_score = lowest_score_ - kUnknownPenalty;
  for (size_t begin = 0; begin < text.size();) {
    const float before = ends[begin].score;
    const size_t character = std::min(utf8_length(text[begin]), text.size() - begin);
    bool has_single = false;
    for (size_t end = begin + character;; end += std::min(utf8_length(text[end]), text.size() - end)) {
      const size_t length = end - begin;
      if (length > longest_) break;
      const int32_t id = find(text.substr(begin, length));
      if (id >= 0 && data_.types[static_cast<size_t>(id)] != TokenType::UNUSED) {
        const bool literal = data_.types[static_cast<size_t>(id)] == TokenType::USER_DEFINED;
        // A literal piece is worth more than any other way through its stretch.
        const double score = literal ? static_cast<double>(static_cast<float>(length) * highest_score_) - 0.1 : static_cast<double>(data_.scores[static_cast<size_t>(id)]);
        const double path = score + static_cast<double>(before);
        if (!ends[end].reached || path > static_cast<double>(ends[end].score)) ends[end] = {id, begin, static_cast<float>(path), true};
        has_single |= length == character;
      }
      if (end >= text.size()) break;
    }
    if (!has_single) {
      const float path = unknown_score + before;
      Node& end = ends[begin + character];
      if (!end.reached || path > end.score) end = {unknown_, begin, path, true};
    }
    begin += character;
  }
  std::vector<Segment> segments;
  for (size_t end = text.size(); end > 0; end = ends[end].begin) segments.push_back({text.substr(ends[end].begin, end - ends[end].begin), ends[end].id});
  std::reverse(segments.begin(), segments.end());
  return segments;
}

void SentencePieceEncoder::encode(std::string_view text, bool prefixed, std::vector<int32_t>& out) const {
  const std::string normalized = normalizer_.normalize(text, prefixed && data_.add_prefix_space, literals_);
  bool after_unknown = false;
  for (const Segment& segment : data_.kind == TokenizerData::Kind::SPM ? merge_by_score(normalized) : best_segmentation(normalized)) {
    const bool is_unknown = segment.id == unknown_;
    if (is_unknown && !byte_ids_.empty()) {
      for (const char byte : segment.text) out.push_back(byte_ids_[static_cast<unsigned char>(byte)]);
    } else if (!(is_unknown && after_unknown)) {  // neighbouring unknown stretches are one
      out.push_back(segment.id);
    }
    after_unknown = is_unknown;
  }
}

}  // namespace qvlm
