// Opens a device and runs recordings on it.
#include "gpu/gpu_context.h"

#include <vector>

namespace qvlm {

GpuContext::GpuContext(const GpuContextOptions& options)
    : instance_(std::make_shared<Instance>(options.validation, options.on_validation_message, options.loader)) {
  DeviceProfile profile = choose_device(device_profiles(instance_->handle(), options.without), options.device, options.device_name);
  if (options.macs_per_segment > 0) profile.macs_per_segment = options.macs_per_segment;
  device_ = std::make_unique<Device>(instance_, profile);
  memory_ = std::make_unique<Memory>(*device_, options.memory_limit);
  pipelines_ = std::make_unique<Pipelines>(*device_, options.cache_folder);
  kernels_ = std::make_unique<Kernels>(profile, options.without.has(Feature::TUNING) ? Tuning() : Tuning::load(options.cache_folder, profile));
  for (VkFence& fence : fences_) fence = device_->new_fence();
}

GpuContext::~GpuContext() {
  device_->api().vkDeviceWaitIdle(device_->handle());
  for (VkFence fence : fences_) device_->destroy_fence(fence);
}

void GpuContext::run(const Recording& recording, std::stop_token stop) {
  const auto& segments = recording.segments();
  bool waiting[2] = {false, false};
  const auto wait = [&](size_t slot) {
    if (!waiting[slot]) return;
    waiting[slot] = false;
    device_->wait(fences_[slot]);
  };
  bool stopped = false;
  for (size_t i = 0; i < segments.size() && !stopped; ++i) {
    wait(i % 2);
    if ((stopped = stop.stop_requested())) break;
    device_->submit(segments[i], fences_[i % 2]);
    waiting[i % 2] = true;
  }
  wait(segments.size() % 2);
  wait((segments.size() + 1) % 2);
  if (stopped) throw Cancelled();
}

DeviceMatrix GpuContext::upload_matrix(const PackedMatrix& packed) {
  DeviceMatrix matrix;
  matrix.layout = packed.layout;
  matrix.codes = upload(std::span<const uint32_t>(packed.codes), Intent::CODES);
  if (!packed.scales.empty()) matrix.scales = upload(std::span<const uint16_t>(packed.scales), Intent::SCALES);
  if (!packed.zeros.empty()) matrix.zeros = upload(std::span<const uint8_t>(packed.zeros), Intent::ZEROS);
  return matrix;
}

DeviceTensor GpuContext::new_tensor(uint32_t rows, uint32_t columns, Intent intent) {
  const Span span = memory().allocate(tensor_bytes(rows, columns), intent);
  return tensor_in(span, rows, columns);
}

}  // namespace qvlm
