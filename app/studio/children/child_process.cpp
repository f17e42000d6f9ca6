// QProcess, cut into JSON lines, with a readable report of how it ended.
#include "app/studio/children/child_process.h"

#include <QFileInfo>
#include <QJsonDocument>

#ifdef Q_OS_UNIX
#include <unistd.h>

#include <csignal>
#endif
#ifdef Q_OS_LINUX
#include <sys/prctl.h>
#endif

namespace qvlm::studio {

namespace {

constexpr int kBatchMilliseconds = 6;
constexpr qsizetype kErrorTail = 8192;
constexpr qsizetype kLongestLine = 64 * 1024 * 1024;  // a child that sends more without a newline is broken

}  // namespace

ChildProcess::ChildProcess(QObject* parent) : QObject(parent) {
  later_.setSingleShot(true);
  later_.setInterval(0);
  connect(&later_, &QTimer::timeout, this, &ChildProcess::deliver);
  connect(&process_, &QProcess::started, this, &ChildProcess::started);
  connect(&process_, &QProcess::readyReadStandardOutput, this, [this] {
    pending_ += process_.readAllStandardOutput();
    if (!later_.isActive()) later_.start();
  });
  connect(&process_, &QProcess::readyReadStandardError, this, [this] {
    errors_ += process_.readAllStandardError();
    if (errors_.size() > kErrorTail) errors_ = errors_.right(kErrorTail);
  });
  connect(&process_, &QProcess::finished, this, [this](int code, QProcess::ExitStatus status) {
    exit_code_ = code;
    exit_status_ = status;
    exited_ = true;
    pending_ += process_.readAllStandardOutput();
    errors_ += process_.readAllStandardError();
    if (!later_.isActive()) later_.start();
  });
  connect(&process_, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
    if (error == QProcess::FailedToStart) finish(true);
  });
#ifdef Q_OS_UNIX
  process_.setChildProcessModifier([studio = ::getpid()] {
    // Low priority: the window and the desktop stay smooth while a run takes every core.
    if (::nice(10) == -1) {
      // Not allowed to: the child runs at the usual priority.
    }
#ifdef Q_OS_LINUX
    // A studio that is killed takes its children along: what a run has journalled is whole, and nobody else may be writing where it is taken up.
    // (Elsewhere a child ends when its pipes do.)
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != studio) ::_exit(1);  // it is gone already
#endif
  });
#endif
}

ChildProcess::~ChildProcess() {
  disconnect(&process_, nullptr, this, nullptr);
  if (process_.state() != QProcess::NotRunning) {
    process_.kill();
    process_.waitForFinished(1000);
  }
}

void ChildProcess::start(const QString& program, const QStringList& arguments) {
  Q_ASSERT(!running());
  pending_.clear();
  errors_.clear();
  ended_ = exited_ = asked_ = false;
  exit_code_ = 0;
  command_ = QFileInfo(program).fileName() + QLatin1Char(' ') + arguments.value(0);
  process_.start(program, arguments);
}

bool ChildProcess::running() const {
  return !ended_;
}

bool ChildProcess::send(const QByteArray& json_line) {
  if (process_.state() == QProcess::NotRunning) return false;
  process_.write(json_line + '\n');
  return true;
}

bool ChildProcess::send(const QJsonObject& object) {
  return send(QJsonDocument(object).toJson(QJsonDocument::Compact));
}

void ChildProcess::end(int grace_ms) {
  if (process_.state() == QProcess::NotRunning) return;
  asked_ = true;
  process_.closeWriteChannel();
  process_.terminate();
  QTimer::singleShot(grace_ms, &process_, [this] {
    if (process_.state() != QProcess::NotRunning) process_.kill();
  });
}

void ChildProcess::kill() {
  asked_ = true;
  process_.kill();
}

QString ChildProcess::last_words() const {
  return QString::fromUtf8(errors_).trimmed();
}

void ChildProcess::deliver() {
  QElapsedTimer clock;
  clock.start();
  qsizetype from = 0;
  while (true) {
    const qsizetype newline = pending_.indexOf('\n', from);
    if (newline < 0) break;
    const QByteArray text = pending_.mid(from, newline - from).trimmed();
    from = newline + 1;
    if (!text.isEmpty()) Q_EMIT line(text);
    if (clock.elapsed() >= kBatchMilliseconds) break;
  }
  pending_.remove(0, from);
  if (pending_.contains('\n')) {
    later_.start();
    return;
  }
  if (pending_.size() > kLongestLine) {
    errors_ += "\nstopped: a line of output passed 64 MiB";
    pending_.clear();
    process_.kill();
  }
  if (exited_) {
    if (!pending_.trimmed().isEmpty()) {
      const QByteArray last = pending_.trimmed();
      pending_.clear();
      Q_EMIT line(last);
    }
    finish(false);
  }
}

void ChildProcess::finish(bool failed_to_start) {
  if (ended_) return;
  ended_ = true;
  ChildEnd end;
  end.exit_code = exit_code_;
  end.asked = asked_;
  end.crashed = !failed_to_start && exit_status_ == QProcess::CrashExit;
  end.ok = !failed_to_start && !end.crashed && exit_code_ == 0;
  if (failed_to_start) {
    end.message = tr("%1 could not be started: %2").arg(process_.program(), process_.errorString());
  } else if (end.crashed) {
    end.message = tr("%1 ended unexpectedly (signal %2).").arg(command_).arg(exit_code_);
  } else if (exit_code_ != 0) {
    end.message = tr("%1 ended with status %2.").arg(command_).arg(exit_code_);
  }
  if (!end.ok && !last_words().isEmpty()) {
    const QStringList lines = last_words().split(QLatin1Char('\n'));
    end.message += QLatin1Char('\n') + lines.mid(std::max<qsizetype>(0, lines.size() - 4)).join(QLatin1Char('\n'));
  }
  Q_EMIT finished(end);
}

}  // namespace qvlm::studio
