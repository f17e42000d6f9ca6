// The self-test of what happens to a site's input, against core/model's plain loops: rounding, also to codes with the products that run on them,
// Kronecker and Hadamard transforms.
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
                   const DeviceTensor result = input.record(recorder, gpu.kernels(), device, {.turned = scratch.span}, {}).x;
                   gpu.run(recorder.finish());
                   const plain::Tensor found = bench.download(result);
                   if (rounds) {
                     compare_rounded(line, found, expected, bits);
                   } else {
                     compare(line, found.values, expected.values);
                   }
                 });
}

// Throws Error where the codes do not stand for the values, bit for bit, with zeros behind them.
void check_codes(Bench& bench, const DeviceCodes& codes, const plain::Tensor& values) {
  const std::vector<std::byte> bytes = bench.download(codes.codes), raw = bench.download(codes.grids);
  const auto* grids = reinterpret_cast<const float*>(raw.data());
  for (uint32_t row = 0; row < values.rows; ++row)
    for (uint32_t i = 0; i < codes.stride(); ++i) {
      const uint32_t group = std::min(i / codes.group, codes.groups() - 1);
      const float* grid = grids + (size_t{row} * codes.groups() + group) * 2;
      const float code = std::to_integer<int8_t>(bytes[size_t{row} * codes.stride() + i]), expected = i < values.columns ? values.at(row, i) : 0;
      if ((code + grid[1]) * grid[0] != expected)
        throw Error("row " + std::to_string(row) + ", column " + std::to_string(i) + ": a code stands for " +
                    std::to_string((code + grid[1]) * grid[0]) + ", the value is " + std::to_string(expected));
    }
}

// Rounded by a kernel of its own, or behind a norm.
SelfTestLine test_integer_product(GpuContext& gpu, const MatrixShape& s, const ActivationQuantizer& quantizer, bool normed) {
  const std::string kernel = "matrix, integer dot product, " + std::string(normed ? "norm, " : "") + std::string(name_of(quantizer.granularity)) +
                             ", A" + std::to_string(quantizer.bits);
  return line_of(kernel, text(s), 2e-5, [&](SelfTestLine& line) {
    const uint32_t interleave = gpu.kernels().row_interleave();
    const PackedMatrix w = random_matrix(s, interleave, 5);
    const float deviation = 1 / std::sqrt(static_cast<float>(s.columns));
    const Weight gate(random_quantized(s, 6, deviation)), up(random_quantized(s, 7, deviation));
    const Weight* parts[] = {&gate, &up};
    const PackedMatrix pair = pack(parts, interleave, "random", gpu.kernels().row_pair());
    Tuning tuning;
    for (const PackedLayout* l : {&w.layout, &pair.layout}) {
      const ProductClass product = product_class(l->format, l->rows, l->columns, s.tokens, true);
      const std::vector<Variant> all = variants(product, gpu.profile());
      tuning.choose(product, {*std::find_if(all.begin(), all.end(), [](const Variant& v) { return v.integer_dot; })});
    }
    const Kernels kernels(gpu.profile(), tuning);
    Bench bench(gpu);
    const plain::Tensor x = rows_to_round(s.tokens, s.columns);
    const DeviceTensor in = bench.upload(x), y = bench.tensor(s.tokens, s.rows), z = bench.tensor(s.tokens, s.rows);
    const std::vector<DeviceMatrix> linears{bench.matrix(w), bench.matrix(pair)};
    SiteInput input;
    input.set_rounding(quantizer);
    SiteScratchBytes bytes;
    input.count(bytes, kernels, s.tokens, s.columns);
    const auto room = [&](uint64_t size) { return bench.bytes(std::vector<std::byte>(size)); };
    const SiteScratch scratch{{}, room(bytes.codes), room(bytes.grids)};
    const std::vector<float> weight = normal(s.columns, 8);
    Recorder recorder = gpu.recorder();
    const MatrixInput rounded = normed ? input.record_normed(recorder, kernels, in, in, bench.vector(weight), {}, 1e-5f, scratch, linears)
                                       : input.record(recorder, kernels, in, scratch, linears);
    gpu.run(recorder.finish());
    const std::vector<Dispatch> products{kernels.matrix(linears[0], rounded, y), kernels.gated(linears[1], rounded, z, Activation::SILU)};
    for (const Dispatch& d : products)
      if (d.kernel.find("_integer") == std::string::npos) throw Error("expected an integer product, found " + d.pipeline.shader);
    bench.run(products);
    const plain::Tensor found = bench.download(in);
    check_codes(bench, rounded.codes, found);
    plain::Tensor expected = normed ? plain::norm(x, weight, {}, 1e-5f) : x;
    quantize_activations(expected.values, s.columns, quantizer);
    SelfTestLine rounding{.tolerance = 2e-3};
    compare_rounded(rounding, found, expected, quantizer.bits);
    if (!rounding.passed) throw Error("rounded otherwise than without codes");
    // Each row for itself: some are a thousand times larger.
    const plain::Tensor outputs = bench.download(y), gated = bench.download(z), expected_y = plain::matrix(w, found),
                        expected_z = plain::gated(pair, found, Activation::SILU);
    for (size_t row = 0; row < s.tokens; ++row)
      for (const auto& [a, b] : {std::pair{&outputs, &expected_y}, std::pair{&gated, &expected_z}})
        compare(line, std::span(a->values).subspan(row * s.rows, s.rows), std::span(b->values).subspan(row * s.rows, s.rows));
  });
}

}  // namespace

