// The tree over tuples, the layer-wise pass, and the rescoring of the best.
#include "core/run/search_cost.h"

#include <algorithm>

namespace qvlm {

int64_t planned_forwards(int depth, int candidates, int samples, int search_samples, int rescored_tuples, SearchMode mode) {
  if (mode == SearchMode::NONE) return static_cast<int64_t>(depth) * samples;
  const int64_t rest = samples - search_samples;
  int64_t tuples = 1, tree = 0;
  for (int i = 0; i < depth; ++i) {
    tuples *= candidates;
    tree += tuples;
  }
  const int64_t layerwise = depth > 1 || tuples > rescored_tuples ? static_cast<int64_t>(depth) * candidates * samples : 0;
  return tree * search_samples + layerwise + std::min<int64_t>(tuples, rescored_tuples + 2) * depth * rest;
}

}  // namespace qvlm
