// Matrix x matrix on matrix units against the plain loops.
#include <algorithm>
#include <cmath>

#include "gpu/reference/plain_kernels.h"
#include "gpu/self_test.h"
#include "gpu/self_test_bench.h"

namespace qvlm {

using namespace testing;

namespace {

// As the profile has them, whatever a tuning run chose.
Kernels kernels_of(const GpuContext& gpu, const PackedLayout& layout, uint32_t tokens, const Variant& variant) {
  Tuning tuning;
  tuning.choose(product_class(layout.format, layout.rows, layout.columns, tokens), {variant});
  return Kernels(gpu.profile(), tuning);
}

// Each row by its own largest value, so that a large one hides nothing.
void compare_rows(SelfTestLine& line, plain::Tensor found, plain::Tensor expected) {
  for (size_t m = 0; m < expected.rows; ++m) {
    float largest = 0;
    for (size_t n = 0; n < expected.columns; ++n) largest = std::max(largest, std::fabs(expected.at(m, n)));
    for (plain::Tensor* t : {&found, &expected})
      for (size_t n = 0; n < t->columns; ++n) t->at(m, n) /= std::max(largest, 1e-30f);
  }
  compare(line, found.values, expected.values);
}

SelfTestLine test_product(GpuContext& gpu, const Variant& variant, const MatrixShape& s) {
  return line_of("matrix, " + to_string(variant), text(s) + ", bias, SiLU, add", kFloat16, [&](SelfTestLine& line) {
    Bench bench(gpu);
    const PackedMatrix w = random_matrix(s, 1, s.rows * 31 + s.columns);
    const plain::Tensor x = random_tensor(s.tokens, s.columns, 7), extra = random_tensor(s.tokens, s.rows, 8);
    const std::vector<float> bias = normal(s.rows, 9);
    const DeviceTensor y = bench.upload(extra), in = bench.upload(x);
    const Kernels kernels = kernels_of(gpu, w.layout, s.tokens, variant);
    bench.run({kernels.matrix(bench.matrix(w), in, y, {.bias = bench.vector(bias), .activate = true, .activation = Activation::SILU, .add = &y})});
    compare_rows(line, bench.download(y), plain::matrix(w, x, {.bias = bias, .activate = true, .activation = Activation::SILU, .add = &extra}));
  });
}

SelfTestLine test_pairs(GpuContext& gpu, const Variant& variant, const MatrixShape& s) {
  return line_of("gated, " + to_string(variant), text(s), kFloat16, [&](SelfTestLine& line) {
    Bench bench(gpu);
    const float deviation = 1 / std::sqrt(float(s.columns));
    const Weight gate(random_quantized(s, s.rows, deviation)), up(random_quantized(s, s.rows + 1, deviation));
    const Weight* parts[] = {&gate, &up};
    const PackedMatrix w = pack(parts, 1, "random", gpu.kernels().row_pair());
    const plain::Tensor x = random_tensor(s.tokens, s.columns, 7);
    const DeviceTensor y = bench.tensor(s.tokens, s.rows);
    bench.run({kernels_of(gpu, w.layout, s.tokens, variant).gated(bench.matrix(w), bench.upload(x), y, Activation::GELU)});
    compare(line, bench.download(y).values, plain::gated(w, x, Activation::GELU).values);
  });
}

// Rows of x of unlike magnitudes, larger from the middle column on; weights of any; one x that is infinite.
SelfTestLine test_range(GpuContext& gpu, const Variant& variant, const MatrixShape& s, float deviation) {
  return line_of("range, " + to_string(variant), text(s) + ", weights of " + std::to_string(deviation), kFloat16, [&](SelfTestLine& line) {
    constexpr float kMagnitudes[] = {1, 1e6f, 0.1f, 3e5f};
    constexpr uint32_t kInfinite = 5;
    Bench bench(gpu);
    const PackedMatrix w = pack(Weight(random_quantized(s, 3, deviation)), 1, "random");
    plain::Tensor x = random_tensor(s.tokens, s.columns, 7);
    for (size_t m = 0; m < x.rows; ++m)
      for (size_t k = 0; k < x.columns; ++k) x.at(m, k) *= kMagnitudes[m % 4] * (k < x.columns / 2 ? 1.0f : 8.0f);
    plain::Tensor expected = plain::matrix(w, x);
    x.at(kInfinite, 1) = INFINITY;
    const DeviceTensor y = bench.tensor(s.tokens, s.rows);
    bench.run({kernels_of(gpu, w.layout, s.tokens, variant).matrix(bench.matrix(w), bench.upload(x), y)});
    plain::Tensor found = bench.download(y);
    for (size_t n = 0; n < found.columns; ++n) {
      if (std::isfinite(found.at(kInfinite, n))) throw Error("an infinite x gave a finite y");
      found.at(kInfinite, n) = expected.at(kInfinite, n);
    }
    compare_rows(line, found, expected);
  });
}

}  // namespace

std::vector<SelfTestLine> test_cooperative(GpuContext& gpu, bool brief) {
  if (gpu.profile().cooperative.m == 0) return {};
  std::vector<MatrixShape> shapes{{100, 256, 17, 4, 32, false}, {72, 72, 9, 8, 0, false}, {65, 588, 40, 16}, {31, 256, 33, 6, 16},
                                  {37, 512, 70, 5, 32, false, true}};
  if (!brief)
    for (const MatrixShape& s : std::initializer_list<MatrixShape>{
             {130, 72, 129, 4, 0, false}, {64, 4304, 9, 16}, {256, 512, 33, 4, 128}, {72, 576, 64, 8, 64, false}, {9, 256, 12, 8, 16, false, true},
             {3, 32, 65, 2, 32}})
      shapes.push_back(s);
  std::vector<SelfTestLine> lines;
  for (const Variant& variant : variants({WeightFormat::INT4, false, 2}, gpu.profile())) {
    if (!variant.cooperative) continue;
    for (const MatrixShape& s : shapes) lines.push_back(test_product(gpu, variant, s));
    for (const MatrixShape& s : {MatrixShape{160, 96, 9, 4, 32}, {31, 256, 66, 6, 16}}) lines.push_back(test_pairs(gpu, variant, s));
    for (const float deviation : {1e-5f, 1.0f, 6e4f}) {
      lines.push_back(test_range(gpu, variant, {70, 256, 11, 4, 32, false}, deviation));
      lines.push_back(test_range(gpu, variant, {70, 256, 11, 8, 64, false}, deviation));
    }
  }
  return lines;
}

}  // namespace qvlm
