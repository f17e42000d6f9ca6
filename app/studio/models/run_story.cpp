// What RunState leaves out, as each event changes it.
#include "app/studio/models/run_story.h"

#include "core/run/journal.h"

namespace qvlm::studio {

void RunStory::apply(const TimedEvent& timed) {
  if (const auto* scored = std::get_if<CandidateScored>(&timed.event)) {
    const auto& blocks = state.partition.blocks;
    if (scored->block >= 0 && scored->block < int(blocks.size())) {
      const int first = blocks[size_t(scored->block)].first;
      if (scored_.insert(first).second) candidates[first].clear();  // searched again
      candidates[first].push_back(*scored);
      reused.erase(first);
    }
  } else if (const auto* found = std::get_if<BlockSearched>(&timed.event)) {
    if (taken_up_ && !scored_.contains(found->first_site) && candidates.contains(found->first_site)) reused.insert(found->first_site);
    scored_.erase(found->first_site);
  } else if (std::holds_alternative<RunResumed>(timed.event)) {
    taken_up_ = true;
  } else if (const auto* changed = std::get_if<PartitionChanged>(&timed.event)) {
    if (changed->origin == "user") {
      taken_up_ = true;
      before = state.blocks;
    }
    scored_.clear();
  }
  state.apply(timed);
}

void RunStory::reopen() {
  state.finished.reset();
  state.failure.clear();
  state.status = RunStatus::RUNNING;
  state.phase.clear();
  state.phase_done = state.phase_total = 0;
  for (auto& layer : state.layers) layer.reset();
  reused.clear();
}

std::vector<CandidateScored> RunStory::candidates_of(const Partition& partition, int index) const {
  if (index < 0 || index >= int(partition.blocks.size())) return {};
  const Block& block = partition.blocks[size_t(index)];
  const auto found = candidates.find(block.first);
  if (found == candidates.end() || found->second.empty() || int(found->second.front().parameters.size()) != block.depth()) return {};
  return found->second;
}

RunStory read_story(const QString& folder) {
  RunStory story;
  for (const TimedEvent& event : read_journal(folder.toStdString() + "/journal.jsonl")) story.apply(event);
  return story;
}

}  // namespace qvlm::studio
