// Events out, pause and stop in.
#include "core/lab/quantization/run_recorder.h"

#include <thread>

#include "core/base/error.h"

namespace qvlm::quantization {

RunRecorder::RunRecorder(const std::filesystem::path& journal, const std::vector<TimedEvent>& earlier, RunListener& listener, RunControl& control)
    : journal_(journal), listener_(listener), control_(control), state_(fold(earlier)) {}

double RunRecorder::seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

void RunRecorder::record(Event event) {
  const TimedEvent timed{seconds(), std::move(event)};
  journal_.append(timed);
  state_.apply(timed);
  listener_.on_event(timed);
}

void RunRecorder::poll() {
  if (control_.stop.stop_requested()) throw Cancelled();
  if (!control_.pause) return;
  const auto begin = Clock::now();
  record(RunPaused{});
  while (control_.pause && !control_.stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  if (control_.stop.stop_requested()) throw Cancelled();
  phase_start_ += Clock::now() - begin;  // the pause says nothing about the pace
  record(RunResumed{});
}

void RunRecorder::start_phase(const std::string& phase, int64_t total) {
  phase_ = phase;
  phase_total_ = total;
  phase_start_ = Clock::now();
  record(PhaseStarted{phase, total});
}

void RunRecorder::progress(int64_t done) {
  const auto now = Clock::now();
  if (done < phase_total_ && now - last_progress_ < std::chrono::milliseconds(100)) return;
  last_progress_ = now;
  const double passed = std::chrono::duration<double>(now - phase_start_).count();
  const double eta = done > 0 ? passed / static_cast<double>(done) * static_cast<double>(std::max<int64_t>(phase_total_ - done, 0)) : 0;
  record(Progress{phase_, done, phase_total_, eta});
}

}  // namespace qvlm::quantization
