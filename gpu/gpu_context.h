// Everything that lives as long as a device does, and running a recording on it.
#pragma once

#include <memory>
#include <stop_token>

#include "gpu/device.h"
#include "gpu/kernels.h"
#include "gpu/memory.h"
#include "gpu/pipelines.h"
#include "gpu/recorder.h"

namespace qvlm {

struct GpuContextOptions {
  int device = -1;
  std::string device_name;
  std::string loader;  // file of the Vulkan loader; empty: the system's
  std::filesystem::path cache_folder;  // of compiled pipelines and of what was tuned; empty: none are kept
  uint64_t memory_limit = 0;
  FeatureSet without;
  double macs_per_segment = 0;  // 0: the profile's
  bool validation = false;
  Instance::MessageHandler on_validation_message;
};

class GpuContext {
 public:
  explicit GpuContext(const GpuContextOptions& options);
  ~GpuContext();
  GpuContext(const GpuContext&) = delete;
  GpuContext& operator=(const GpuContext&) = delete;

  const DeviceProfile& profile() const { return device_->profile(); }
  Recorder recorder(Timestamps* timestamps = nullptr) {
    return Recorder(*device_, *pipelines_, profile().macs_per_segment, timestamps);
  }
  /// Submits the segments in order, at most two ahead of the device, and waits. Between segments the stop token is
  /// asked; throws Cancelled when nothing runs any more. Throws DeviceLost.
  void run(const Recording& recording, std::stop_token stop = {});
  /// Uploads a host array of plain values.
  template <class T>
  Span upload(std::span<const T> values, Intent intent) {
    const Span span = memory().allocate(values.size_bytes(), intent);
    memory().upload(span, std::as_bytes(values));
    return span;
  }
  DeviceVector upload_vector(std::span<const float> values) {
    return {upload(values, Intent::CODES), static_cast<uint32_t>(values.size())};
  }
  DeviceMatrix upload_matrix(const PackedMatrix& packed);
  /// Device memory for float32 [rows, columns]; contents undefined.
  DeviceTensor new_tensor(uint32_t rows, uint32_t columns, Intent intent = Intent::SCRATCH);

  Device& device() { return *device_; }
  Memory& memory() { return *memory_; }
  Pipelines& pipelines() { return *pipelines_; }
  const Kernels& kernels() const { return *kernels_; }

 private:
  std::shared_ptr<Instance> instance_;
  std::unique_ptr<Device> device_;
  std::unique_ptr<Memory> memory_;
  std::unique_ptr<Pipelines> pipelines_;
  std::unique_ptr<Kernels> kernels_;
  VkFence fences_[2]{};
};

}  // namespace qvlm
