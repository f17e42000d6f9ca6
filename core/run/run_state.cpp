// RunState: how each event changes what is known of a run.
#include "core/run/run_state.h"

#include <algorithm>

#include "core/model/sites.h"
#include "core/run/journal.h"

namespace qvlm {
namespace {

// One overload an event; the fields it changes and nothing else.
struct Apply {
  RunState& state;

  void operator()(const RunStarted& event) const {
    state.started = event;
    state.status = RunStatus::RUNNING;
    state.recipe.reset();
    if (!event.recipe.empty()) state.recipe = recipe_from_json(event.recipe, "RunStarted.recipe");
    state.sites.assign(static_cast<size_t>(std::max(event.sites, 0)), {});
    state.layers.assign(static_cast<size_t>(std::max(event.layers, 0)), {});
  }
  void operator()(const PhaseStarted& event) const {
    state.phase = event.phase;
    state.phase_done = 0;
    state.phase_total = event.total;
  }
  void operator()(const Progress& event) const {
    state.phase = event.phase;
    state.phase_done = event.done;
    state.phase_total = event.total;
    state.eta_seconds = event.eta_seconds;
  }
  void operator()(const SiteMeasured& event) const {
    if (SiteState* site = site_at(event.site)) site->statistics = event;
  }
  void operator()(const EntropyMeasured& event) const {
    if (SiteState* site = site_at(event.site)) site->entropy = event;
  }
  void operator()(const ProxyValidated& event) const { state.validated.push_back(event); }
  void operator()(const PartitionChanged& event) const {
    const int common = common_blocks(state.partition, event.partition);
    const int first_changed = common < static_cast<int>(event.partition.blocks.size())
                                  ? event.partition.blocks[static_cast<size_t>(common)].first
                                  : event.partition.sites();
    state.blocks.erase(state.blocks.lower_bound(first_changed), state.blocks.end());
    for (size_t layer = static_cast<size_t>(first_changed / kSitesPerLayer); layer < state.layers.size(); ++layer) state.layers[layer].reset();
    state.partition = event.partition;
    state.threshold = event.threshold;
    state.partition_origin = event.origin;
    state.block_in_search = -1;
    state.candidates.clear();
  }
  void operator()(const CandidateScored& event) const {
    if (state.block_in_search != event.block) state.candidates.clear();
    state.block_in_search = event.block;
    state.candidates.push_back(event);
  }
  void operator()(const BlockSearched& event) const { state.blocks[event.first_site] = event; }
  void operator()(const LayerQuantized& event) const {
    if (event.layer >= 0 && event.layer < static_cast<int>(state.layers.size())) {
      state.layers[static_cast<size_t>(event.layer)] = event;
    }
  }
  void operator()(const Noticed& event) const {
    auto& notices = state.notices;
    if (std::find(notices.begin(), notices.end(), event.text) == notices.end()) notices.push_back(event.text);
  }
  void operator()(const AxesMeasured& event) const { state.axes = event; }
  void operator()(const VisionQuantized& event) const { state.vision = event; }
  void operator()(const VeoStep& event) const { state.veo_steps.push_back(event); }
  void operator()(const VeoEpoch& event) const {
    if (event.epoch == 0) {  // begun anew
      state.veo_steps.clear();
      state.veo_epochs.clear();
    }
    state.veo_epochs.push_back(event);
  }
  void operator()(const VeoFinished& event) const { state.veo = event; }
  void operator()(const RunPaused&) const { state.status = RunStatus::PAUSED; }
  void operator()(const RunResumed& event) const {
    state.status = RunStatus::RUNNING;
    state.resumed = event;
    state.failure.clear();
  }
  void operator()(const RunFinished& event) const {
    state.status = RunStatus::FINISHED;
    state.finished = event;
    state.phase.clear();
    state.eta_seconds = 0;
  }
  void operator()(const RunCancelled&) const { state.status = RunStatus::CANCELLED; }
  void operator()(const RunFailed& event) const {
    state.status = RunStatus::FAILED;
    state.failure = event.message;
  }

 private:
  SiteState* site_at(int site) const {
    return site >= 0 && site < static_cast<int>(state.sites.size()) ? &state.sites[static_cast<size_t>(site)] : nullptr;
  }
};

}  // namespace

std::string_view name_of(RunStatus status) {
  switch (status) {
    case RunStatus::NOT_STARTED: return "not started";
    case RunStatus::RUNNING: return "running";
    case RunStatus::PAUSED: return "paused";
    case RunStatus::FINISHED: return "finished";
    case RunStatus::CANCELLED: return "cancelled";
    case RunStatus::FAILED: return "failed";
  }
  return "?";
}

void RunState::apply(const TimedEvent& event) {
  // A resumption starts its clock again.
  const double total = base_seconds_ + event.seconds;
  if (total < seconds) base_seconds_ = seconds;
  seconds = base_seconds_ + event.seconds;
  std::visit(Apply{*this}, event.event);
}

int RunState::layers_done() const {
  int done = 0;
  for (const auto& layer : layers) done += layer.has_value() ? 1 : 0;
  return done;
}

const BlockSearched* RunState::result_of(int index) const {
  if (index < 0 || index >= static_cast<int>(partition.blocks.size())) return nullptr;
  const Block& block = partition.blocks[static_cast<size_t>(index)];
  const auto found = blocks.find(block.first);
  return found != blocks.end() && found->second.last_site == block.last ? &found->second : nullptr;
}

double RunState::dependency_of(int index) const {
  if (index < 0 || index >= static_cast<int>(partition.blocks.size())) return 0;
  const Block& block = partition.blocks[static_cast<size_t>(index)];
  double sum = 0;
  for (int site = block.first; site < block.last; ++site) {
    if (site < static_cast<int>(sites.size()) && sites[static_cast<size_t>(site)].entropy) {
      sum += sites[static_cast<size_t>(site)].entropy->dependency;
    }
  }
  return block.depth() > 1 ? sum / (block.depth() - 1) : 0;
}

RunState fold(std::span<const TimedEvent> events) {
  RunState state;
  for (const TimedEvent& event : events) state.apply(event);
  return state;
}

RunState read_run(const std::filesystem::path& folder) { return fold(read_journal(folder / "journal.jsonl")); }

}  // namespace qvlm
