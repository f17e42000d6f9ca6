// One child at a time; its result is two numbers.
#include "app/studio/models/run_planner.h"

#include "app/studio/models/model_summary.h"
#include "app/studio/models/run_controller.h"

namespace qvlm::studio {

namespace {

constexpr int kAfterLastChange = 300;  // ms

/// What a plan depends on; the output's name is no part of it.
bool same_plan(const QuantizeRequest& a, const QuantizeRequest& b) {
  return a.model == b.model && a.calibration == b.calibration && a.recipe == b.recipe && a.partition == b.partition;
}

}  // namespace

RunPlanner::RunPlanner(QString command, QObject* parent) : QObject(parent), child_(std::move(command)) {
  later_.setSingleShot(true);
  later_.setInterval(kAfterLastChange);
  connect(&later_, &QTimer::timeout, this, &RunPlanner::ask);
  connect(&child_, &ResultChild::succeeded, this, [this](const QJsonObject& plan) {
    tell(tr("Planned: %1, %2 of memory")
             .arg(duration_text(plan.value(QLatin1String("planned_seconds")).toDouble()),
                  bytes_text(static_cast<qint64>(plan.value(QLatin1String("planned_bytes")).toDouble()))));
  });
  connect(&child_, &ResultChild::failed, this, [this](const QString& message) { tell(tr("Would be refused: %1").arg(message)); });
}

void RunPlanner::plan(const QuantizeRequest& request) {
  if (request_ && same_plan(*request_, request)) return;
  request_ = request;
  child_.drop();
  later_.start();
  if (text_.isEmpty()) tell(tr("Planning …"));
}

void RunPlanner::stop() {
  if (later_.isActive() || child_.running()) clear();
}

void RunPlanner::clear() {
  later_.stop();
  child_.drop();
  request_.reset();
  tell({});
}

void RunPlanner::ask() {
  files_ = std::make_unique<QTemporaryDir>();
  try {
    child_.start(quantize_arguments(*request_, *files_) << QStringLiteral("--plan"));
  } catch (const std::exception& error) {
    tell(QString::fromUtf8(error.what()));
  }
}

void RunPlanner::tell(const QString& text) {
  if (text == text_) return;
  text_ = text;
  Q_EMIT changed();
}

}  // namespace qvlm::studio
