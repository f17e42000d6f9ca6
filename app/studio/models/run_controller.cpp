// Folds a run's events, and turns the user's wishes into control lines.
#include "app/studio/models/run_controller.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QPointer>
#include <QThreadPool>
#include <array>
#include <cmath>

#ifdef Q_OS_UNIX
#include <unistd.h>
#endif

#include "app/studio/models/model_summary.h"
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
  memory_timer_.setInterval(1000);
  connect(&memory_timer_, &QTimer::timeout, this, &RunController::measure_memory);
  connect(&child_, &QuantizeChild::event, this, &RunController::take);
  connect(&child_, &QuantizeChild::refused, this, &RunController::refused);
  connect(&child_, &QuantizeChild::ended, this, [this](const QString& end_message) {
    later_.stop();
    memory_timer_.stop();
    const bool cancelled = activity_ == Activity::CANCELLING || story_.state.status == RunStatus::CANCELLED;
    const bool finished_well = story_.state.finished.has_value() && end_message.isEmpty();
    QString message =
        end_message.isEmpty() && !finished_well && !cancelled ? tr("The run ended without a result.") : end_message;
    if (!failure_.isEmpty()) message = failure_;  // why take() ended the child says more than how it ended
    failure_ = message;
    if (message.isEmpty() && !finished_well) story_.state.status = RunStatus::CANCELLED;
    if (!message.isEmpty()) story_.state.status = RunStatus::FAILED;
    set_activity(Activity::IDLE);
    Q_EMIT state_changed();
    if (!message.isEmpty()) {
      Q_EMIT failed(message);
    } else if (finished_well) {
      Q_EMIT finished(story_.state.finished->output.empty() ? request_.output
                                                      : QString::fromStdString(story_.state.finished->output));
    }
  });
}

bool RunController::resumable() const {
  return !busy() && story_.state.status != RunStatus::NOT_STARTED && story_.state.status != RunStatus::FINISHED &&
         !request_.output.isEmpty() && QDir(request_.output + QStringLiteral(".partial")).exists();
}

QString RunController::folder() const {
  return story_.state.status == RunStatus::FINISHED ? request_.output : request_.output + QStringLiteral(".partial");
}

QString RunController::preview_text() const {
  double before = 0, after = 0;
  int blocks = 0;
  for (const auto& [first, found] : story_.state.blocks) {
    const auto old = story_.before.find(first);
    if (old != story_.before.end() && old->second.last_site == found.last_site && old->second.joint_error == found.joint_error) continue;
    after += found.joint_error;
    ++blocks;
    // What stood over the same sites.
    for (const auto& [site, was] : story_.before) {
      if (was.first_site > found.last_site || was.last_site < found.first_site) continue;
      const int shared = std::min(was.last_site, found.last_site) - std::max(was.first_site, found.first_site) + 1;
      before += was.joint_error * shared / (was.last_site - was.first_site + 1);
    }
  }
  if (blocks == 0 || !(before > 0)) return {};
  const double percent = 100 * (after / before - 1);
  return tr("Error of what changed (blocks: %1): %2 → %3 (%4 %).")
      .arg(blocks)
      .arg(before, 0, 'g', 3)
      .arg(after, 0, 'g', 3)
      .arg((percent < 0 ? QStringLiteral("−") : QStringLiteral("+")) + QString::number(std::abs(percent), 'f', 1));
}

void RunController::start(const QuantizeRequest& request) {
  request_ = request;
  failure_.clear();
  // A resumed run does not tell again what it told before, and one that takes over another's blocks neither.
  if (!request.resume && request.reuse.isEmpty()) {
    story_ = RunStory();
  } else {
    story_.reopen();
  }
  memory_ = 0;
  clock_.start();
  memory_timer_.start();
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
    RunStory read;
    try {
      read = read_story(folder);
    } catch (const std::exception& error) {
      failure = QString::fromUtf8(error.what());
    }
    QMetaObject::invokeMethod(QCoreApplication::instance(), [self, folder, failure, read = std::move(read)] {
      if (!self || self->busy()) return;
      self->failure_ = failure;
      if (failure.isEmpty()) {
        self->story_ = read;
        self->request_ = {};
        self->request_.output = folder.endsWith(QLatin1String(".partial")) ? folder.chopped(8) : folder;
        self->request_.model = QString::fromStdString(read.state.started.model_path);
        self->request_.calibration = QString::fromStdString(read.state.started.calibration_path);
        if (read.state.recipe) self->request_.recipe = *read.state.recipe;
        Q_EMIT self->state_changed();
        Q_EMIT self->activity_changed();
        Q_EMIT self->opened();
      } else {
        Q_EMIT self->failed(failure);
      }
    });
  });
}

