// What one physical device is and can do: the one place where kernels' variants, sizes and workarounds are chosen.
#pragma once

#include <volk.h>

#include <string>
#include <vector>

#include "gpu/cooperative_matrix.h"
#include "gpu/devices.h"
#include "gpu/features.h"

namespace qvlm {

struct DeviceProfile {
  VkPhysicalDevice physical = VK_NULL_HANDLE;
  DeviceInfo info;
  uint32_t driver_version = 0;
  bool cpu = false;                    // the device is the processor: kernels of the texel-buffer kind
  bool texel_buffers = false;          // those kernels are used
  bool subgroup_size_control = false;  // a pipeline can require its subgroup size
  bool integer_dot_quick = false;      // the device says that it has instructions for signed products of packed bytes
  bool mapped_memory = true;           // the host writes device memory in place where the device lets it
  uint32_t subgroup_size = 32;
  uint32_t queue_family = 0;
  uint32_t timestamp_bits = 0;  // of the queue's clock; 0: it has none
  double timestamp_nanoseconds = 1;
  uint32_t vendor = 0;
  uint32_t max_workgroup_threads = 128;
  uint32_t max_shared_bytes = 16384;  // of a workgroup
  uint32_t least_subgroup_size = 0;   // that a pipeline can require
  bool vulkan_memory_model = false;
  std::vector<CooperativeShape> cooperative_shapes;
  int64_t memory_budget = 0;  // bytes of the largest device-local heap that the driver says are free for this process, or all of them
  uint64_t max_allocation = uint64_t{1} << 30;  // bytes; never above 1 GiB
  uint64_t max_texel_elements = uint64_t{1} << 27;
  uint64_t buffer_alignment = 256;  // of every allocation inside a block
  VkPhysicalDeviceMemoryProperties memory{};

  // Chosen from the above.
  uint32_t row_interleave = 1;  // rows of weights whose texels alternate (eight a lane of a CPU kernel)
  CooperativeShape cooperative;        // of the matrix x matrix kernel on matrix units; m 0: it does not run
  uint32_t cooperative_subgroup = 32;  // its subgroups
  uint32_t norm_threads = 128;
  uint32_t small_threads = 64;  // threads a workgroup of the other elementwise kernels
  uint32_t sample_threads = 256;
  uint32_t attention_queries = 4;  // of q a workgroup, in prefill
  uint32_t attention_heads = 1;    // of those that share their keys, a workgroup; a power of two
  uint32_t attention_keys = 1;     // a lane at a time
  uint32_t attention_groups = 1;   // workgroups that a row's attention should have at least: threads of a CPU device
  uint32_t prefill_rows = 512;
  double macs_per_segment = 4e11;  // multiply-adds of one submission: at most about 50 ms
};

/// Profiles of all devices, in the order of DeviceInfo::index, as if they had none of `without`.
std::vector<DeviceProfile> device_profiles(VkInstance instance, const FeatureSet& without = {});

/// By index (-1: the first usable) or by a part of the name. Throws Error that lists what there is.
DeviceProfile choose_device(const std::vector<DeviceProfile>& profiles, int index, const std::string& name);

}  // namespace qvlm
