// A queue in front of one child.
#include "app/studio/models/speed_meter.h"

#include <QJsonArray>
#include <QLocale>

#include "app/studio/models/workbench.h"

namespace qvlm::studio {

QString decode_speed_text(const QJsonObject& result) {
  for (const QJsonValue& value : result.value(QLatin1String("results")).toArray()) {
    const QJsonObject row = value.toObject();
    const double speed = row.value(QLatin1String("tokens_per_second")).toDouble();
    if (row.value(QLatin1String("what")).toString() == QLatin1String("decode") && speed > 0)
      return SpeedMeter::tr("%1 tokens/s").arg(QLocale().toString(speed, 'f', speed < 100 ? 1 : 0));
  }
  return {};
}

SpeedMeter::SpeedMeter(Workbench& workbench, QObject* parent)
    : QObject(parent), workbench_(workbench), child_(workbench.places().command) {
  connect(&child_, &ResultChild::succeeded, this, [this](const QJsonObject& result) {
    const QString folder = waiting_.takeFirst(), text = decode_speed_text(result);
    if (text.isEmpty()) {
      Q_EMIT failed(tr("%1: the measurement has no decoding speed").arg(folder));
    } else {
      workbench_.note_speed(folder, text);
    }
    next();
  });
  connect(&child_, &ResultChild::failed, this, [this](const QString& message) {
    waiting_.removeFirst();
    Q_EMIT failed(message);
    next();
  });
}

void SpeedMeter::measure(const QStringList& folders) {
  const bool idle = waiting_.isEmpty();
  for (const QString& folder : folders) {
    if (!waiting_.contains(folder)) waiting_ << folder;
  }
  if (idle) next();
}

void SpeedMeter::next() {
  if (!waiting_.isEmpty()) child_.start({QStringLiteral("bench"), waiting_.first(), QStringLiteral("--tokens"), QStringLiteral("32"), QStringLiteral("--json")});
  Q_EMIT changed();
}

}  // namespace qvlm::studio
