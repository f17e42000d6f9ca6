// A logical device with its one compute queue.
#pragma once

#include <volk.h>

#include <cstdint>
#include <memory>

#include "core/base/error.h"
#include "gpu/device_profile.h"
#include "gpu/instance.h"

namespace qvlm {

/// The device went away (driver reset, timeout, removed). The engine is rebuilt on its next use.
class DeviceLost : public Error {
 public:
  using Error::Error;
};

class Device {
 public:
  Device(std::shared_ptr<Instance> instance, DeviceProfile profile);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  const DeviceProfile& profile() const { return profile_; }
  const VolkDeviceTable& api() const { return api_; }
  VkDevice handle() const { return device_; }
  VkCommandPool pool() const { return pool_; }

  VkCommandBuffer new_command_buffer() const;
  void free_command_buffer(VkCommandBuffer commands) const;
  VkFence new_fence() const;
  void destroy_fence(VkFence fence) const;
  /// Throws DeviceLost.
  void submit(VkCommandBuffer commands, VkFence fence);
  /// Waits (at most 60 s: then the device counts as hung) and resets the fence. Throws DeviceLost.
  void wait(VkFence fence);
  uint64_t submissions() const { return submissions_; }
  /// Fault injection for tests: the submission of this number counts as lost. -1: none.
  void lose_at(int64_t submission) { lose_at_ = submission; }

 private:
  void check_alive(VkResult result, const char* what) const;
  std::shared_ptr<Instance> instance_;
  DeviceProfile profile_;
  VolkDeviceTable api_{};
  VkDevice device_ = VK_NULL_HANDLE;
  VkQueue queue_ = VK_NULL_HANDLE;
  VkCommandPool pool_ = VK_NULL_HANDLE;
  uint64_t submissions_ = 0;
  int64_t lose_at_ = -1;
};

}  // namespace qvlm
