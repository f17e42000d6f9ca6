// What is known of a run after a number of its events: the progress bar, the plots, the command line and the report all read this.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/run/events.h"
#include "core/run/recipe.h"

namespace qvlm {

enum class RunStatus { NOT_STARTED, RUNNING, PAUSED, FINISHED, CANCELLED, FAILED };
std::string_view name_of(RunStatus status);

/// One activation site.
struct SiteState {
  std::optional<SiteMeasured> statistics;
  std::optional<EntropyMeasured> entropy;
};

/// A fold over events. Value type: copy it to another thread.
struct RunState {
  RunStatus status = RunStatus::NOT_STARTED;
  RunStarted started;
  std::optional<Recipe> recipe;  // as started says
  double seconds = 0;            // of the last event, resumptions added up

  std::string phase;
  int64_t phase_done = 0, phase_total = 0;
  double eta_seconds = 0;

  std::vector<SiteState> sites;  // [started.sites]
  std::vector<ProxyValidated> validated;  // in order of their sites
  Partition partition;
  double threshold = 0;  // h0
  std::string partition_origin;
  /// Results by the block's first site. After an edited partition only those of untouched leading blocks remain; the others come again.
  std::map<int, BlockSearched> blocks;
  int block_in_search = -1;
  std::vector<CandidateScored> candidates;  // of block_in_search, in order of scoring
  std::vector<std::optional<LayerQuantized>> layers;  // [started.layers]

  std::vector<std::string> notices;  // each once
  std::optional<AxesMeasured> axes;
  std::optional<VisionQuantized> vision;
  std::vector<VeoStep> veo_steps;    // of the optimisation that is running or was the last
  std::vector<VeoEpoch> veo_epochs;
  std::optional<VeoFinished> veo;

  std::optional<RunResumed> resumed;
  std::optional<RunFinished> finished;
  std::string failure;  // RunFailed's message

  void apply(const TimedEvent& event);
  int layers_done() const;
  /// The result of block `index` of the current partition; nullptr while there is none.
  const BlockSearched* result_of(int index) const;
  /// Mean dependency between the neighbouring sites of block `index`; of a single site: 0.
  double dependency_of(int index) const;

 private:
  double base_seconds_ = 0;  // before the last resumption
};

RunState fold(std::span<const TimedEvent> events);

/// fold(read_journal(folder / "journal.jsonl")) of NAME.qvlm or NAME.qvlm.partial.
RunState read_run(const std::filesystem::path& folder);

}  // namespace qvlm
