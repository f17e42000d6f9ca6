// What the self-test's files share: random numbers, tensors up and down, lines of the report. Only gpu/self_test*.cpp include it.
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

// Uploads and downloads tensors, keeping what it allocated until it goes.
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
    const DeviceTensor t = gpu_.new_tensor(rows, columns);
    spans_.push_back(t.span);
    return t;
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
    const Span span = gpu_.memory().allocate(data.size(), intent);
    spans_.push_back(span);
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
  void run(const std::vector<Dispatch>& dispatches) {
    Recorder recorder = gpu_.recorder();
    for (const Dispatch& d : dispatches) recorder.add(d);
    gpu_.run(recorder.finish());
  }
  std::vector<std::byte> download(const Span& span) {
    const Span host = gpu_.memory().allocate(span.size, Intent::READBACK);
    spans_.push_back(host);
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
  GpuContext& gpu_;
  std::vector<Span> spans_;
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
