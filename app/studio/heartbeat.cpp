// Two clocks around QApplication::notify().
#include "app/studio/heartbeat.h"

#include <QEvent>
#include <QFile>
#include <QThread>
#include <algorithm>
#include <chrono>
#include <utility>

#ifdef Q_OS_UNIX
#include <ctime>
#include <unistd.h>
#endif

namespace qvlm::studio {

namespace {

constexpr double kStall = 50, kFrame = 16;  // ms

/// Processor time of this thread, ms.
double thread_work() {
#ifdef Q_OS_UNIX
  timespec time{};
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0) return 1e3 * double(time.tv_sec) + 1e-6 * double(time.tv_nsec);
#endif
  return 0;
}

double now() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

double milliseconds_since_start() {
#ifdef Q_OS_LINUX
  QFile stat(QStringLiteral("/proc/self/stat")), uptime(QStringLiteral("/proc/uptime"));
  if (!stat.open(QIODevice::ReadOnly) || !uptime.open(QIODevice::ReadOnly)) return 0;
  const QByteArray text = stat.readAll();
  // The program's name, in parentheses, may hold spaces: fields are counted behind it.
  const QList<QByteArray> fields = text.mid(text.lastIndexOf(')') + 2).split(' ');
  if (fields.size() < 20) return 0;
  const double started = 1e3 * fields[19].toDouble() / double(sysconf(_SC_CLK_TCK));  // since boot
  return 1e3 * uptime.readAll().split(' ').first().toDouble() - started;
#else
  return 0;
#endif
}

StudioApplication::StudioApplication(int& argc, char** argv) : QApplication(argc, argv) {}

bool StudioApplication::notify(QObject* receiver, QEvent* event) {
  const int loop = thread()->loopLevel();
  if (loop == timed_loop_) return QApplication::notify(receiver, event);
  const int type = event->type();
  const char* name = receiver->metaObject()->className();  // the receiver may be gone afterwards
  const bool paints = first_window_ == 0 && (type == QEvent::Paint || type == QEvent::UpdateRequest || type == QEvent::Expose);
  const double begin = now(), work = thread_work();
  const int outer = std::exchange(timed_loop_, loop);
  held_loop_ = false;
  const bool taken = QApplication::notify(receiver, event);
  timed_loop_ = outer;
  if (paints) first_window_ = milliseconds_since_start();
  // A dialog's event loop ran inside this event: its own events were timed, and the user was not kept waiting by this one.
  if (std::exchange(held_loop_, outer >= 0)) return taken;
  const double took = now() - begin, worked = thread_work() - work;
  ++pulse_.events;
  ++histogram_[static_cast<size_t>(std::min(took / kStep, kMost / kStep))];
  ++work_histogram_[static_cast<size_t>(std::min(worked / kStep, kMost / kStep))];
  under_16_ += took < kFrame ? 1 : 0;
  pulse_.stalls += took > kStall ? 1 : 0;
  pulse_.work_stalls += worked > kStall ? 1 : 0;
  pulse_.longest_work = std::max(pulse_.longest_work, worked);
  if (took > pulse_.longest) {
    pulse_.longest = took;
    pulse_.worst_receiver = name;
    pulse_.worst_type = type;
  }
  return taken;
}

double StudioApplication::percentile_99_of(const Histogram& histogram, double longest) const {
  int64_t seen = 0;
  for (size_t i = 0; i + 1 < histogram.size(); ++i) {
    seen += histogram[i];
    if (double(seen) >= 0.99 * double(pulse_.events)) return kStep * double(i + 1);
  }
  return longest;
}

Pulse StudioApplication::pulse() const {
  Pulse result = pulse_;
  if (result.events == 0) return result;
  result.share_under_16 = double(under_16_) / double(result.events);
  result.percentile_99 = percentile_99_of(histogram_, result.longest);
  result.work_percentile_99 = percentile_99_of(work_histogram_, result.longest_work);
  return result;
}

void StudioApplication::reset_pulse() {
  histogram_.fill(0);
  work_histogram_.fill(0);
  pulse_ = {};
  under_16_ = 0;
}

}  // namespace qvlm::studio
