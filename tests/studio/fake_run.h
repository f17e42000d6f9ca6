// The events of a made-up run: 12 layers, 48 sites, plausible entropies, a greedy partition, every tuple of every
// block.
#pragma once

#include <functional>
#include <string>

#include "core/run/events.h"
#include "core/run/recipe.h"
#include "core/run/run_state.h"

namespace qvlm::fake {

struct RunOrder {
  std::string model, calibration, output;
  Recipe recipe;
  Partition partition;  // empty: greedy
};

/// What a listener answers after each event: go on, start again from the partition that came, or end.
enum class Next { GO_ON, NEW_PARTITION, CANCEL };

/// Plays a run. `emit` says what comes next; `partition_now` is the partition that a NEW_PARTITION brought.
/// Returns whether it came to its end.
bool play_run(const RunOrder& order, const std::function<Next(const Event&)>& emit,
              const std::function<Partition()>& partition_now);

/// The same after an edit of a finished run: `before` is what it knew. Blocks before the first change come without candidates, the rest is
/// searched; with `preview` only the edited blocks, and no end follows.
bool play_edited_run(const RunOrder& order, const RunState& before, bool preview, const std::function<Next(const Event&)>& emit);

}  // namespace qvlm::fake
