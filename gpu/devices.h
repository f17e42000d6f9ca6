// The Vulkan devices of this machine, what they can do, and whether their kernels compute rightly. Free of Vulkan
// headers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gpu/features.h"

namespace qvlm {

/// One physical device, in the order that a device index means (discrete, integrated, virtual, CPU).
struct DeviceInfo {
  int index = 0;
  std::string name;
  std::string kind;          // "discrete", "integrated", "virtual", "cpu", "other"
  std::string driver;        // name and version
  std::string api;           // Vulkan version, "1.3.230"
  int64_t memory_bytes = 0;  // of the largest device-local heap
  int subgroup_size = 0;
  bool buffer_addresses = false;
  bool float16 = false;  // arithmetic in shaders
  bool integer_dot_product = false;
  bool cooperative_matrix = false;
  std::vector<std::string> cooperative_shapes;  // float16 into float32 in a subgroup: "16 x 16 x 16", m, n, k
  std::string cooperative_unused;               // why no kernel of the engine uses them; empty: one does, or there are none
  std::vector<std::string> quirks;  // driver workarounds in force
  std::string unusable;             // why the engine cannot use it; empty: it can
};

/// All devices. Throws Error if there is no Vulkan loader; an empty list means that there are no devices.
std::vector<DeviceInfo> list_devices();

/// One kernel at one shape against its plain loop (gpu/reference/).
struct SelfTestLine {
  std::string kernel;
  std::string shape;
  double largest_error = 0;  // relative to the largest value expected
  double tolerance = 0;
  bool passed = false;
  double seconds = 0;   // with the plain loop, and on first use the driver's compilation
  std::string message;  // why it could not run
};

struct SelfTestReport {
  DeviceInfo device;
  std::vector<SelfTestLine> lines;
  double seconds = 0;
  bool passed() const;
};

/// Runs every kernel on the device and compares. device: index as in list_devices(), -1: the first usable. Throws
/// Error.
SelfTestReport self_test(int device = -1, const FeatureSet& without = {});

/// Which variant of a kernel a kind of product, or of attention, runs by.
struct TuningLine {
  std::string products;  // "int4 matrix x vector, large"
  std::string chosen;
  double gain = 1;  // in speed, over what runs untuned
};

struct TuningReport {
  DeviceInfo device;
  std::vector<TuningLine> lines;
  std::filesystem::path file;
  double seconds = 0;
};

/// Measures the variants of the matrix kernels and of attention on the device and keeps what is quickest in `folder`, for engines of this folder,
/// device and driver version. rounds: measurements of each, the best of which counts. Throws Error.
TuningReport tune(int device, const FeatureSet& without, const std::filesystem::path& folder, int rounds = 9, int largest_size = 2);

}  // namespace qvlm
