// Embeddings of pictures by the hash of their pixels, least recently used out first. In host memory.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

namespace qvlm {

class ImageCache {
 public:
  using Embeddings = std::shared_ptr<const std::vector<float>>;  // [image_tokens, hidden]
  explicit ImageCache(int64_t budget_bytes) : budget_(budget_bytes) {}
  /// Null if it is not there.
  Embeddings find(uint64_t hash);
  /// An entry larger than the whole budget is not kept.
  void insert(uint64_t hash, Embeddings embeddings);
  int64_t bytes() const { return bytes_; }

 private:
  struct Entry {
    uint64_t hash;
    Embeddings embeddings;
  };
  int64_t budget_;
  int64_t bytes_ = 0;
  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<uint64_t, std::list<Entry>::iterator> index_;
};

}  // namespace qvlm
