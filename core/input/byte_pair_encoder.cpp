// A linked list of symbols and a heap of the pairs that may merge: the best rank first, the leftmost among equals.
#include "core/input/byte_pair_encoder.h"

#include <array>
#include <queue>

#include "core/base/error.h"
#include "core/input/unicode.h"

namespace qvlm {
namespace {

struct Symbol {
  int32_t id = 0;
  int32_t previous = -1, next = -1;
  bool alive = true;
};

struct Candidate {
  int32_t rank = 0;
  int32_t position = 0;  // of the left symbol
  int32_t merged = 0;
  bool operator<(const Candidate& other) const {  // std::priority_queue gives the greatest: turned round
    return rank != other.rank ? rank > other.rank : position > other.position;
  }
};

int hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

}  // namespace

std::string byte_piece(unsigned char byte) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  return {'<', '0', 'x', kDigits[byte >> 4], kDigits[byte & 15], '>'};
}

int byte_of_piece(std::string_view piece) {
  if (piece.size() != 6 || !piece.starts_with("<0x") || piece.back() != '>') return -1;
  const int high = hex_digit(piece[3]), low = hex_digit(piece[4]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

BytePairEncoder::BytePairEncoder(const TokenizerData& data, const PieceIds& ids) : data_(data), ids_(ids) {
  const auto id_of = [&](const std::string& piece, size_t rank) {
    const auto found = ids.find(piece);
    if (found == ids.end()) {
      throw Error::in(data.origin, "merge " + std::to_string(rank), "pieces of the vocabulary", "\"" + piece + "\"");
    }
    return found->second;
  };
  merges_.reserve(data.merges.size());
  for (size_t rank = 0; rank < data.merges.size(); ++rank) {
    const auto& [left, right] = data.merges[rank];
    const uint64_t key = static_cast<uint64_t>(id_of(left, rank)) << 32 | static_cast<uint32_t>(id_of(right, rank));
    merges_.insert_or_assign(key, Merge{static_cast<int32_t>(rank), id_of(left + right, rank)});
  }
  if (data.byte_fallback) {
    for (int byte = 0; byte < 256; ++byte) {
      const auto found = ids.find(byte_piece(static_cast<unsigned char>(byte)));
      byte_ids_.push_back(found == ids.end() ? -1 : found->second);
    }
  }
  if (!data.unknown_piece.empty()) unknown_ = id_of(data.unknown_piece, 0);
}

const BytePairEncoder::Merge* BytePairEncoder::merge_of(int32_t left, int32_t right) const {
  const auto found = merges_.find(static_cast<uint64_t>(left) << 32 | static_cast<uint32_t>(right));
  return found == merges_.end() ? nullptr : &found->second;
}

std::vector<int32_t> BytePairEncoder::characters_of(std::string_view word) const {
  std::vector<int32_t> ids;
  ids.reserve(word.size());
  bool after_unknown = false;  // only another unknown character may be fused into it
  for (size_t at = 0; at < word.size();) {
    const std::string_view character = word.substr(at, utf8_length(word[at]));
    at += character.size();
    if (const auto found = ids_.find(character); found != ids_.end()) {
      ids.push_back(found->second);
      after_unknown = false;
      continue;
    }
    bool bytes_known = !byte_ids_.empty();
    for (const char c : character) bytes_known = bytes_known && byte_ids_[static_cast<unsigned char>(c)] >= 0;
    if (bytes_known) {
      for (const char c : character) ids.push_back(byte_ids_[static_cast<unsigned char>(c)]);
      after_unknown = false;
    } else if (unknown_ >= 0 && !(after_unknown && data_.fuse_unknown)) {
      ids.push_back(unknown_);
      after_unknown = true;
    }
  }
  return ids;
}

void BytePairEncoder::encode(std::string_view word, std::vector<int32_t>& out) const {
  if (word.empty()) return;
  if (data_.ignore_merges) {
    if (const auto found = ids_.find(word); found != ids_.end()) {
      out.push_back(found->second);
      return;
    }
  }
  const std::vector<int32_t> ids = characters_of(word);
  const auto count = static_cast<int32_t>(ids.size());
  std::vector<Symbol> symbols(ids.size());
  std::vector<Candidate> candidates;
  for (int32_t i = 0; i < count; ++i) {
    symbols[i] = {ids[i], i - 1, i + 1 < count ? i + 1 : -1, true};
    if (i + 1 < count) {
      if (const Merge* merge = merge_of(ids[i], ids[i + 1])) candidates.push_back({merge->rank, i, merge->merged});
    }
  }
  std::priority_queue<Candidate> queue(std::less<Candidate>(), std::move(candidates));
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    Symbol& left = symbols[best.position];
    if (!left.alive || left.next < 0) continue;
    Symbol& right = symbols[left.next];
    const Merge* merge = merge_of(left.id, right.id);
    if (!merge || merge->merged != best.merged) continue;  // one of the two has merged with another since
    left.id = best.merged;
    right.alive = false;
    left.next = right.next;
    if (left.next >= 0) symbols[left.next].previous = best.position;
    if (left.previous >= 0) {
      if (const Merge* next = merge_of(symbols[left.previous].id, left.id)) queue.push({next->rank, left.previous, next->merged});
    }
    if (left.next >= 0) {
      if (const Merge* next = merge_of(left.id, symbols[left.next].id)) queue.push({next->rank, best.position, next->merged});
    }
  }
  for (const Symbol& symbol : symbols) {
    if (symbol.alive) out.push_back(symbol.id);
  }
}

}  // namespace qvlm
