// Where a run's events go: stamped with the time, into the journal, to the listener, and into the state that the report is made of.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "core/run/events.h"
#include "core/run/journal.h"
#include "core/run/run_control.h"
#include "core/run/run_state.h"

namespace qvlm::quantization {

class RunRecorder {
 public:
  /// The journal goes on where it ended. `earlier`: its events so far.
  RunRecorder(const std::filesystem::path& journal, const std::vector<TimedEvent>& earlier, RunListener& listener, RunControl& control);

  void record(Event event);
  /// Waits while the run is paused (RunPaused, then RunResumed); throws Cancelled where a stop was asked for.
  void poll();

  void start_phase(const std::string& phase, int64_t total);
  /// Emits Progress with an estimate from the phase's own pace. At most ten a second, but always the last.
  void progress(int64_t done);

  double seconds() const;
  const RunState& state() const { return state_; }

 private:
  using Clock = std::chrono::steady_clock;
  JournalWriter journal_;
  RunListener& listener_;
  RunControl& control_;
  RunState state_;
  Clock::time_point start_ = Clock::now(), phase_start_ = start_, last_progress_ = start_;
  std::string phase_;
  int64_t phase_total_ = 0;
};

}  // namespace qvlm::quantization
