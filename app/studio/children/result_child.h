// A command (`inspect`, `devices`, `export`, `fit`) whose last line is its result.
#pragma once

#include <QJsonObject>
#include <QObject>
#include <QString>
#include <QStringList>

#include "app/studio/children/child_process.h"

namespace qvlm::studio {

class ResultChild : public QObject {
  Q_OBJECT
 public:
  explicit ResultChild(QString command, QObject* parent = nullptr);

  /// A command that still runs is ended first, and its result dropped.
  void start(const QStringList& arguments);
  bool running() const { return child_ != nullptr; }
  /// Ends a command that still runs; its result is not told.
  void drop();
  /// Asks it to end; failed() follows.
  void stop();

 Q_SIGNALS:
  /// Every line, the last one too.
  void line(const QJsonObject& object);
  void succeeded(const QJsonObject& result);
  void failed(const QString& message);

 private:
  QString command_;
  ChildProcess* child_ = nullptr;
  QByteArray last_line_;
};

}  // namespace qvlm::studio
