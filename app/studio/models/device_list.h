// The Vulkan devices of this machine as the settings show them: asked of `qvlm devices`, with their measured read bandwidth on request.
#pragma once

#include <QObject>
#include <QString>
#include <vector>

#include "app/studio/children/result_child.h"

namespace qvlm::studio {

struct Device {
  QString name, kind, driver;
  qint64 memory_bytes = 0;
  double gigabytes_per_second = 0;  // measured; 0: not yet
  QString unusable;                 // why; empty where it can be used
};

/// Throws nothing: what is absent stays empty.
std::vector<Device> devices_from_json(const QJsonObject& result);

class DeviceList : public QObject {
  Q_OBJECT
 public:
  explicit DeviceList(QString command, QObject* parent = nullptr);
  const std::vector<Device>& devices() const { return devices_; }
  bool busy() const { return child_.running(); }
  const QString& failure() const { return failure_; }
  /// With `measure`: reads memory on every device for some seconds.
  void ask(bool measure);

 Q_SIGNALS:
  void changed();

 private:
  ResultChild child_;
  std::vector<Device> devices_;
  QString failure_;
};

}  // namespace qvlm::studio
