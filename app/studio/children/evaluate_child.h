// `qvlm evaluate` as an object.
#pragma once

#include <QObject>
#include <QString>

#include "app/studio/children/chat_child.h"
#include "app/studio/children/child_process.h"
#include "core/evaluation/evaluation_events.h"

namespace qvlm::studio {

struct EvaluateRequest {
  ChatModelChoice model;
  QString questions;
  int limit = 0;         // 0: all
  QString against = {};  // another model that is asked the same; empty: none
  QString against_backend = {};
};

class EvaluateChild : public QObject {
  Q_OBJECT
 public:
  explicit EvaluateChild(QString command, QObject* parent = nullptr);

  void start(const EvaluateRequest& request);
  bool running() const { return child_.running(); }
  /// Ends after the current question; EvaluationFinished still arrives.
  void stop();
  ChildProcess& process() { return child_; }

 Q_SIGNALS:
  void event(const qvlm::EvaluationEvent& event);
  void ended(const QString& message);  // empty after success

 private:
  QString command_;
  ChildProcess child_;
  QString failure_;
  bool stopped_ = false;
};

}  // namespace qvlm::studio
