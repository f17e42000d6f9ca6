// What one step, of a decoded token or of a prompt's rows, costs on the device. This header is free of Vulkan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace qvlm {

/// Kernels of one name in a step.
struct KernelTime {
  std::string kernel;
  size_t dispatches = 0;
  double seconds = 0;
};

struct StepProfile {
  int64_t rows = 1;
  size_t dispatches = 0, submissions = 0;
  double seconds = 0;               // from the first submission to the last one's end, by the host's clock
  std::vector<KernelTime> kernels;  // of the same token, the longest first; empty where the device has no clock
};

}  // namespace qvlm
