// Kernels on the device against plain loops, on random numbers from fixed seeds.
#include "gpu/self_test.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "core/base/half.h"
#include "core/inference/sampling.h"
#include "gpu/reference/plain_kernels.h"
#include "gpu/rotary_table.h"
#include "gpu/self_test_bench.h"
#include "gpu/step_state.h"

namespace qvlm {

using namespace testing;

namespace {

std::string text(const AttentionShape& s) {
  return std::to_string(s.tokens) + " rows after " + std::to_string(s.past) + ", " + std::to_string(s.heads) + "/" +
         std::to_string(s.kv_heads) + " heads of " + std::to_string(s.head_dim) + (s.kv_bits == 8 ? ", 8-bit cache" : "") +
         (s.ranges > 1 ? ", keys in " + std::to_string(s.ranges) + " ranges" : "");
}

std::vector<uint16_t> halves_of(const plain::Tensor& t) {
  std::vector<uint16_t> halves(t.values.size());
  to_half(t.values, halves);
  return halves;
}

}  // namespace

QuantizedMatrix random_quantized(const MatrixShape& s, uint32_t seed, float deviation) {
  std::mt19937 generator(seed);
  QuantizedMatrix q{.rows = s.rows,
                    .columns = s.columns,
                    .bits = s.bits,
                    .group = s.group ? s.group : s.columns,
                    .symmetric = s.symmetric && !s.minimums};
  const uint32_t levels = 1u << s.bits;
  for (size_t i = 0; i < size_t{s.rows} * s.columns; ++i) q.codes.push_back(static_cast<uint8_t>(generator() % levels));
  const size_t groups = size_t{s.rows} * static_cast<size_t>(q.groups());
  for (size_t i = 0; i < groups; ++i) {
    const float scale = deviation * (0.5f + static_cast<float>(generator() % 1000) / 1000) * 4 / static_cast<float>(levels);
    q.scales.push_back(to_half(scale));
    if (s.minimums)
      q.minimums.push_back(from_half(to_half(-scale * static_cast<float>(generator() % 1000) / 1000 * static_cast<float>(levels))));
    else
      q.zeros.push_back(static_cast<uint8_t>(s.symmetric ? levels / 2 : generator() % levels));
  }
  return q;
}

SelfTestLine test_matrix(GpuContext& gpu, const MatrixShape& s) {
  return line_of("matrix", text(s), 2e-5, [&](SelfTestLine& line) {
    Bench bench(gpu);
    const PackedMatrix w = random_matrix(s, gpu.kernels().row_interleave(), s.rows * 31 + s.columns);
    const plain::Tensor x = random_tensor(s.tokens, s.columns, 7);
    const DeviceTensor y = bench.tensor(s.tokens, s.rows);
    bench.run({gpu.kernels().matrix(bench.matrix(w), bench.upload(x), y)});
    compare(line, bench.download(y).values, plain::matrix(w, x).values);
  });
}

SelfTestLine test_gated(GpuContext& gpu, const MatrixShape& s) {
  return line_of("gated matrix", text(s), 3e-5, [&](SelfTestLine& line) {
    Bench bench(gpu);
    const Weight gate(random_quantized(s, s.rows, 1 / std::sqrt(float(s.columns)))), up(random_quantized(s, s.rows + 1, 1 / std::sqrt(float(s.columns))));
    const Weight* parts[] = {&gate, &up};
    const PackedMatrix w = pack(parts, gpu.kernels().row_interleave(), "random", gpu.kernels().row_pair());
    const plain::Tensor x = random_tensor(s.tokens, s.columns, 7);
    const DeviceTensor y = bench.tensor(s.tokens, s.rows);
    bench.run({gpu.kernels().gated(bench.matrix(w), bench.upload(x), y, Activation::SILU)});
    compare(line, bench.download(y).values, plain::gated(w, x, Activation::SILU).values);
  });
}

std::vector<SelfTestLine> test_variants(GpuContext& gpu, const MatrixShape& s) {
  std::vector<SelfTestLine> lines;
  const PackedMatrix w = random_matrix(s, gpu.kernels().row_interleave(), 5);
  const Weight gate(random_quantized(s, 6, 1 / std::sqrt(float(s.columns)))), up(random_quantized(s, 7, 1 / std::sqrt(float(s.columns))));
  const Weight* parts[] = {&gate, &up};
  const PackedMatrix pair = pack(parts, gpu.kernels().row_interleave(), "random", gpu.kernels().row_pair());
  const plain::Tensor x = random_tensor(s.tokens, s.columns, 7), expected = plain::matrix(w, x), expected_gated = plain::gated(pair, x, Activation::SILU);
  const ProductClass product = product_class(w.layout.format, w.layout.rows, w.layout.columns, s.tokens),
                     product_gated = product_class(pair.layout.format, pair.layout.rows, pair.layout.columns, s.tokens);
  for (const Variant& variant : variants(product, gpu.profile()))
    lines.push_back(line_of("matrix, " + to_string(variant), text(s), variant.float16 || variant.cooperative ? kFloat16 : 3e-5,
                            [&](SelfTestLine& line) {
      Tuning tuning;
      for (const ProductClass& p : {product, product_gated}) tuning.choose(p, {variant});
      const Kernels kernels(gpu.profile(), tuning);
      Bench bench(gpu);
      const DeviceTensor in = bench.upload(x), y = bench.tensor(s.tokens, s.rows), z = bench.tensor(s.tokens, s.rows);
      bench.run({kernels.matrix(bench.matrix(w), in, y), kernels.gated(bench.matrix(pair), in, z, Activation::SILU)});
      compare(line, bench.download(y).values, expected.values);
      compare(line, bench.download(z).values, expected_gated.values);
    }));
  return lines;
}

std::vector<SelfTestLine> test_epilogues(GpuContext& gpu) {
  std::vector<SelfTestLine> lines;
  const MatrixShape shape{40, 72, 3, 16};
  const PackedMatrix w = random_matrix(shape, gpu.kernels().row_interleave(), 3);
  const plain::Tensor x = random_tensor(3, 72, 4), extra = random_tensor(3, 40, 5);
  const std::vector<float> bias = normal(40, 6);
  static constexpr const char* kNames[] = {"GELU", "quick GELU", "GELU tanh", "SiLU", "ReLU"};
  for (int a = 0; a < 5; ++a)
    for (const bool multiply : {false, true})
      lines.push_back(line_of("matrix epilogue", std::string(kNames[a]) + (multiply ? ", multiply" : ", bias, add"),
                              2e-5, [&](SelfTestLine& line) {
                                Bench bench(gpu);
                                const DeviceTensor other = bench.upload(extra);
                                const auto activation = static_cast<Activation>(a);
                                Epilogue e{.activate = true, .activation = activation};
                                plain::Epilogue p{.activate = true, .activation = activation};
                                if (multiply) {
                                  e.multiply = &other;
                                  p.multiply = &extra;
                                } else {
                                  e.bias = bench.vector(bias);
                                  p.bias = bias;
                                  e.add = &other;
                                  p.add = &extra;
                                }
                                bench.run({gpu.kernels().matrix(bench.matrix(w), bench.upload(x), other,
                                                                e)});  // in place over the extra operand
                                compare(line, bench.download(other).values, plain::matrix(w, x, p).values);
                              }));
  return lines;
}

SelfTestLine test_norm(GpuContext& gpu, uint32_t tokens, uint32_t width, bool layer_norm) {
  return line_of(layer_norm ? "layer norm" : "RMS norm", std::to_string(tokens) + " x " + std::to_string(width), 1e-5,
                 [&](SelfTestLine& line) {
                   Bench bench(gpu);
                   plain::Tensor x = random_tensor(tokens, width, width);
                   for (float& value : x.values) value += 0.5f;
                   const std::vector<float> weight = normal(width, 8),
                                            bias = layer_norm ? normal(width, 9) : std::vector<float>{};
                   const DeviceTensor in = bench.upload(x), out = bench.tensor(tokens, width);
                   const DeviceVector w = bench.vector(weight), b = layer_norm ? bench.vector(bias) : DeviceVector{};
                   bench.run({gpu.kernels().norm(in, out, w, b, 1e-5f), gpu.kernels().norm(in, in, w, b, 1e-5f)});
                   const plain::Tensor expected = plain::norm(x, weight, bias, 1e-5f);
                   compare(line, bench.download(out).values, expected.values);
                   compare(line, bench.download(in).values, expected.values);  // in place
                 });
}

SelfTestLine test_norm_heads(GpuContext& gpu, uint32_t tokens, uint32_t head_dim) {
  return line_of("RMS norm of heads", std::to_string(tokens) + " x 3 x " + std::to_string(head_dim), 1e-5, [&](SelfTestLine& line) {
    constexpr uint32_t kHeads = 3, kBefore = 8, kBehind = 5;
    Bench bench(gpu);
    plain::Tensor rows = random_tensor(tokens, kBefore + kHeads * head_dim + kBehind, head_dim);
    const std::vector<float> weight = normal(head_dim, 8);
    const DeviceTensor x = bench.upload(rows);
    bench.run({gpu.kernels().norm_heads(x.column_part(kBefore, kHeads * head_dim), bench.vector(weight), 1e-5f)});
    for (uint32_t m = 0; m < tokens; ++m)
      for (uint32_t head = 0; head < kHeads; ++head) {
        float* at = &rows.at(m, kBefore + head * head_dim);
        plain::Tensor one(1, head_dim);
        std::copy_n(at, head_dim, one.values.begin());
        std::ranges::copy(plain::norm(one, weight, {}, 1e-5f).values, at);
      }
    compare(line, bench.download(x).values, rows.values);
  });
}

// A cache of 8 bits with these keys and values, each head a multiple of its greatest magnitude.
KeyValues int8_cache(Bench& bench, const plain::Tensor& keys, const plain::Tensor& values, uint32_t head_dim) {
  const uint32_t heads = keys.columns / head_dim;
  std::vector<float> scales(size_t{keys.rows} * heads * 2);
  const auto codes = [&](const plain::Tensor& t, size_t which) {
    std::vector<int8_t> bytes(t.values.size());
    for (size_t h = 0; h < size_t{t.rows} * heads; ++h) {
      float greatest = 0;
      for (size_t i = 0; i < head_dim; ++i) greatest = std::max(greatest, std::fabs(t.values[h * head_dim + i]));
      scales[h * 2 + which] = greatest;
      for (size_t i = 0; i < head_dim && greatest > 0; ++i)
        bytes[h * head_dim + i] = static_cast<int8_t>(std::round(t.values[h * head_dim + i] / greatest * 127));
    }
    return bytes;
  };
  const Span k = bench.array(codes(keys, 0)), v = bench.array(codes(values, 1));
  return {k, v, KvFormat::INT8, keys.columns, bench.array(scales)};
}

// The largest distance of what the cache holds from `expected`, in its own steps; infinite where a magnitude is not the head's own.
double int8_error(std::span<const std::byte> codes, std::span<const float> scales, size_t which, const plain::Tensor& expected, uint32_t head_dim) {
  double largest = 0;
  for (size_t h = 0; h < expected.values.size() / head_dim; ++h) {
    const float* head = expected.values.data() + h * head_dim;
    float greatest = 0;
    for (size_t i = 0; i < head_dim; ++i) greatest = std::max(greatest, std::fabs(head[i]));
    const float scale = scales[h * 2 + which];
    if (!(std::fabs(scale - greatest) <= 1e-5f * greatest + 1e-6f)) return INFINITY;
    for (size_t i = 0; i < head_dim && greatest > 0; ++i)
      largest = std::max<double>(largest, std::fabs(static_cast<float>(std::to_integer<int8_t>(codes[h * head_dim + i])) - head[i] / greatest * 127));
  }
  return largest;
}

SelfTestLine test_rope_kv(GpuContext& gpu, const AttentionShape& s) {
  const bool int8 = s.kv_bits == 8;
  // Of 8 bits in steps of the cache: half a one is what rounding takes.
  return line_of("rotary embedding, KV write", text(s), int8 ? 0.501 : 1e-3, [&](SelfTestLine& line) {
    Bench bench(gpu);
    DecoderConfig config;
    config.head_dim = static_cast<int>(s.head_dim);
    const uint32_t context = s.past + s.tokens, kv = s.kv_heads * s.head_dim;
    const RotaryTable table = rotary_table(config, context);
    plain::Tensor qkv = random_tensor(s.tokens, (s.heads + 2 * s.kv_heads) * s.head_dim, 11), keys(context, kv),
                  values(context, kv);
    for (uint32_t i = 0; i < s.head_dim; ++i) qkv.at(0, (s.heads + s.kv_heads) * s.head_dim + i) = 0;  // a value of zeros
    const DeviceTensor in = bench.upload(qkv);
    const std::vector<uint16_t> empty(size_t{context} * kv, 0);
    KeyValues cache{bench.array(empty), bench.array(empty), KvFormat::F16, kv};
    if (int8) cache = int8_cache(bench, keys, values, s.head_dim);
    const std::vector<uint32_t> state{s.past, 0, 0, 0};
    bench.run({gpu.kernels().rope_kv(in, cache, bench.array(table.cosines), bench.array(table.sines),
                                     bench.array(state), s.heads, s.kv_heads, s.head_dim)});
    plain::rope_kv(qkv, keys, values, table.cosines, table.sines, s.past, s.heads, s.kv_heads, s.head_dim, !int8);
    plain::Tensor found = bench.download(in);
    for (uint32_t m = 0; m < s.tokens; ++m)  // k and v inside qkv are scratch afterwards
      for (uint32_t c = s.heads * s.head_dim; c < found.columns; ++c) found.at(m, c) = qkv.at(m, c) = 0;
    SelfTestLine queries{.tolerance = 1e-3};
    compare(queries, found.values, qkv.values);
    if (int8) {
      const std::vector<std::byte> raw = bench.download(cache.scales);
      const std::span scales(reinterpret_cast<const float*>(raw.data()), raw.size() / sizeof(float));
      line.largest_error = std::max(int8_error(bench.download(cache.keys), scales, 0, keys, s.head_dim),
                                    int8_error(bench.download(cache.values), scales, 1, values, s.head_dim));
      line.passed = queries.passed && line.largest_error <= line.tolerance;
      return;
    }
    line.largest_error = queries.largest_error;
    for (const auto& [span, expected] : {std::pair{cache.keys, &keys}, std::pair{cache.values, &values}}) {
      const std::vector<std::byte> data = bench.download(span);
      std::vector<float> stored(expected->values.size());
      from_half(std::span(reinterpret_cast<const uint16_t*>(data.data()), stored.size()), stored);
      compare(line, stored, expected->values);
    }
  });
}

SelfTestLine test_attention(GpuContext& gpu, const AttentionShape& s) {
  return line_of(s.causal ? "attention, causal" : "attention, full", text(s), 1e-5, [&](SelfTestLine& line) {
    Bench bench(gpu);
    const uint32_t count = s.past + s.tokens;
    const uint32_t kv_heads = s.causal ? s.kv_heads : s.heads, kv = kv_heads * s.head_dim;
    const plain::Tensor q = random_tensor(s.tokens, s.heads * s.head_dim, 12);
    plain::Tensor keys = random_tensor(count, kv, 13), values = random_tensor(count, kv, 14);
    const DeviceTensor y = bench.tensor(s.tokens, s.heads * s.head_dim);
    if (s.causal) {
      KeyValues cache;
      if (s.kv_bits == 8) {
        cache = int8_cache(bench, keys, values, s.head_dim);
        for (auto* t : {&keys, &values}) plain::round_to_int8(*t, s.head_dim);
      } else {
        for (auto* t : {&keys, &values})
          for (float& value : t->values) value = from_half(to_half(value));
        cache = {bench.array(halves_of(keys)), bench.array(halves_of(values)), KvFormat::F16, kv};
      }
      const std::vector<uint32_t> state{s.past, 0, 0, 0};
      KeyRanges ranges{.count = s.ranges};
      if (s.ranges > 1) ranges.parts = bench.bytes(std::vector<std::byte>(Kernels::attention_part_bytes(s.tokens, s.heads, s.head_dim, s.ranges)));
      std::vector<Dispatch> dispatches{
          gpu.kernels().attention_causal(bench.upload(q), cache, bench.array(state), y, s.heads, kv_heads, s.head_dim, ranges)};
      if (s.ranges > 1) dispatches.push_back(gpu.kernels().attention_join(ranges, y, s.heads, s.head_dim));
      bench.run(dispatches);
    } else {
      const KeyValues plain_kv{bench.upload(keys).span, bench.upload(values).span, KvFormat::F32, padded_columns(kv)};
      bench.run({gpu.kernels().attention_full(bench.upload(q), plain_kv, count, y, s.heads, s.head_dim)});
    }
    compare(line, bench.download(y).values,
            plain::attention(q, keys, values, s.causal, s.past, count, s.heads, kv_heads, s.head_dim).values);
  });
}

SelfTestLine test_embed(GpuContext& gpu, uint32_t width, int bits) {
  return line_of("embedding", std::to_string(width) + ", " + std::to_string(bits) + " bits", bits == 16 ? 0 : 1e-6, [&](SelfTestLine& line) {
    Bench bench(gpu);
    const PackedMatrix table = random_matrix({37, width, 1, bits, width % 32 == 0 ? 32u : 0u, false}, gpu.kernels().row_interleave(), 15);
    const plain::Tensor features = random_tensor(4, width, 16);
    const std::vector<int32_t> ids{0, 36, -1, -4, 5, 5, -3};
    const DeviceTensor y = bench.tensor(static_cast<uint32_t>(ids.size()), width);
    bench.run({gpu.kernels().embed(bench.matrix(table), bench.array(ids), bench.upload(features), y)});
    compare(line, bench.download(y).values, plain::embed(table, ids, features).values);
  });
}

SelfTestLine test_patches(GpuContext& gpu, uint32_t size, uint32_t patch_size) {
  return line_of("patches", std::to_string(size) + " by " + std::to_string(patch_size), 0, [&](SelfTestLine& line) {
    Bench bench(gpu);
    const std::vector<float> pixels = normal(size_t{3} * size * size, 17);
    const plain::Tensor expected = plain::patches(pixels, size, patch_size);
    const DeviceTensor y = bench.tensor(expected.rows, expected.columns);
    bench.run({gpu.kernels().patches(bench.array(pixels), size, patch_size, y)});
    compare(line, bench.download(y).values, expected.values);
  });
}

SelfTestLine test_sampling(GpuContext& gpu, uint32_t vocabulary) {
  return line_of("sampling", std::to_string(vocabulary), 0, [&](SelfTestLine& line) {
    Bench bench(gpu);
    plain::Tensor logits = random_tensor(1, vocabulary, 18);
    for (float& value : logits.values) value *= 3;
    logits.values[vocabulary / 3] = logits.values[vocabulary - 1] = 11;  // equals at the top: the lower id wins
    const DeviceTensor device = bench.upload(logits);
    const DeviceTensor work = bench.tensor(1, vocabulary);
    const std::vector<int32_t> recent{2, static_cast<int32_t>(vocabulary / 3), 3};
    std::vector<float> found, expected;
    for (const SamplingParameters& p :
         {SamplingParameters{}, SamplingParameters{.repetition_penalty = 1.5f}, SamplingParameters{.temperature = 0.7f},
          SamplingParameters{.temperature = 1.0f, .top_k = 5}, SamplingParameters{.temperature = 1.5f, .top_p = 0.8f},
          SamplingParameters{.temperature = 2.0f, .top_k = 12, .top_p = 0.7f, .repetition_penalty = 1.2f}})
      for (int64_t position = 0; position < (p.temperature > 0 ? 4 : 1); ++position) {
        SamplingRequest request{p.temperature,        static_cast<uint32_t>(p.top_k), p.top_p,
                                p.repetition_penalty, uniform_at(5, position),        3};
        std::vector<std::byte> data(sizeof request + recent.size() * 4);
        std::memcpy(data.data(), &request, sizeof request);
        std::memcpy(data.data() + sizeof request, recent.data(), recent.size() * 4);
        const Span result = bench.bytes(std::vector<std::byte>(sizeof(SamplingResult)));
        bench.run({gpu.kernels().sample(device, work.span, bench.bytes(data), result)});
        SamplingResult answer;
        const std::vector<std::byte> bytes = bench.download(result);
        std::memcpy(&answer, bytes.data(), sizeof answer);
        SamplingParameters seeded = p;
        seeded.seed = 5;
        found.push_back(static_cast<float>(answer.token));
        expected.push_back(static_cast<float>(sample_token(logits.values, seeded, recent, position)));
      }
    compare(line, found, expected);
  });
}

std::vector<SelfTestLine> test_all_kernels(GpuContext& gpu, bool brief) {
  std::vector<MatrixShape> matrices{{256, 256, 1, 4, 32},
                                    {72, 72, 1, 4, 0, false},
                                    {4304, 72, 2, 16},
                                    {31, 72, 9, 4, 0},
                                    {72, 576, 17, 8, 64, false},
                                    {72, 256, 3, 4, 32, false, true},
                                    {72, 256, 11, 6, 16}};
  std::vector<AttentionShape> attentions{{1, 70, 4, 2, 64}, {13, 5, 3, 1, 24}, {17, 0, 2, 2, 72, false},
                                         {1, 70, 4, 2, 64, true, 8}, {13, 5, 3, 1, 24, true, 8},
                                         {1, 70, 4, 2, 64, true, 16, 4}, {13, 5, 3, 1, 24, true, 8, 8}, {1, 1030, 4, 4, 72, true, 16, 16}};
  std::vector<uint32_t> widths{72, 576};
  if (!brief) {
    for (uint32_t tokens = 1; tokens <= 9; ++tokens) matrices.push_back({96, 64, tokens, 4, 32, false});
    for (const MatrixShape& s : std::initializer_list<MatrixShape>{{576, 576, 3, 4, 64, false},
                                                                   {130, 960, 8, 4, 64},
                                                                   {96, 4304, 1, 8, 0},
                                                                   {64, 4304, 9, 16},
                                                                   {256, 512, 33, 4, 128},
                                                                   {100, 256, 17, 4, 32, false},
                                                                   {100, 960, 12, 8, 32},
                                                                   {65, 588, 40, 16},
                                                                   {3, 256, 1, 16},
                                                                   {40, 96, 5, 2, 32},
                                                                   {40, 96, 5, 3, 32, false},
                                                                   {40, 128, 5, 6, 128},
                                                                   {130, 512, 1, 4, 32, false, true},
                                                                   {37, 512, 34, 5, 32, false, true},
                                                                   {33, 96, 2, 8, 0, false, true},
                                                                   {130, 768, 1, 6, 16},
                                                                   {31, 256, 33, 6, 16, false},
                                                                   {9, 256, 8, 8, 16, false, true},
                                                                   {1030, 992, 100, 4, 32, false}})  // large: other tiles on CPU devices
      matrices.push_back(s);
    for (const AttentionShape& s : std::initializer_list<AttentionShape>{
             {1, 0, 4, 2, 64}, {9, 33, 2, 2, 128}, {1, 5, 2, 1, 256}, {65, 0, 4, 4, 64, false}, {6, 3, 5, 1, 80},
             {9, 33, 2, 2, 128, true, 8}, {1, 5, 2, 1, 256, true, 8}, {65, 0, 4, 4, 36, true, 8},
             {1, 0, 4, 2, 128, true, 16, 8}, {1, 4099, 8, 2, 128, true, 16, 8}, {1, 4099, 8, 2, 64, true, 8, 16}, {1, 99, 4, 4, 80, true, 16, 2},
             {3, 40, 4, 1, 96, true, 16, 16}, {1, 1023, 3, 1, 40, true, 8, 4}, {1, 300, 2, 1, 256, true, 16, 32}})
      attentions.push_back(s);
    widths = {72, 256, 576, 960, 4304};
  }
  std::vector<SelfTestLine> lines;
  for (const MatrixShape& s : matrices) lines.push_back(test_matrix(gpu, s));
  for (const MatrixShape& s : std::initializer_list<MatrixShape>{{72, 72, 1, 4, 0, false}, {160, 96, 9, 4, 32}, {31, 256, 3, 6, 16}, {130, 64, 40, 8, 64}, {1030, 992, 50, 4, 32}})
    lines.push_back(test_gated(gpu, s));
  for (const MatrixShape& s : std::initializer_list<MatrixShape>{{100, 256, 1, 4, 32, false}, {100, 256, 17, 4, 32, false}})
    for (SelfTestLine& line : test_variants(gpu, s)) lines.push_back(std::move(line));
  for (SelfTestLine& line : test_cooperative(gpu, brief)) lines.push_back(std::move(line));
  for (SelfTestLine& line : test_integer_products(gpu, brief)) lines.push_back(std::move(line));
  for (SelfTestLine& line : test_epilogues(gpu)) lines.push_back(std::move(line));
  for (const uint32_t width : widths)
    for (const bool layer_norm : {false, true}) lines.push_back(test_norm(gpu, 5, width, layer_norm));
  for (const uint32_t head_dim : {24u, 64u, 128u}) lines.push_back(test_norm_heads(gpu, 5, head_dim));
  using enum ActivationGranularity;
  for (const uint32_t width : widths) {
    lines.push_back(test_round(gpu, 6, width, {DYNAMIC_TOKEN, 4, 0, 0, 0, 0.9f}));
    lines.push_back(test_round(gpu, 6, width, {DYNAMIC_GROUP, 6, width / (width % 8 == 0 ? 8 : 4)}));
    lines.push_back(test_round(gpu, 6, width, {STATIC_TENSOR, 8, 0, -1.5f, 2.5f}));
    for (const VisionRange range : {VisionRange::DYNAMIC_TOKEN, VisionRange::STATIC_POSITION})
      lines.push_back(test_round_positions(gpu, 6, width, range, 8));
    for (const bool layer_norm : {false, true}) {
      lines.push_back(test_norm_rounded(gpu, 6, width, layer_norm, {DYNAMIC_TOKEN, 4, 0, 0, 0, 0.9f}));
      lines.push_back(test_norm_rounded(gpu, 6, width, layer_norm, {STATIC_TENSOR, 8, 0, -1.5f, 2.5f}));
    }
    lines.push_back(test_kronecker(gpu, 5, width));
  }
  lines.push_back(test_hadamard(gpu, 5, 160, 160));  // a core of 20
  lines.push_back(test_hadamard(gpu, 3, 192, 64));
  lines.push_back(test_hadamard(gpu, 1, 1536, 1536));
  for (const AttentionShape& s : attentions)
    if (s.causal) lines.push_back(test_rope_kv(gpu, s));
  for (const AttentionShape& s : attentions) lines.push_back(test_attention(gpu, s));
  for (const uint32_t width : widths) {
    for (const int bits : {4, 8, 16}) lines.push_back(test_embed(gpu, width, bits));
  }
  lines.push_back(test_patches(gpu, 56, 14));
  for (const uint32_t vocabulary : {97u, 1024u}) lines.push_back(test_sampling(gpu, vocabulary));
  return lines;
}

}  // namespace qvlm