double RunController::progress() const {
  if (story_.state.status == RunStatus::FINISHED) return 1;
  for (const PhaseShare& phase : kPhases) {
    if (story_.state.phase != phase.name) continue;
    const double done = story_.state.phase_total > 0 ? double(story_.state.phase_done) / double(story_.state.phase_total) : 0;
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
          story_.state.phase_total > 0 ? tr(" (%1 of %2)").arg(story_.state.phase_done).arg(story_.state.phase_total) : QString();
      if (story_.state.phase == "axes") return tr("Measuring the principal axes") + done;
      if (story_.state.phase == "vision") return tr("Quantizing the vision tower") + done;
      if (story_.state.phase == "veo") return tr("Optimising the vision tower") + done;
      if (story_.state.phase == "pictures") return tr("Encoding the pictures") + done;
      if (story_.state.phase == "statistics") return tr("Measuring activations") + done;
      if (story_.state.phase == "entropy") return tr("Measuring entropy and dependency") + done;
      if (story_.state.phase == "partition") return tr("Partitioning the sites into blocks");
      if (story_.state.phase == "bits") return tr("Measuring what bits the blocks need") + done;
      if (story_.state.phase == "search") {
        // The phase counts site forwards; people count blocks.
        return tr("Searching blocks (%1 of %2 done)").arg(story_.state.blocks.size()).arg(story_.state.partition.blocks.size());
      }
      if (story_.state.phase == "write") return tr("Writing the quantized model") + done;
      return QString::fromStdString(story_.state.phase);
    }
    case Activity::IDLE:
      break;
  }
  switch (story_.state.status) {
    case RunStatus::NOT_STARTED:
      return tr("Ready");
    case RunStatus::FINISHED:
      return tr("Finished in %1").arg(duration_text(story_.state.finished->seconds));
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
  const RunState& state = story_.state;
  if (activity_ != Activity::RUNNING || state.eta_seconds <= 0) return {};
  double behind = 0;  // share of the run in the phases after this one
  for (const PhaseShare& phase : kPhases) {
    if (state.phase == phase.name) behind = 1 - phase.to;
  }
  return tr("about %1 left").arg(duration_text(state.eta_seconds + behind * state.started.planned_seconds));
}

QString RunController::resources_text() const {
  const RunState& state = story_.state;
  if (state.status == RunStatus::NOT_STARTED) return {};
  const qint64 bytes = state.finished && !busy() ? state.finished->peak_bytes : memory_;
  const double seconds = state.finished && !busy() ? state.finished->seconds : busy() ? double(clock_.elapsed()) / 1000 : state.seconds;
  const qint64 planned = state.started.planned_bytes;
  QStringList parts;
  if (bytes > 0) parts << (planned > 0 ? tr("Memory %1 of %2 planned").arg(bytes_text(bytes), bytes_text(planned)) : tr("Memory %1").arg(bytes_text(bytes)));
  else if (planned > 0) parts << tr("Memory %1 planned").arg(bytes_text(planned));
  const bool whole = request_.reuse.isEmpty() && !request_.resume && state.started.planned_seconds > 0;  // what the plan was made for
  parts << (whole ? tr("%1 of %2 planned").arg(duration_text(seconds), duration_text(state.started.planned_seconds)) : duration_text(seconds));
  return parts.join(QStringLiteral("  ·  "));
}

void RunController::measure_memory() {
  // Linux: the second number of statm is resident pages. Elsewhere the run's own word at its end has to do.
  QFile file(QStringLiteral("/proc/%1/statm").arg(child_.process().process_id()));
  if (file.open(QIODevice::ReadOnly)) {
#ifdef Q_OS_UNIX
    memory_ = std::max(memory_, file.readAll().split(' ').value(1).toLongLong() * sysconf(_SC_PAGESIZE));
#endif
  }
  Q_EMIT state_changed();
}

void RunController::set_activity(Activity activity) {
  if (activity_ == activity) return;
  activity_ = activity;
  Q_EMIT activity_changed();
}

void RunController::take(const TimedEvent& event) {
  try {
    story_.apply(event);
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
