// What a block's search costs, counted before it is done.
#pragma once

#include <cstdint>

#include "core/run/recipe.h"

namespace qvlm {

/// Site forwards that a block of this depth costs, by the tree and the rescoring, over `samples` with `search_samples` of them searched.
int64_t planned_forwards(int depth, int candidates, int samples, int search_samples, int rescored_tuples, SearchMode mode);

}  // namespace qvlm
