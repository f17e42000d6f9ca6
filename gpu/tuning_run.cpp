// Measures the variants of the matrix kernels and the ranges of attention.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <vector>

#include "gpu/gpu_context.h"
#include "gpu/self_test.h"
#include "gpu/step_state.h"
#include "gpu/tuning.h"

namespace qvlm {
namespace {

constexpr double kWorthwhile = 1.03;  // less is noise
constexpr double kRunSeconds = 0.01;
constexpr uint32_t kHeadDim = 128;

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

using Work = std::function<void(Recorder&)>;

double seconds_of(GpuContext& gpu, const Recording& recording) {
  const auto start = std::chrono::steady_clock::now();
  gpu.run(recording);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The best seconds of each of several ways to do the same.
std::vector<double> best_seconds(GpuContext& gpu, const std::vector<Work>& ways, int rounds) {
  std::vector<Recording> recordings;
  int repeats = 1;
  for (const Work& way : ways) {
    const auto record = [&](int times) {
      Recorder recorder = gpu.recorder();
      for (int i = 0; i < times; ++i) way(recorder);
      return recorder.finish();
    };
    const Recording once = record(1);
    seconds_of(gpu, once);  // compiles
    if (recordings.empty()) repeats = std::clamp(static_cast<int>(kRunSeconds / seconds_of(gpu, once)), 1, 256);
    recordings.push_back(record(repeats));
  }
  std::vector<double> best(ways.size(), INFINITY);
  for (int round = 0; round < rounds; ++round)  // in turns: what else the machine does strikes all alike
    for (size_t i = 0; i < ways.size(); ++i) best[i] = std::min(best[i], seconds_of(gpu, recordings[i]));
  return best;
}

struct Quickest {
  size_t way = 0;
  double gain = 1;  // over the first
};

Quickest quickest(const std::vector<double>& seconds) {
  const auto best = std::min_element(seconds.begin(), seconds.end());
  const double gain = seconds.front() / *best;
  if (gain < kWorthwhile) return {};
  return {static_cast<size_t>(best - seconds.begin()), gain};
}

void free_all(GpuContext& gpu, std::initializer_list<Span> spans) {
  for (const Span& span : spans) {
    if (!span.block) continue;
    gpu.pipelines().forget(span.block);
    gpu.memory().free_block(span);
  }
}

void choose_product(GpuContext& gpu, const ProductClass& product, int rounds, Tuning& tuning) {
  const MatrixShape shape = shape_of(product);
  const DeviceMatrix w = gpu.upload_matrix(weights_of(shape, gpu.kernels().row_interleave()));
  const DeviceTensor x = gpu.new_tensor(shape.tokens, shape.columns), y = gpu.new_tensor(shape.tokens, shape.rows);
  const std::vector<float> ones(size_t{x.stride} * x.rows, 1.0f);
  gpu.memory().upload(x.span, std::as_bytes(std::span(ones)).first(x.span.size));
  DeviceCodes codes;
  if (product.codes) {
    codes = {.columns = shape.columns, .group = shape.columns};
    codes.codes = gpu.memory().allocate(uint64_t{shape.tokens} * codes.stride(), Intent::SCRATCH);
    codes.grids = gpu.memory().allocate(uint64_t{shape.tokens} * 2 * sizeof(float), Intent::SCRATCH);
    Recorder recorder = gpu.recorder();
    recorder.add(gpu.kernels().round(x, {}, codes));
    gpu.run(recorder.finish());
  }
  const std::vector<Variant> all = variants(product, gpu.profile());
  std::vector<Work> ways;
  for (const Variant& variant : all) {
    Tuning one;
    one.choose(product, {variant});
    ways.emplace_back([&, kernels = Kernels(gpu.profile(), one)](Recorder& recorder) { recorder.add(kernels.matrix(w, {x, codes}, y)); });
  }
  const Quickest best = quickest(best_seconds(gpu, ways, rounds));
  tuning.choose(product, {all[best.way], best.gain});
  free_all(gpu, {x.span, y.span, codes.codes, codes.grids});
}

// Of one row over as many keys as the class has at least, or about the most of the first.
void choose_ranges(GpuContext& gpu, const AttentionClass& attention, int rounds, Tuning& tuning) {
  const uint32_t keys = std::max(kFewestKeys[static_cast<size_t>(attention.keys)], 256u) * 3 / 2;
  const uint32_t heads = attention.many_heads ? 32 : 8, kv_heads = heads / 4, width = kv_heads * kHeadDim;
  const DeviceTensor q = gpu.new_tensor(1, heads * kHeadDim), y = gpu.new_tensor(1, heads * kHeadDim);
  const std::vector<float> query(heads * kHeadDim, 0.01f);
  gpu.memory().upload(q.span, std::as_bytes(std::span(query)));
  const std::vector<uint16_t> halves(size_t{keys} * width, 0x2000);
  const auto cached = [&] {
    const Span span = gpu.memory().allocate(halves.size() * sizeof(uint16_t), Intent::SCRATCH);  // a cache would share its block
    gpu.memory().upload(span, std::as_bytes(std::span(halves)));
    return span;
  };
  const KeyValues cache{cached(), cached(), KvFormat::F16, width};
  const StepState state{.position = keys - 1};
  const Span state_span = gpu.memory().allocate(sizeof state, Intent::UPLOAD);
  gpu.memory().upload(state_span, std::as_bytes(std::span(&state, 1)));
  const std::vector<uint32_t> all = key_ranges(attention, gpu.profile());
  const uint32_t most = *std::max_element(all.begin(), all.end());
  const Span parts = gpu.memory().allocate(Kernels::attention_part_bytes(1, heads, kHeadDim, most), Intent::SCRATCH);
  std::vector<Work> ways;
  for (const uint32_t count : all)
    ways.emplace_back([&, ranges = KeyRanges{count, parts}](Recorder& recorder) {
      recorder.add(gpu.kernels().attention_causal(q, cache, state_span, y, heads, kv_heads, kHeadDim, ranges));
      if (ranges.count > 1) recorder.add(gpu.kernels().attention_join(ranges, y, heads, kHeadDim));
    });
  const Quickest best = quickest(best_seconds(gpu, ways, rounds));
  tuning.choose(attention, {all[best.way], best.gain});
  free_all(gpu, {q.span, y.span, cache.keys, cache.values, state_span, parts});
}

}  // namespace

Tuning measure_tuning(GpuContext& gpu, int rounds, int largest_size) {
  Tuning tuning;
  for (const WeightFormat format : {WeightFormat::INT4, WeightFormat::INT8, WeightFormat::F16})
    for (const bool vector : {true, false})
      for (int size = 0; size <= largest_size; ++size) {
        choose_product(gpu, {format, vector, size}, rounds, tuning);
        const ProductClass of_codes{format, vector, size, true};
        if (format != WeightFormat::F16 && gpu.profile().info.integer_dot_product) choose_product(gpu, of_codes, rounds, tuning);
      }
  for (int keys = 0; keys <= largest_size; ++keys)
    for (const bool many_heads : {false, true}) choose_ranges(gpu, {keys, many_heads}, rounds, tuning);
  return tuning;
}

}  // namespace qvlm
