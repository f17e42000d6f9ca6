// Measures the read bandwidth.
#include "gpu/bench.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "gpu/gpu_context.h"

namespace qvlm {

ReadBandwidth measure_read_bandwidth(int device, const std::string& device_name, int64_t bytes, int runs) {
  if (bytes < 1 << 16 || runs < 1) throw Error("read bandwidth: expected 64 KiB or more and 1 run or more");
  GpuContext gpu({.device = device, .device_name = device_name});
  const Span from = gpu.memory().allocate(static_cast<uint64_t>(bytes), Intent::SCRATCH);
  const std::vector<std::byte> pattern(1 << 20,
                                       std::byte{0x5a});  // touched pages: untouched ones may share one page of zeros
  for (uint64_t at = 0; at < from.size; at += pattern.size()) {
    const uint64_t count = std::min<uint64_t>(pattern.size(), from.size - at);
    gpu.memory().upload(from.part(at, count), std::span(pattern).first(count));
  }
  const Span to = gpu.memory().allocate(16, Intent::SCRATCH);
  Recorder recorder = gpu.recorder();
  recorder.add(gpu.kernels().bandwidth(from, to));
  const Recording recording = recorder.finish();
  ReadBandwidth result{.bytes = static_cast<int64_t>(from.size), .runs = runs};
  for (int run = 0; run <= runs; ++run) {
    const auto start = std::chrono::steady_clock::now();
    gpu.run(recording);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (run > 0)
      result.gigabytes_per_second = std::max(result.gigabytes_per_second, double(from.size) / seconds * 1e-9);
  }
  return result;
}

}  // namespace qvlm
