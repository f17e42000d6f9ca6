// A run as the studio keeps it: its state, every block's candidates, and which blocks were taken over instead of searched.
#pragma once

#include <QString>
#include <map>
#include <set>
#include <vector>

#include "core/run/run_state.h"

namespace qvlm::studio {

/// A fold over events, live or from a journal: both give the same. Value type.
struct RunStory {
  RunState state;
  /// By the block's first site, in the order of scoring, of the last search of that block.
  std::map<int, std::vector<CandidateScored>> candidates;
  /// First sites of blocks whose results were taken over by their input's hash after an edit or a resumption.
  std::set<int> reused;
  /// Results by first site as they stood before the last edit or resumption.
  std::map<int, BlockSearched> before;

  void apply(const TimedEvent& event);
  /// The run goes on under an edited partition, or in another folder: its end no longer holds.
  void reopen();
  /// Of block `index` of `partition`; empty where it was not searched in that extent.
  std::vector<CandidateScored> candidates_of(const Partition& partition, int index) const;

 private:
  std::set<int> scored_;  // first sites with candidates since the run began or was taken up
  bool taken_up_ = false;
};

/// The journal of NAME.qvlm or NAME.qvlm.partial. Throws Error naming file and line.
RunStory read_story(const QString& folder);

}  // namespace qvlm::studio
