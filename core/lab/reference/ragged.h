// The decoder over a batch of sequences that stand at positions of their own.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <stop_token>
#include <vector>

#include "core/lab/reference/loaded_model.h"

namespace qvlm::reference {

/// Every layer's keys and values; a sequence's position p is column p. [sequences, kv_heads, columns, head_dim]
class RaggedCache {
 public:
  RaggedCache(const LoadedModel& model, int64_t sequences, int64_t columns);
  int64_t sequences() const { return keys.front().size(0); }
  int64_t columns() const { return keys.front().size(2); }
  /// Makes room; what is there stays.
  void reserve(int64_t columns);
  /// The sequences `index` (int64, repetitions allowed), with room for `columns`, of which the first `used` are copied.
  RaggedCache select(const LoadedModel& model, const torch::Tensor& index, int64_t columns, int64_t used) const;

  std::vector<torch::Tensor> keys, values;  // one a layer
};

/// Runs hidden [sequences, rows, hidden] through every layer, row r of sequence i at position starts[i] + r, behind
/// what the cache holds of it at lower positions, and writes keys and values there. Rows beyond a sequence's own are
/// padding: the cache's columns that they write are overwritten before any row sees them. -> [sequences, rows, hidden].
/// The cache must have max(starts) + rows columns. Throws Cancelled.
torch::Tensor run_ragged(const LoadedModel& model, RaggedCache& cache, torch::Tensor hidden,
                         const std::vector<int64_t>& starts, const std::stop_token& stop);

}  // namespace qvlm::reference
