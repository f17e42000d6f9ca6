// Lists devices and runs the self-test.
#include "gpu/devices.h"

#include <algorithm>
#include <chrono>

#include "gpu/device_profile.h"
#include "gpu/instance.h"
#include "gpu/self_test.h"

namespace qvlm {

std::vector<DeviceInfo> list_devices() {
  const Instance instance;
  std::vector<DeviceInfo> devices;
  for (const DeviceProfile& profile : device_profiles(instance.handle())) devices.push_back(profile.info);
  return devices;
}

bool SelfTestReport::passed() const {
  return !lines.empty() && std::all_of(lines.begin(), lines.end(), [](const auto& line) { return line.passed; });
}

SelfTestReport self_test(int device) {
  const auto start = std::chrono::steady_clock::now();
  GpuContext gpu({.device = device});
  SelfTestReport report{.device = gpu.profile().info};
  report.lines = test_all_kernels(gpu);
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

}  // namespace qvlm
