// When the kernels of one recording ended, by the device's own clock. The recorder stamps; `qvlm bench` reads.
#pragma once

#include <volk.h>

#include <string>
#include <vector>

#include "gpu/device.h"
#include "gpu/step_profile.h"

namespace qvlm {

class Timestamps {
 public:
  /// Throws Error where the device's queue has no clock.
  explicit Timestamps(Device& device);
  ~Timestamps();
  Timestamps(const Timestamps&) = delete;
  Timestamps& operator=(const Timestamps&) = delete;
  static bool supported(const DeviceProfile& profile) { return profile.timestamp_bits > 0; }

  /// Into a command buffer: from here on time counts for the next kernel; the first one also empties the clock's book.
  void begin(VkCommandBuffer commands);
  /// Behind a dispatch. What more than the book holds is not stamped.
  void end(VkCommandBuffer commands, const std::string& kernel);
  /// Of the last run of the recording, by name, the longest first.
  std::vector<KernelTime> read() const;

 private:
  void stamp(VkCommandBuffer commands, const std::string& kernel);
  Device& device_;
  VkQueryPool pool_ = VK_NULL_HANDLE;
  std::vector<std::string> labels_;  // one a stamp; empty: a beginning
};

}  // namespace qvlm
