// Folds a run's events, and turns the user's wishes into control lines.
#include "app/studio/models/run_controller.h"

#include <QCoreApplication>
#include <QDir>
#include <QPointer>
#include <QThreadPool>
#include <array>
#include <cmath>

#include "core/base/error.h"

namespace qvlm::studio {

namespace {

struct PhaseShare {
  const char* name;
  double from, to;  // of the whole run, by measured shares of time
};
constexpr std::array<PhaseShare, 8> kPhases = {{{"axes", 0.0, 0.02},
                                                {"pictures", 0.0, 0.03},
                                                {"statistics", 0.03, 0.15},
                                                {"entropy", 0.15, 0.22},
                                                {"partition", 0.22, 0.23},
                                                {"bits", 0.22, 0.23},
                                                {"search", 0.23, 0.95},
                                                {"write", 0.95, 1.0}}};

}  // namespace

QString duration_text(double seconds) {
  const qint64 s = std::llround(std::max(0.0, seconds));
  if (s < 60) return RunController::tr("%1 s").arg(s);
  if (s < 3600) return RunController::tr("%1 min %2 s").arg(s / 60).arg(s % 60);
  return RunController::tr("%1 h %2 min").arg(s / 3600).arg(s % 3600 / 60);
}

RunController::RunController(QString command, QObject* parent) : QObject(parent), child_(std::move(command)) {
  later_.setSingleShot(true);
  later_.setInterval(50);
  connect(&later_, &QTimer::timeout, this, &RunController::state_changed);
  connect(&child_, &QuantizeChild::event, this, &RunController::take);
  connect(&child_, &QuantizeChild::refused, this, &RunController::refused);
  connect(&child_, &QuantizeChild::ended, this, [this](const QString& end_message) {
    later_.stop();
    const bool cancelled = activity_ == Activity::CANCELLING || state_.status == RunStatus::CANCELLED;
    const bool finished_well = state_.finished.has_value() && end_message.isEmpty();
    QString message =
        end_message.isEmpty() && !finished_well && !cancelled ? tr("The run ended without a result.") : end_message;
    if (!failure_.isEmpty()) message = failure_;  // why take() ended the child says more than how it ended
    failure_ = message;
    if (message.isEmpty() && !finished_well) state_.status = RunStatus::CANCELLED;
    if (!message.isEmpty()) state_.status = RunStatus::FAILED;
    set_activity(Activity::IDLE);
    Q_EMIT state_changed();
    if (!message.isEmpty()) {
      Q_EMIT failed(message);
    } else if (finished_well) {
      Q_EMIT finished(state_.finished->output.empty() ? request_.output
                                                      : QString::fromStdString(state_.finished->output));
    }
  });
}

bool RunController::resumable() const {
  return !busy() && state_.status != RunStatus::NOT_STARTED && state_.status != RunStatus::FINISHED &&
         !request_.output.isEmpty() && QDir(request_.output + QStringLiteral(".partial")).exists();
}

void RunController::start(const QuantizeRequest& request) {
  request_ = request;
  failure_.clear();
  // A resumed run does not tell again what it told before.
  if (!request.resume) state_ = RunState();
  child_.start(request);
  set_activity(Activity::STARTING);
  Q_EMIT state_changed();
}

void RunController::pause() {
  if (activity_ == Activity::RUNNING) child_.pause();
}

void RunController::resume() {
  if (activity_ == Activity::PAUSED) child_.resume();
}

void RunController::cancel() {
  if (!busy()) return;
  child_.cancel();
  set_activity(Activity::CANCELLING);
}

void RunController::send_partition(const Partition& partition) {
  if (busy()) child_.send_partition(partition);
}

void RunController::open(const QString& folder) {
  if (busy()) return;
  QPointer<RunController> self(this);
  QThreadPool::globalInstance()->start([self, folder] {
    QString failure;
    RunState read;
    try {
      read = read_run(folder.toStdString());
    } catch (const std::exception& error) {
      failure = QString::fromUtf8(error.what());
    }
    QMetaObject::invokeMethod(QCoreApplication::instance(), [self, folder, failure, read = std::move(read)] {
      if (!self || self->busy()) return;
      self->failure_ = failure;
      if (failure.isEmpty()) {
        self->state_ = read;
        self->request_ = {};
        self->request_.output = folder.endsWith(QLatin1String(".partial")) ? folder.chopped(8) : folder;
        self->request_.model = QString::fromStdString(read.started.model_path);
        self->request_.calibration = QString::fromStdString(read.started.calibration_path);
        if (read.recipe) self->request_.recipe = *read.recipe;
        Q_EMIT self->state_changed();
        Q_EMIT self->activity_changed();
      } else {
        Q_EMIT self->failed(failure);
      }
    });
  });
}

double RunController::progress() const {
  if (state_.status == RunStatus::FINISHED) return 1;
  for (const PhaseShare& phase : kPhases) {
    if (state_.phase != phase.name) continue;
    const double done = state_.phase_total > 0 ? double(state_.phase_done) / double(state_.phase_total) : 0;
    return phase.from + (phase.to - phase.from) * std::min(1.0, done);
  }
  return -1;
}

QString RunController::status_text() const {
  switch (activity_) {
    case Activity::STARTING:
      return tr("Starting: opening the model");
    case Activity::CANCELLING:
      return tr("Cancelling after the current step; finished layers are kept");
    case Activity::PAUSED:
      return tr("Paused");
    case Activity::RUNNING: {
      const QString done =
          state_.phase_total > 0 ? tr(" (%1 of %2)").arg(state_.phase_done).arg(state_.phase_total) : QString();
      if (state_.phase == "axes") return tr("Measuring the principal axes") + done;
      if (state_.phase == "vision") return tr("Quantizing the vision tower") + done;
      if (state_.phase == "veo") return tr("Optimising the vision tower") + done;
      if (state_.phase == "pictures") return tr("Encoding the pictures") + done;
      if (state_.phase == "statistics") return tr("Measuring activations") + done;
      if (state_.phase == "entropy") return tr("Measuring entropy and dependency") + done;
      if (state_.phase == "partition") return tr("Partitioning the sites into blocks");
      if (state_.phase == "bits") return tr("Measuring what bits the blocks need") + done;
      if (state_.phase == "search") {
        // The phase counts site forwards; people count blocks.
        return tr("Searching blocks (%1 of %2 done)").arg(state_.blocks.size()).arg(state_.partition.blocks.size());
      }
      if (state_.phase == "write") return tr("Writing the quantized model") + done;
      return QString::fromStdString(state_.phase);
    }
    case Activity::IDLE:
      break;
  }
  switch (state_.status) {
    case RunStatus::NOT_STARTED:
      return tr("Ready");
    case RunStatus::FINISHED:
      return tr("Finished in %1").arg(duration_text(state_.finished->seconds));
    case RunStatus::CANCELLED:
      return tr("Cancelled; the finished part is kept");
    case RunStatus::FAILED:
      return tr("Stopped by an error");
    case RunStatus::RUNNING:
    case RunStatus::PAUSED:
      return tr("Unfinished");
  }
  return {};
}

QString RunController::eta_text() const {
  if (activity_ != Activity::RUNNING || state_.eta_seconds <= 0) return {};
  return tr("about %1 left").arg(duration_text(state_.eta_seconds));
}

void RunController::set_activity(Activity activity) {
  if (activity_ == activity) return;
  activity_ = activity;
  Q_EMIT activity_changed();
}

void RunController::take(const TimedEvent& event) {
  try {
    state_.apply(event);
  } catch (const std::exception& error) {
    failure_ = QString::fromUtf8(error.what());
    child_.process().kill();
    return;
  }
  if (activity_ != Activity::CANCELLING) {
    if (std::holds_alternative<RunPaused>(event.event)) {
      set_activity(Activity::PAUSED);
    } else if (activity_ == Activity::STARTING || std::holds_alternative<RunResumed>(event.event)) {
      set_activity(Activity::RUNNING);
    }
  }
  if (!later_.isActive()) later_.start();
}

}  // namespace qvlm::studio
