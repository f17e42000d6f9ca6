// The driver's compiled pipelines, kept in a file from one start to the next. What is wrong with a file only costs compiling anew.
#pragma once

#include <volk.h>

#include <filesystem>
#include <string>

#include "gpu/device.h"

namespace qvlm {

class PipelineCache {
 public:
  /// folder: where the files are, one for each device and driver version; empty: nothing is kept. Never throws for a file: absent, cut, of
  /// another device or driver, not readable.
  PipelineCache(Device& device, const std::filesystem::path& folder);
  /// Destroys the cache; save() is the caller's.
  ~PipelineCache();
  PipelineCache(const PipelineCache&) = delete;
  PipelineCache& operator=(const PipelineCache&) = delete;

  VkPipelineCache handle() const { return cache_; }
  /// Writes the file if the driver has other data than was taken over. A disk that is full or not writable is no error.
  void save() const;
  /// Of this device and driver, in `folder`.
  static std::filesystem::path file_in(const std::filesystem::path& folder, const DeviceProfile& profile);
  /// Bytes of the file that were taken over; 0: none.
  size_t taken() const { return taken_; }

 private:
  Device& device_;
  std::filesystem::path file_;  // empty: nothing is kept
  VkPipelineCache cache_ = VK_NULL_HANDLE;
  size_t taken_ = 0;
  std::string taken_hash_;  // empty: none was taken
};

}  // namespace qvlm
