// The search over one block's rounding parameters: one parameter a site, chosen together by the error of the block's output
// (Q-VLM Eq. 3), as a tree whose inner nodes are the states behind a prefix of choices.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "core/lab/calibration/activation_spill.h"
#include "core/lab/reference/threads.h"

namespace qvlm::quantization {

/// One candidate index a site of the block.
using Tuple = std::vector<int>;

/// The two parts of the calibration set: every tuple is scored on SEARCH, the best also on REST.
enum class SampleSet { SEARCH, REST };

/// Squared error of an output against the float output, and the float output's energy.
struct Deviation {
  double error = 0, energy = 0;
  double relative() const { return energy > 0 ? error / energy : error; }
  Deviation operator+(const Deviation& other) const { return {error + other.error, energy + other.energy}; }
};

/// A block as the search sees it: states that are entered, stepped over a site with a candidate, and compared with float. The samples of a
/// set stand in parts that do not know each other; all functions are called from several threads at once.
class SearchableBlock {
 public:
  using State = std::vector<torch::Tensor>;  // of one part; opaque to the search

  virtual ~SearchableBlock() = default;
  virtual int depth() const = 0;       // sites
  virtual int candidates() const = 0;  // a site; candidate 0 leaves everything unclipped
  virtual int64_t samples(SampleSet set) const = 0;
  virtual size_t parts(SampleSet set) const = 0;  // 0 where the set has no samples
  virtual State enter(SampleSet set, size_t part) const = 0;
  /// The state behind site `position` of the block (0 .. depth - 1), whose parameter is `candidate`.
  virtual State step(const State& state, int position, int candidate) const = 0;
  /// Of the output of site `position` alone, against the float path's (Eq. 2).
  virtual Deviation deviation(SampleSet set, size_t part, const State& state, int position) const = 0;
  /// Of all that leaves the block (Eq. 3).
  virtual Deviation end_deviation(SampleSet set, size_t part, const State& state) const { return deviation(set, part, state, depth() - 1); }
};

struct SearchSettings {
  int rescored_tuples = 8;
  const reference::Workers* workers = nullptr;  // share the parts; none: all on the calling thread
  /// Called before each part of the work, on any thread; throws Cancelled where the run shall stop.
  std::function<void()> check;
  calibration::ActivationSpill* spill = nullptr;  // keeps the states of all parts where the search has to; none: memory does
};

/// Called for every scored tuple, in order, on the calling thread; may throw Cancelled.
using ScoreListener = std::function<void(const Tuple& tuple, double loss, int64_t samples)>;

struct BlockSearchResult {
  Tuple layerwise, joint;
  double layerwise_error = 0, joint_error = 0, unclipped_error = 0;  // relative, over all samples
  double spread = 0;          // (worst - best) / best of the relative errors of all tuples on the search's samples
  int64_t site_forwards = 0;  // forwards of one site over one sample
};

/// Scores all candidates^depth tuples by end_deviation on SEARCH in a tree (candidates + candidates^2 + ... site evaluations), then the best
/// `rescored_tuples`, the layer-wise tuple and the unclipped one on all samples; the least error over all samples wins, among equals
/// the tuple that clips first the least. The layer-wise tuple chooses site by site the candidate of the least deviation of that site's
/// output (Eq. 2) over all samples. So joint_error <= layerwise_error, always.
BlockSearchResult search_block(const SearchableBlock& block, const SearchSettings& settings, const ScoreListener& on_score = {});

/// The errors of one given tuple, for runs that do not search.
BlockSearchResult score_only(const SearchableBlock& block, const SearchSettings& settings, const Tuple& tuple);

}  // namespace qvlm::quantization
