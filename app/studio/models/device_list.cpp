// The line of `qvlm devices --json`.
#include "app/studio/models/device_list.h"

#include <QJsonArray>

namespace qvlm::studio {

std::vector<Device> devices_from_json(const QJsonObject& result) {
  std::vector<Device> devices;
  for (const QJsonValue& value : result.value(QLatin1String("devices")).toArray()) {
    const QJsonObject object = value.toObject();
    devices.push_back({object.value(QLatin1String("name")).toString(), object.value(QLatin1String("kind")).toString(),
                       object.value(QLatin1String("driver")).toString(), qint64(object.value(QLatin1String("memory_bytes")).toDouble()),
                       object.value(QLatin1String("read_gigabytes_per_second")).toDouble(), object.value(QLatin1String("unusable")).toString()});
  }
  return devices;
}

DeviceList::DeviceList(QString command, QObject* parent) : QObject(parent), child_(std::move(command)) {
  connect(&child_, &ResultChild::succeeded, this, [this](const QJsonObject& result) {
    devices_ = devices_from_json(result);
    failure_.clear();
    Q_EMIT changed();
  });
  connect(&child_, &ResultChild::failed, this, [this](const QString& message) {
    failure_ = message;
    Q_EMIT changed();
  });
}

void DeviceList::ask(bool measure) {
  QStringList arguments = {QStringLiteral("devices"), QStringLiteral("--json")};
  if (measure) arguments << QStringLiteral("--bandwidth");
  child_.start(arguments);
  Q_EMIT changed();
}

}  // namespace qvlm::studio
