// The self-test of what happens to a site's input: rounding, Kronecker and Hadamard transforms, against core/model's plain loops.
#include <functional>

#include "core/model/hadamard.h"
#include "core/model/kronecker.h"
#include "gpu/self_test_bench.h"
#include "gpu/site_input.h"

namespace qvlm {

using namespace testing;

namespace {

// Rows that a grid treats differently: zeros, of one sign, large.
plain::Tensor rows_to_round(uint32_t rows, uint32_t columns) {
  plain::Tensor x = random_tensor(rows, columns, columns + 1);
  for (uint32_t i = 0; i < columns; ++i) {
    if (rows > 1) x.at(1, i) = std::fabs(x.at(1, i));
    if (rows > 2) x.at(2, i) = -std::fabs(x.at(2, i));
    if (rows > 3) x.at(3, i) = 0;
    if (rows > 4) x.at(4, i) *= 1000;
  }
  return x;
}

// A value within rounding of the middle of two codes may take either: such a one may differ by a step, few may.
void compare_rounded(SelfTestLine& line, const plain::Tensor& found, const plain::Tensor& expected, int bits) {
  size_t differ = 0;
  for (uint32_t row = 0; row < expected.rows; ++row) {
    float low = 0, high = 0;
    for (uint32_t i = 0; i < expected.columns; ++i) {
      low = std::min(low, expected.at(row, i));
      high = std::max(high, expected.at(row, i));
    }
    const double step = 1.01 * (double(high) - low) / (std::exp2(bits) - 1) + 1e-12;
    for (uint32_t i = 0; i < expected.columns; ++i) {
      const double difference = std::fabs(double(found.at(row, i)) - expected.at(row, i));
      if (difference <= 1e-5 * step * std::exp2(bits)) continue;
      differ += difference <= step || bits == 16 ? 1 : expected.values.size();
    }
  }
  line.largest_error = double(differ) / double(expected.values.size());
  line.passed = line.largest_error <= line.tolerance;
}

SelfTestLine test_site_input(GpuContext& gpu, std::string kernel, const plain::Tensor& x, const plain::Tensor& expected,
                             int bits, const std::function<SiteInput()>& make) {
  const bool rounds = bits < 16;
  return line_of(std::move(kernel), std::to_string(x.rows) + " x " + std::to_string(x.columns), rounds ? 1e-3 : 1e-5,
                 [&](SelfTestLine& line) {
                   Bench bench(gpu);
                   const DeviceTensor device = bench.upload(x), scratch = bench.tensor(x.rows, x.columns);
                   const SiteInput input = make();
                   Recorder recorder = gpu.recorder();
                   const DeviceTensor result = input.record(recorder, gpu.kernels(), device, scratch);
                   gpu.run(recorder.finish());
                   const plain::Tensor found = bench.download(result);
                   if (rounds) {
                     compare_rounded(line, found, expected, bits);
                   } else {
                     compare(line, found.values, expected.values);
                   }
                 });
}

}  // namespace

SelfTestLine test_round(GpuContext& gpu, uint32_t tokens, uint32_t width, const ActivationQuantizer& quantizer) {
  const plain::Tensor x = rows_to_round(tokens, width);
  plain::Tensor expected = x;
  quantize_activations(expected.values, width, quantizer);
  return test_site_input(gpu, "round, " + std::string(name_of(quantizer.granularity)) + ", A" + std::to_string(quantizer.bits),
                         x, expected, quantizer.bits, [&] {
                           SiteInput input;
                           input.set_rounding(quantizer);
                           return input;
                         });
}

SelfTestLine test_round_positions(GpuContext& gpu, uint32_t positions, uint32_t width, VisionRange range, int bits) {
  VisionQuantizer quantizer{.bits = bits, .range = range};
  const bool dynamic = range == VisionRange::DYNAMIC_TOKEN;
  for (uint32_t i = 0; i < positions; ++i) {
    quantizer.low.push_back((dynamic ? 0.8f : -2.0f) + 0.01f * static_cast<float>(i));
    quantizer.high.push_back((dynamic ? 1.0f : 2.5f) - 0.01f * static_cast<float>(i));
  }
  const plain::Tensor x = rows_to_round(positions, width);
  plain::Tensor expected = x;
  quantize_vision_activations(expected.values, positions, quantizer);
  return test_site_input(gpu, "round, " + std::string(name_of(range)) + ", A" + std::to_string(bits), x, expected, bits, [&] {
    SiteInput input;
    input.set_rounding(quantizer, gpu);
    return input;
  });
}

SelfTestLine test_norm_rounded(GpuContext& gpu, uint32_t tokens, uint32_t width, bool layer_norm, const ActivationQuantizer& quantizer) {
  const std::string kernel = std::string(layer_norm ? "layer norm" : "RMS norm") + ", rounded, " +
                             std::string(name_of(quantizer.granularity)) + ", A" + std::to_string(quantizer.bits);
  return line_of(kernel, std::to_string(tokens) + " x " + std::to_string(width), 2e-3, [&](SelfTestLine& line) {
    Bench bench(gpu);
    const plain::Tensor x = rows_to_round(tokens, width);
    const std::vector<float> weight = normal(width, 8), bias = layer_norm ? normal(width, 9) : std::vector<float>{};
    plain::Tensor expected = plain::norm(x, weight, bias, 1e-5f);
    quantize_activations(expected.values, width, quantizer);
    SiteInput input;
    input.set_rounding(quantizer);
    const DeviceTensor y = bench.tensor(tokens, width);
    Recorder recorder = gpu.recorder();
    const DeviceTensor result = input.record_normed(recorder, gpu.kernels(), bench.upload(x), y, bench.vector(weight),
                                                    layer_norm ? bench.vector(bias) : DeviceVector{}, 1e-5f, {});
    const Recording recording = recorder.finish();
    if (recording.dispatches() != 1) throw Error("expected one kernel, found " + std::to_string(recording.dispatches()));
    gpu.run(recording);
    compare_rounded(line, bench.download(result), expected, quantizer.bits);
  });
}

SelfTestLine test_kronecker(GpuContext& gpu, uint32_t tokens, uint32_t width) {
  const KroneckerShape shape = kronecker_shape(width);
  const auto of = [](int64_t order, uint32_t seed) {
    return normal(static_cast<size_t>(order * order), seed, 1 / std::sqrt(static_cast<float>(order)));
  };
  const std::vector<float> left = of(shape.left, 21), right = of(shape.right, 22);
  const plain::Tensor x = random_tensor(tokens, width, 23);
  plain::Tensor expected = x;
  apply_kronecker(expected.values, left, shape.left, right, shape.right);
  return test_site_input(gpu, "Kronecker transform", x, expected, 16, [&] {
    SiteInput input;
    input.add_transform(left, right, shape, gpu);
    return input;
  });
}

SelfTestLine test_hadamard(GpuContext& gpu, uint32_t tokens, uint32_t width, uint32_t block) {
  const plain::Tensor x = random_tensor(tokens, width, 24);
  plain::Tensor expected = x;
  apply_hadamard(expected.values, block);
  return test_site_input(gpu, "Hadamard transform, blocks of " + std::to_string(block), x, expected, 16, [&] {
    SiteInput input;
    input.add_hadamard(block, gpu);
    return input;
  });
}

}  // namespace qvlm
