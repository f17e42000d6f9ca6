// What the self-test's files share: random numbers, tensors up and down, lines of the report. Only gpu/self_test*.cpp and their test include it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "gpu/reference/plain_kernels.h"
#include "gpu/self_test.h"

namespace qvlm::testing {

inline constexpr double kFloat16 = 4e-3;  // tolerance of kernels that round to float16 on the way

inline std::vector<float> normal(size_t count, uint32_t seed, float deviation = 1) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> distribution(0, deviation);
  std::vector<float> values(count);
  for (float& value : values) value = distribution(generator);
  return values;
}

inline plain::Tensor random_tensor(uint32_t rows, uint32_t columns, uint32_t seed) {
  plain::Tensor t(rows, columns);
  t.values = normal(t.values.size(), seed);
  return t;
}

/// Weights of deviation 1 / sqrt(columns).
inline PackedMatrix random_matrix(const MatrixShape& s, uint32_t interleave, uint32_t seed) {
  const float deviation = 1 / std::sqrt(static_cast<float>(s.columns));
  if (s.bits == 16) {
    const std::vector<float> values = normal(size_t{s.rows} * s.columns, seed, deviation);
    return pack(Weight(TensorView{DType::F32, {s.rows, s.columns}, std::as_bytes(std::span(values)), "random"}),
                interleave, "random");
  }
  return pack(Weight(random_quantized(s, seed, deviation)), interleave, "random");
}

inline std::string text(const MatrixShape& s) {
  return std::to_string(s.tokens) + " x " + std::to_string(s.columns) + " -> " + std::to_string(s.rows) + ", " +
         std::to_string(s.bits) + " bits" +
         (s.bits == 16
              ? ""
              : ", group " + (s.group ? std::to_string(s.group) : "row") +
                    (s.minimums ? ", minimums" : s.symmetric ? "" : ", zero points"));
}

// Uploads and downloads tensors, keeping what it allocated until it goes. Every buffer stands between guards that no kernel may write.
class Bench {
 public:
  explicit Bench(GpuContext& gpu) : gpu_(gpu) {}
  ~Bench() {
    for (const Span& span : spans_) {
      gpu_.pipelines().forget(span.block);
      gpu_.memory().free_block(span);
    }
  }
  DeviceTensor tensor(uint32_t rows, uint32_t columns) {
    return tensor_in(allocate(tensor_bytes(rows, columns), Intent::SCRATCH), rows, columns);
  }
  DeviceTensor upload(const plain::Tensor& host) {
    const DeviceTensor t = tensor(host.rows, host.columns);
    std::vector<float> padded(size_t{t.rows} * t.stride, std::nanf(""));  // what lies between rows must not matter
    for (size_t r = 0; r < host.rows; ++r)
      std::copy_n(host.values.data() + r * host.columns, host.columns, padded.data() + r * t.stride);
    gpu_.memory().upload(t.span, std::as_bytes(std::span(padded)).first(t.span.size));
    return t;
  }
  Span bytes(std::span<const std::byte> data, Intent intent = Intent::SCRATCH) {
    const Span span = allocate(data.size(), intent);
    gpu_.memory().upload(span, data);
    return span;
  }
  template <class T>
  Span array(const std::vector<T>& values) {
    return bytes(std::as_bytes(std::span(values)));
  }
  DeviceVector vector(const std::vector<float>& values) {
    return {array(values), static_cast<uint32_t>(values.size())};
  }
  DeviceMatrix matrix(const PackedMatrix& packed) {
    DeviceMatrix m;
    m.layout = packed.layout;
    m.codes = array(packed.codes);
    if (!packed.scales.empty()) m.scales = array(packed.scales);
    if (!packed.zeros.empty()) m.zeros = array(packed.zeros);
    return m;
  }
  /// Throws Error where a kernel wrote outside of the buffers.
  void run(const std::vector<Dispatch>& dispatches) {
    const Span seen = gpu_.memory().allocate(guards_.size() * kGuard, Intent::READBACK);
    spans_.push_back(seen);
    Recorder recorder = gpu_.recorder();
    for (const Dispatch& d : dispatches) recorder.add(d);
    for (size_t i = 0; i < guards_.size(); ++i) recorder.add(gpu_.kernels().copy(guards_[i], seen.part(i * kGuard, kGuard), kGuard));
    gpu_.run(recorder.finish());
    const auto* bytes = seen.mapped();
    if (std::any_of(bytes, bytes + guards_.size() * kGuard, [](std::byte b) { return b != kPattern; }))
      throw Error("bytes outside of its buffers were written");
  }
  std::vector<std::byte> download(const Span& span) {
    const Span host = allocate(span.size, Intent::READBACK);
    run({gpu_.kernels().copy(span, host, span.size / 4 * 4)});
    return {host.mapped(), host.mapped() + span.size};
  }
  plain::Tensor download(const DeviceTensor& t) {
    const std::vector<std::byte> data = download(t.span);
    plain::Tensor host(t.rows, t.columns);
    for (size_t r = 0; r < t.rows; ++r)
      std::memcpy(&host.at(r, 0), data.data() + r * t.stride * 4, size_t{t.columns} * 4);
    return host;
  }

 private:
  static constexpr uint64_t kGuard = 256;  // bytes; of any texel's size and any alignment a multiple
  static constexpr std::byte kPattern{0xa5};

  Span allocate(uint64_t bytes, Intent intent) {
    const uint64_t words = (bytes + 3) / 4 * 4;
    const Span whole = gpu_.memory().allocate(kGuard + words + kGuard, intent);
    spans_.push_back(whole);
    const std::vector<std::byte> pattern(kGuard, kPattern);
    for (const uint64_t from : {uint64_t{0}, kGuard + words}) {
      guards_.push_back(whole.part(from, kGuard));
      gpu_.memory().upload(guards_.back(), pattern);
    }
    return whole.part(kGuard, bytes);
  }

  GpuContext& gpu_;
  std::vector<Span> spans_;   // all that was allocated
  std::vector<Span> guards_;
};

inline void compare(SelfTestLine& line, std::span<const float> found, std::span<const float> expected) {
  double largest = 1e-30, error = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    largest = std::max<double>(largest, std::fabs(expected[i]));
    const double difference = std::fabs(double(found[i]) - expected[i]);
    error = std::isfinite(difference) ? std::max(error, difference) : INFINITY;
  }
  line.largest_error = std::max(line.largest_error, error / largest);
  line.passed = found.size() == expected.size() && line.largest_error <= line.tolerance;
}

// Runs `work`, which compares; what it throws becomes the line's message.
template <class Work>
SelfTestLine line_of(std::string kernel, std::string shape, double tolerance, Work work) {
  SelfTestLine line{.kernel = std::move(kernel), .shape = std::move(shape), .tolerance = tolerance};
  const auto start = std::chrono::steady_clock::now();
  try {
    work(line);
  } catch (const DeviceLost&) {
    throw;
  } catch (const Error& error) {
    line.passed = false;
    line.message = error.what();
  }
  line.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return line;
}

}  // namespace qvlm::testing
