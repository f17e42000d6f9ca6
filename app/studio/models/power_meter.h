// The power that this machine draws, where the system lets a program read it.
#pragma once

#include <QString>
#include <optional>

namespace qvlm::studio {

struct Power {
  double watts = 0;
  QString source;  // "GPU", "processor", "battery": what was measured, translated
};

/// Reads Linux's /sys: a GPU's sensor (amdgpu, nouveau, i915 in hwmon), the processor's energy counter (RAPL; often for root alone), or a battery
/// that is being emptied. Not thread-safe; may take some milliseconds, so not for the interface thread.
class PowerMeter {
 public:
  /// `sys`: where /sys is.
  explicit PowerMeter(QString sys = QStringLiteral("/sys"));
  /// Nothing where nothing can be read. The energy counter gives its first value with the second call.
  std::optional<Power> read(double seconds_since_start);

 private:
  QString sys_;
  double last_energy_ = -1, last_time_ = 0;  // microjoules, seconds
};

}  // namespace qvlm::studio
