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

SelfTestReport self_test(int device, const FeatureSet& without) {
  const auto start = std::chrono::steady_clock::now();
  GpuContext gpu({.device = device, .without = without});
  SelfTestReport report{.device = gpu.profile().info};
  report.lines = test_all_kernels(gpu);
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

TuningReport tune(int device, const FeatureSet& without, const std::filesystem::path& folder, int rounds, int largest_size) {
  const auto start = std::chrono::steady_clock::now();
  GpuContext gpu({.device = device, .without = without});
  const Tuning tuning = measure_tuning(gpu, rounds, largest_size);
  tuning.save(folder, gpu.profile());
  TuningReport report{.device = gpu.profile().info, .file = Tuning::file_in(folder, gpu.profile())};
  for (const auto& [product, choice] : tuning.choices()) report.lines.push_back({to_string(product), to_string(choice.variant), choice.gain});
  for (const auto& [attention, choice] : tuning.ranges()) {
    const std::string chosen = choice.ranges == 1 ? "keys in one range" : "keys in " + std::to_string(choice.ranges) + " ranges";
    report.lines.push_back({to_string(attention), chosen, choice.gain});
  }
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

}  // namespace qvlm
