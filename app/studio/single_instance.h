// One studio a user and data folder: a second one hands its arguments to the first and ends.
#pragma once

#include <QLocalServer>
#include <QObject>
#include <QString>
#include <QStringList>

namespace qvlm::studio {

class SingleInstance : public QObject {
  Q_OBJECT
 public:
  /// `data`: the data folder that the instances would share.
  explicit SingleInstance(const QString& data, QObject* parent = nullptr);
  /// Gives `paths` to a studio that runs already. True: it has taken them, and this one is to end.
  bool hand_over(const QStringList& paths);
  /// Hears those who come later. False where the system refuses; the studio runs without, then.
  bool listen();

 Q_SIGNALS:
  /// Another was started; with what it was asked to open, which may be nothing.
  void handed_over(const QStringList& paths);

 private:
  void take_connection();
  QString name_;
  QLocalServer server_;
};

}  // namespace qvlm::studio
