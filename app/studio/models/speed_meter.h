// Measures how fast quantized models decode, one after another, with `qvlm bench`; the figures are kept beside the models' accuracies.
#pragma once

#include <QObject>
#include <QStringList>

#include "app/studio/children/result_child.h"

namespace qvlm::studio {

class Workbench;

class SpeedMeter : public QObject {
  Q_OBJECT
 public:
  explicit SpeedMeter(Workbench& workbench, QObject* parent = nullptr);
  /// Folders that are waiting already are not added again.
  void measure(const QStringList& folders);
  bool busy() const { return !waiting_.isEmpty(); }

 Q_SIGNALS:
  void changed();  // a figure came, or the queue is another
  void failed(const QString& message);

 private:
  void next();

  Workbench& workbench_;
  ResultChild child_;
  QStringList waiting_;  // the first is being measured
};

/// "63.5 tokens/s" of the decode row in a bench result; empty where there is none.
QString decode_speed_text(const QJsonObject& result);

}  // namespace qvlm::studio
