// One child process that speaks JSON lines: started at low priority, watched, and never waited for on the interface
// thread.
#pragma once

#include <QByteArray>
#include <QElapsedTimer>
#include <QJsonObject>
#include <QObject>
#include <QProcess>
#include <QString>
#include <QStringList>
#include <QTimer>

namespace qvlm::studio {

/// How a child ended.
struct ChildEnd {
  bool ok = false;       // exit status 0
  bool crashed = false;  // by a signal
  bool asked = false;    // end() or kill() was called before
  int exit_code = 0;
  QString message;  // for people; empty when ok. Names the command, how it ended, and its last words on stderr
};

/// Not thread-safe; lives on the interface thread. Lines are delivered in batches of a few milliseconds, so that a
/// chatty child cannot hold up the window. A child does not outlive the studio, whatever ends that.
class ChildProcess : public QObject {
  Q_OBJECT
 public:
  explicit ChildProcess(QObject* parent = nullptr);
  /// Kills a child that still runs.
  ~ChildProcess() override;

  /// Starts `program`; a failure to start arrives as finished(), never as an exception. Legal when nothing runs.
  void start(const QString& program, const QStringList& arguments);
  bool running() const;
  /// Writes one line. Ignored (returns false) when nothing runs.
  bool send(const QByteArray& json_line);
  bool send(const QJsonObject& object);
  /// Closes stdin and asks to terminate; kills after `grace_ms`.
  void end(int grace_ms = 3000);
  void kill();
  qint64 process_id() const { return process_.processId(); }
  /// The last lines of stderr, at most 8 kB.
  QString last_words() const;

 Q_SIGNALS:
  /// One line of stdout without its newline; empty lines are skipped.
  void line(const QByteArray& json);
  void started();
  /// After the last line().
  void finished(const qvlm::studio::ChildEnd& end);

 private:
  void deliver();
  void finish(bool failed_to_start);

  QProcess process_;
  QTimer later_;
  QByteArray pending_;  // stdout not yet cut into lines
  QByteArray errors_;   // tail of stderr
  QString command_;     // "qvlm quantize", for messages
  bool ended_ = true;   // finished() was emitted, or nothing was started
  bool exited_ = false;
  bool asked_ = false;
  int exit_code_ = 0;
  QProcess::ExitStatus exit_status_ = QProcess::NormalExit;
};

}  // namespace qvlm::studio
