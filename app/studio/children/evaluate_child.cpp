// Arguments and lines of `qvlm evaluate --json`.
#include "app/studio/children/evaluate_child.h"

#include <exception>

namespace qvlm::studio {

EvaluateChild::EvaluateChild(QString command, QObject* parent) : QObject(parent), command_(std::move(command)) {
  connect(&child_, &ChildProcess::line, this, [this](const QByteArray& json) {
    try {
      const EvaluationEvent parsed = evaluation_event_from_json_line(json.toStdString());
      if (const auto* failed = std::get_if<EvaluationFailed>(&parsed))
        failure_ = QString::fromStdString(failed->message);
      Q_EMIT event(parsed);
    } catch (const std::exception& error) {
      failure_ = QString::fromUtf8(error.what());
      child_.kill();
    }
  });
  connect(&child_, &ChildProcess::finished, this, [this](const ChildEnd& end) {
    if (end.ok || (stopped_ && !end.crashed)) {
      Q_EMIT ended({});
    } else {
      Q_EMIT ended(failure_.isEmpty() ? end.message : failure_);
    }
  });
}

void EvaluateChild::start(const EvaluateRequest& request) {
  QStringList arguments = {QStringLiteral("evaluate"), request.model.path, QStringLiteral("--questions"), request.questions,
                           QStringLiteral("--json")};
  if (request.limit > 0) arguments << QStringLiteral("--limit") << QString::number(request.limit);
  arguments << run_arguments(request.model);
  if (!request.against.isEmpty())
    arguments << QStringLiteral("--against") << request.against << QStringLiteral("--against-backend") << request.against_backend;
  failure_.clear();
  stopped_ = false;
  child_.start(command_, arguments);
}

void EvaluateChild::stop() {
  stopped_ = true;
  child_.send(QJsonObject{{QStringLiteral("stop"), true}});
}

}  // namespace qvlm::studio
