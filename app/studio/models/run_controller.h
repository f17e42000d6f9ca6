// One quantization run as the studio sees it: the child process, what its events say, and what may be done now.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QString>
#include <QTimer>

#include "app/studio/children/quantize_child.h"
#include "app/studio/models/run_story.h"

namespace qvlm::studio {

class RunController : public QObject {
  Q_OBJECT
 public:
  enum class Activity { IDLE, STARTING, RUNNING, PAUSED, CANCELLING };
  Q_ENUM(Activity)

  explicit RunController(QString command, QObject* parent = nullptr);

  const RunState& state() const { return story_.state; }
  const RunStory& story() const { return story_; }
  Activity activity() const { return activity_; }
  bool busy() const { return activity_ != Activity::IDLE; }
  /// Why the last run did not end well; empty otherwise.
  const QString& failure() const { return failure_; }
  const QuantizeRequest& request() const { return request_; }
  /// Where the run that is shown is now: NAME.qvlm, or NAME.qvlm.partial while it is unfinished.
  QString folder() const;
  /// "Error of what changed (blocks: 2): 1.2e-3 → 1.1e-3 (−8 %)" of a preview: sums over the same sites. Empty without.
  QString preview_text() const;
  /// A run was cancelled or broke off, and its folder can be taken up again.
  bool resumable() const;

  void start(const QuantizeRequest& request);
  void pause();
  void resume();
  void cancel();
  void send_partition(const Partition& partition);
  /// Shows a finished or unfinished run from its folder's journal; read on another thread. Legal when not busy.
  void open(const QString& folder);

  /// 0..1 over all phases; -1 before the first progress.
  double progress() const;
  /// "Searching block 3 of 20", "Paused", "Finished in 41 s", ...
  QString status_text() const;
  /// "about 2 min left": of the phase, and of the phases behind it as planned. Empty where not known.
  QString eta_text() const;
  /// "Memory 310 MB of 400 MB planned · 12 s of 60 s planned": what the run takes now, or took. Empty before a run.
  QString resources_text() const;

  QuantizeChild& child() { return child_; }

 Q_SIGNALS:
  /// What the run knows changed; at most once in 50 ms.
  void state_changed();
  void activity_changed();
  void opened();  // open() has read its run
  void finished(const QString& output);
  void failed(const QString& message);
  void refused(const QString& message);

 private:
  void set_activity(Activity activity);
  void take(const TimedEvent& event);
  void measure_memory();

  RunStory story_;
  Activity activity_ = Activity::IDLE;
  QuantizeRequest request_;
  QString failure_;
  QuantizeChild child_;
  QTimer later_, memory_timer_;
  qint64 memory_ = 0;  // bytes of the child, as the system says
  QElapsedTimer clock_;
};

/// "41 s", "3 min 20 s", "1 h 5 min".
QString duration_text(double seconds);

}  // namespace qvlm::studio