std::vector<SelfTestLine> test_integer_products(GpuContext& gpu, bool brief) {
  if (!gpu.profile().info.integer_dot_product) return {};
  using enum ActivationGranularity;
  struct Case {
    MatrixShape shape;
    ActivationQuantizer quantizer;
    bool normed = false;
  };
  const ActivationQuantizer a8{DYNAMIC_TOKEN, 8}, a6{DYNAMIC_TOKEN, 6, 0, 0, 0, 0.9f}, a4{DYNAMIC_TOKEN, 4, 0, 0, 0, 0.9f},
      tensor{STATIC_TENSOR, 8, 0, -1.5f, 2.5f};
  const auto of_groups = [](int bits, int64_t group) { return ActivationQuantizer{DYNAMIC_GROUP, bits, group}; };
  std::vector<Case> cases{{{100, 256, 1, 4, 32, false}, a8},
                          {{72, 72, 5, 4, 0, false}, a4, true},
                          {{100, 256, 17, 4, 64}, of_groups(6, 32)},
                          {{40, 96, 3, 8, 32, false, true}, of_groups(4, 24)},
                          {{31, 256, 9, 6, 16, false}, tensor}};
  if (!brief)
    for (const Case& c : std::initializer_list<Case>{{{130, 588, 6, 4, 0}, a8},
                                                     {{33, 4304, 1, 8, 0, false}, a8},
                                                     {{72, 576, 12, 8, 64, false}, a6, true},
                                                     {{65, 128, 34, 4, 128}, tensor, true},
                                                     {{37, 512, 34, 5, 32, false, true}, of_groups(8, 128)},
                                                     {{130, 512, 1, 4, 32, false, true}, of_groups(4, 16)},
                                                     {{9, 256, 8, 8, 16, false, true}, a6},
                                                     {{64, 60, 10, 4, 0, false}, of_groups(8, 12)},
                                                     {{64, 60, 2, 8, 0, false}, of_groups(4, 4)},
                                                     {{1030, 992, 50, 4, 32, false}, a8}})
      cases.push_back(c);
  std::vector<SelfTestLine> lines;
  for (const Case& c : cases) {
    const bool parts_of_steps = c.shape.group == 16 || (c.quantizer.granularity == DYNAMIC_GROUP && c.quantizer.group % 32 != 0);
    if (!gpu.profile().texel_buffers || !parts_of_steps) lines.push_back(test_integer_product(gpu, c.shape, c.quantizer, c.normed));
  }
  return lines;
}

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
                                                    layer_norm ? bench.vector(bias) : DeviceVector{}, 1e-5f, {}, {}).x;
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
