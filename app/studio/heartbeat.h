// How long the interface thread is away: the time of every event it handles, kept as a histogram.
#pragma once

#include <QApplication>
#include <QElapsedTimer>
#include <array>
#include <cstdint>

namespace qvlm::studio {

/// What the interface thread did since reset(). Times in milliseconds.
struct Pulse {
  int64_t events = 0;
  double longest = 0;          // of one event, by the clock
  double longest_work = 0;     // of one event, by the thread's own processor time
  double share_under_16 = 1;   // of the events, by the clock
  double percentile_99 = 0;    // by the clock, to an eighth of a millisecond up to 64 ms
  double work_percentile_99 = 0;  // by the thread's own processor time, likewise
  int stalls = 0;              // events above 50 ms, by the clock
  int work_stalls = 0;         // events above 50 ms, by the thread's own processor time
  const char* worst_receiver = "";  // class that took the longest event
  int worst_type = 0;               // that event's QEvent::Type
};

/// An application that times its events. The thread is away from the user for exactly as long as one event takes.
class StudioApplication : public QApplication {
  Q_OBJECT
 public:
  StudioApplication(int& argc, char** argv);
  bool notify(QObject* receiver, QEvent* event) override;
  Pulse pulse() const;
  void reset_pulse();
  /// Milliseconds from the start of the process to the first time that a window was painted; 0: none yet.
  double first_window() const { return first_window_; }

 private:
  static constexpr double kStep = 0.125, kMost = 64;
  using Histogram = std::array<int64_t, static_cast<size_t>(kMost / kStep) + 1>;  // the last one: all above
  double percentile_99_of(const Histogram& histogram, double longest) const;
  Histogram histogram_{}, work_histogram_{};
  Pulse pulse_;
  int64_t under_16_ = 0;
  int timed_loop_ = -1;     // level of the event loop whose event is being timed; events inside it are part of it
  bool held_loop_ = false;  // the event that was timed last ran an event loop of its own
  double first_window_ = 0;
};

/// Milliseconds since the process was started, to about 10 ms; 0 where the system does not say.
double milliseconds_since_start();

}  // namespace qvlm::studio
