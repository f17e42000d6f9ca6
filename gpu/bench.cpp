// Measures the read bandwidth.
#include "gpu/bench.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "core/base/half.h"
#include "core/model/random_model.h"
#include "gpu/gpu_context.h"

namespace qvlm {
namespace {

constexpr int64_t kCopiesBytes = int64_t{512} << 20;
constexpr double kRunSeconds = 0.02;
constexpr int kRuns = 9;

PackedMatrix packed_matrix(const MatrixGrid& grid, uint32_t interleave) {
  const std::string name = "a matrix of " + std::to_string(grid.rows) + " x " + std::to_string(grid.columns);
  if (grid.bits < 16)  // what the codes are does not matter to the time
    return pack(Weight(random_quantized_matrix(name, grid.rows, grid.columns, {grid.bits, grid.group, grid.symmetric})), interleave, name);
  const std::vector<uint16_t> values(static_cast<size_t>(grid.rows * grid.columns), to_half(0.01f));
  return pack(Weight(TensorView{DType::F16, {grid.rows, grid.columns}, std::as_bytes(std::span(values)), name}), interleave, name);
}

}  // namespace

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

int executed_bits(int bits) { return bits <= 4 ? 4 : bits <= 8 ? 8 : bits; }

double measure_matrix_vector(const MatrixGrid& grid, int copies, int device, const std::string& device_name) {
  if (grid.rows < 1 || grid.columns < 1 || copies < 1) throw Error("matrix x vector: expected rows, columns and copies");
  if (grid.bits != 16 && (grid.bits < 2 || grid.bits > 8)) throw Error::in("matrix x vector", "bits", "2 to 8, or 16", std::to_string(grid.bits));
  if (grid.bits != 16 && (grid.group < 1 || grid.columns % grid.group != 0))
    throw Error::in("matrix x vector", "group", "a divisor of " + std::to_string(grid.columns), std::to_string(grid.group));
  GpuContext gpu({.device = device, .device_name = device_name});
  const PackedMatrix packed = packed_matrix(grid, gpu.kernels().row_interleave());
  std::vector<DeviceMatrix> matrices{gpu.upload_matrix(packed)};
  const int64_t most = kCopiesBytes / std::max<int64_t>(static_cast<int64_t>(matrices.front().bytes()), 1);
  while (static_cast<int64_t>(matrices.size()) < std::min<int64_t>(copies, most)) matrices.push_back(gpu.upload_matrix(packed));
  const DeviceTensor x = gpu.new_tensor(1, static_cast<uint32_t>(grid.columns)), y = gpu.new_tensor(1, static_cast<uint32_t>(grid.rows));
  const std::vector<float> ones(static_cast<size_t>(x.stride), 1.0f);
  gpu.memory().upload(x.span, std::as_bytes(std::span(ones).first(static_cast<size_t>(x.columns))));
  const auto record = [&](int rounds) {
    Recorder recorder = gpu.recorder();
    for (int round = 0; round < rounds; ++round) {
      for (const DeviceMatrix& matrix : matrices) recorder.add(gpu.kernels().matrix(matrix, x, y));  // each waits for the last, as in a model
    }
    return recorder.finish();
  };
  const auto seconds_of = [&](const Recording& recording) {
    const auto start = std::chrono::steady_clock::now();
    gpu.run(recording);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  int rounds = 1;
  for (;;) {
    const Recording recording = record(rounds);
    seconds_of(recording);  // the first one also makes what is made once
    double best = seconds_of(recording);
    if (best < kRunSeconds && rounds < 4096) {
      rounds *= 4;
      continue;
    }
    for (int run = 1; run < kRuns; ++run) best = std::min(best, seconds_of(recording));
    return best * 1e3 / (rounds * static_cast<double>(matrices.size()));
  }
}

}  // namespace qvlm
