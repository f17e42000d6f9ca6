// Measurements of the device itself. (A model's own speed comes through Generator::timings().) Free of Vulkan headers.
#pragma once

#include <cstdint>
#include <string>

namespace qvlm {

struct ReadBandwidth {
  double gigabytes_per_second = 0;  // 10^9 bytes; the best of the runs
  int64_t bytes = 0;                // read in one run
  int runs = 0;
};

/// Reads `bytes` of device memory by a shader, `runs` times after one that is not counted. device and device_name as in
/// EngineOptions. Throws Error.
ReadBandwidth measure_read_bandwidth(int device = -1, const std::string& device_name = "",
                                     int64_t bytes = int64_t{256} << 20, int runs = 5);

}  // namespace qvlm
