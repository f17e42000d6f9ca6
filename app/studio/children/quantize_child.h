// `qvlm quantize` as an object: a request in, the run's events out, control lines between.
#pragma once

#include <QObject>
#include <QString>
#include <QTemporaryDir>
#include <memory>
#include <optional>

#include "app/studio/children/child_process.h"
#include "core/run/events.h"
#include "core/run/partition.h"
#include "core/run/recipe.h"

namespace qvlm::studio {

/// What a run is asked to do.
struct QuantizeRequest {
  QString model;        // checkpoint folder
  QString calibration;  // calibration set
  QString output;       // NAME.qvlm
  Recipe recipe;
  std::optional<Partition> partition;  // instead of the greedy one
  bool resume = false;
  QString reuse;       // another run's folder: what `partition` leaves as it was is taken over from it
  bool preview = false;  // with `reuse`: searches only the edited blocks, approximately; can be resumed
};

/// The command line of `qvlm quantize` for a request; recipe and partition are written into the folder `files`. Throws Error where they cannot be.
QStringList quantize_arguments(const QuantizeRequest& request, const QTemporaryDir& files);

class QuantizeChild : public QObject {
  Q_OBJECT
 public:
  explicit QuantizeChild(QString command, QObject* parent = nullptr);

  /// Throws Error when the recipe or partition cannot be written for the child. Legal when nothing runs.
  void start(const QuantizeRequest& request);
  bool running() const { return child_.running(); }
  void pause();
  void resume();
  /// The child ends after its current step and keeps what is done.
  void cancel();
  void send_partition(const Partition& partition);
  ChildProcess& process() { return child_; }

 Q_SIGNALS:
  void event(const qvlm::TimedEvent& event);
  /// A control line was not taken; the run goes on.
  void refused(const QString& message);
  /// `message` is empty after success or cancellation.
  void ended(const QString& message);

 private:
  void read_line(const QByteArray& json);

  QString command_;
  ChildProcess child_;
  std::unique_ptr<QTemporaryDir> files_;
  int lines_ = 0;
  bool cancelled_ = false;
  QString failure_;  // what the run itself said went wrong
};

}  // namespace qvlm::studio
