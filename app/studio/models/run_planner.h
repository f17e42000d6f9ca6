// What a run would take, before it starts: `qvlm quantize --plan`, asked a moment after the last change.
#pragma once

#include <QObject>
#include <QString>
#include <QTemporaryDir>
#include <QTimer>
#include <memory>
#include <optional>

#include "app/studio/children/quantize_child.h"
#include "app/studio/children/result_child.h"

namespace qvlm::studio {

class RunPlanner : public QObject {
  Q_OBJECT
 public:
  explicit RunPlanner(QString command, QObject* parent = nullptr);

  /// Asks 300 ms after the last call; a request that says the same as the one before is not asked again. What is being asked is dropped.
  void plan(const QuantizeRequest& request);
  /// Gives up what is still being asked; what was told stands.
  void stop();
  /// There is nothing to plan.
  void clear();
  /// "Planned: 41 s, 390 MB of memory", "Planning …", or why the run would be refused. Empty where nothing is planned.
  const QString& text() const { return text_; }

 Q_SIGNALS:
  void changed();

 private:
  void ask();
  void tell(const QString& text);

  ResultChild child_;
  QTimer later_;
  std::optional<QuantizeRequest> request_;  // being planned, or planned
  std::unique_ptr<QTemporaryDir> files_;
  QString text_;
};

}  // namespace qvlm::studio
