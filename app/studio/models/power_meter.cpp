// Three places to look, the most telling first.
#include "app/studio/models/power_meter.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>

namespace qvlm::studio {

namespace {

std::optional<double> number_in(const QString& path) {
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly)) return std::nullopt;
  bool ok = false;
  const double value = file.readAll().trimmed().toDouble(&ok);
  return ok ? std::optional(value) : std::nullopt;
}

QByteArray word_in(const QString& path) {
  QFile file(path);
  return file.open(QIODevice::ReadOnly) ? file.readAll().trimmed() : QByteArray();
}

QString source(const char* name) {
  return QCoreApplication::translate("qvlm::studio::PowerMeter", name);
}

}  // namespace

PowerMeter::PowerMeter(QString sys) : sys_(std::move(sys)) {}

std::optional<Power> PowerMeter::read(double seconds_since_start) {
  const QDir sensors(sys_ + QStringLiteral("/class/hwmon"));
  for (const QString& sensor : sensors.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
    const QString folder = sensors.filePath(sensor);
    const QByteArray name = word_in(folder + QStringLiteral("/name"));
    if (name != "amdgpu" && name != "nouveau" && name != "i915" && name != "xe") continue;
    for (const char* file : {"/power1_average", "/power1_input"}) {
      if (const auto microwatts = number_in(folder + QLatin1String(file)); microwatts && *microwatts > 0)
        return Power{*microwatts / 1e6, source(QT_TRANSLATE_NOOP("qvlm::studio::PowerMeter", "GPU"))};
    }
  }
  if (const auto energy = number_in(sys_ + QStringLiteral("/class/powercap/intel-rapl:0/energy_uj"))) {
    const double joules = (*energy - last_energy_) / 1e6, seconds = seconds_since_start - last_time_;
    const bool known = last_energy_ >= 0 && joules > 0 && seconds > 0.05;  // the counter wraps: then one reading is left out
    last_energy_ = *energy;
    last_time_ = seconds_since_start;
    if (known) return Power{joules / seconds, source(QT_TRANSLATE_NOOP("qvlm::studio::PowerMeter", "processor"))};
    return std::nullopt;
  }
  const QDir supplies(sys_ + QStringLiteral("/class/power_supply"));
  for (const QString& supply : supplies.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
    const QString folder = supplies.filePath(supply);
    if (word_in(folder + QStringLiteral("/status")) != "Discharging") continue;
    auto microwatts = number_in(folder + QStringLiteral("/power_now"));
    if (!microwatts) {
      const auto current = number_in(folder + QStringLiteral("/current_now")), voltage = number_in(folder + QStringLiteral("/voltage_now"));
      if (current && voltage) microwatts = *current * *voltage / 1e6;
    }
    if (microwatts && *microwatts > 0) return Power{*microwatts / 1e6, source(QT_TRANSLATE_NOOP("qvlm::studio::PowerMeter", "battery"))};
  }
  return std::nullopt;
}

}  // namespace qvlm::studio
