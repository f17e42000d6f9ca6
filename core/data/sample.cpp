// Choosing a subset that depends on the seed alone.
#include "core/data/sample.h"

#include <algorithm>
#include <numeric>

namespace qvlm {
namespace {

/// SplitMix64 (Steele, Lea, Flood 2014).
uint64_t next_random(uint64_t& state) {
  uint64_t z = (state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

}  // namespace

std::vector<Sample> select_samples(std::vector<Sample> samples, int64_t count, uint64_t seed) {
  const auto total = static_cast<int64_t>(samples.size());
  if (count <= 0 || count >= total) return samples;
  std::vector<int64_t> order(samples.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  for (int64_t i = 0; i < count; ++i) {  // the first `count` steps of a Fisher-Yates shuffle
    const auto rest = static_cast<uint64_t>(total - i);
    std::swap(order[i], order[i + static_cast<int64_t>(next_random(seed) % rest)]);
  }
  order.resize(static_cast<size_t>(count));
  std::sort(order.begin(), order.end());
  std::vector<Sample> chosen;
  chosen.reserve(order.size());
  for (const int64_t i : order) chosen.push_back(std::move(samples[i]));
  return chosen;
}

}  // namespace qvlm
