// The cache of picture embeddings.
#include "gpu/image_cache.h"

namespace qvlm {
namespace {
int64_t size_in_bytes(const ImageCache::Embeddings& e) {
  return static_cast<int64_t>(e->size() * sizeof(float));
}
}  // namespace

ImageCache::Embeddings ImageCache::find(uint64_t hash) {
  const auto found = index_.find(hash);
  if (found == index_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->embeddings;
}

void ImageCache::insert(uint64_t hash, Embeddings embeddings) {
  if (index_.contains(hash) || size_in_bytes(embeddings) > budget_) return;
  bytes_ += size_in_bytes(embeddings);
  entries_.push_front({hash, std::move(embeddings)});
  index_[hash] = entries_.begin();
  while (bytes_ > budget_) {
    bytes_ -= size_in_bytes(entries_.back().embeddings);
    index_.erase(entries_.back().hash);
    entries_.pop_back();
  }
}

}  // namespace qvlm
