// Measures the variants of the matrix kernels.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include "gpu/gpu_context.h"
#include "gpu/self_test.h"
#include "gpu/tuning.h"

namespace qvlm {
namespace {

constexpr double kWorthwhile = 1.03;  // less is noise
constexpr double kRunSeconds = 0.01;

MatrixShape shape_of(const ProductClass& product) {
  static constexpr uint32_t kSides[2][3] = {{256, 1024, 2048}, {512, 2048, 4096}};  // of squares: 64 tokens, one
  const uint32_t side = kSides[product.vector ? 1 : 0][product.size];
  const bool half = product.format == WeightFormat::F16;
  return {side, side, product.vector ? 1u : 64u, half ? 16 : product.format == WeightFormat::INT4 ? 4 : 8, half ? 0u : 32u, false};
}

PackedMatrix weights_of(const MatrixShape& s, uint32_t interleave) {
  if (s.bits < 16) return pack(Weight(random_quantized(s, 1, 0.02f)), interleave, "tuning");
  const std::vector<uint16_t> values(size_t{s.rows} * s.columns, 0x2000);
  return pack(Weight(TensorView{DType::F16, {s.rows, s.columns}, std::as_bytes(std::span(values)), "tuning"}), interleave, "tuning");
}

}  // namespace

Tuning measure_tuning(GpuContext& gpu, int rounds, int largest_size) {
  Tuning tuning;
  for (const WeightFormat format : {WeightFormat::INT4, WeightFormat::INT8, WeightFormat::F16})
    for (const bool vector : {true, false})
      for (int size = 0; size <= largest_size; ++size) {
        const ProductClass product{format, vector, size};
        const MatrixShape shape = shape_of(product);
        const DeviceMatrix w = gpu.upload_matrix(weights_of(shape, gpu.kernels().row_interleave()));
        const DeviceTensor x = gpu.new_tensor(shape.tokens, shape.columns), y = gpu.new_tensor(shape.tokens, shape.rows);
        const std::vector<float> ones(size_t{x.stride} * x.rows, 1.0f);
        gpu.memory().upload(x.span, std::as_bytes(std::span(ones)).first(x.span.size));
        struct Timed {
          Variant variant;
          Recording once, many;
          double seconds = INFINITY;
        };
        const auto seconds_of = [&](const Recording& recording) {
          const auto start = std::chrono::steady_clock::now();
          gpu.run(recording);
          return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        };
        std::vector<Timed> all;
        int repeats = 1;
        for (const Variant& variant : variants(product, gpu.profile())) {
          Tuning one;
          one.choose(product, {variant});
          const Kernels kernels(gpu.profile(), one);
          const auto record = [&](int times) {
            Recorder recorder = gpu.recorder();
            for (int i = 0; i < times; ++i) recorder.add(kernels.matrix(w, x, y));
            return recorder.finish();
          };
          Timed timed{.variant = variant, .once = record(1)};
          seconds_of(timed.once);  // compiles
          if (all.empty()) repeats = std::clamp(static_cast<int>(kRunSeconds / seconds_of(timed.once)), 1, 256);
          timed.many = record(repeats);
          all.push_back(std::move(timed));
        }
        for (int round = 0; round < rounds; ++round)  // in turns: what else the machine does strikes all alike
          for (Timed& timed : all) timed.seconds = std::min(timed.seconds, seconds_of(timed.many));
        const auto best = std::min_element(all.begin(), all.end(), [](const Timed& a, const Timed& b) { return a.seconds < b.seconds; });
        const double gain = all.front().seconds / best->seconds;
        tuning.choose(product, gain >= kWorthwhile ? Tuning::Choice{best->variant, gain} : Tuning::Choice{all.front().variant, 1});
        for (const Span& span : {x.span, y.span}) {
          gpu.pipelines().forget(span.block);
          gpu.memory().free_block(span);
        }
      }
  return tuning;
}

}  // namespace qvlm
