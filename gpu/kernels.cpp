// Chooses variants and dispatch sizes, fills push constants, declares what is read and written. The argument structs mirror the shaders'.
#include "gpu/kernels.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace qvlm {
namespace {

uint32_t ceil_div(uint32_t a, uint32_t b) {
  return (a + b - 1) / b;
}

// A device address, or the first element inside a bound texel buffer.
struct Place {
  uint32_t low = 0, high = 0;
  static Place address(const Span& span) {
    return {static_cast<uint32_t>(span.address()), static_cast<uint32_t>(span.address() >> 32)};
  }
  static Place element(const Span& span, uint32_t bytes) { return {static_cast<uint32_t>(span.offset / bytes), 0}; }
};

struct MatrixArguments {
  Place codes, scales, zeros, x;
  uint64_t y, bias, extra;
  uint32_t rows, columns, tokens, x_stride, y_stride, extra_stride, steps, groups, group_steps, interleave;
  float zero;
  uint32_t flags, outputs;
  uint32_t group_pieces;  // the rest is read by integer products alone
  uint64_t grids;
  uint32_t x_groups;
};
constexpr uint32_t kBias = 1, kAdd = 2, kMultiply = 4, kHasZeros = 8, kHasMinimums = 16, kPaired = 32, kActivationShift = 8;

// Mirrors rounding.glsl; as there, it stands first.
struct RoundingArguments {
  uint64_t bounds;
  uint32_t bound_rows, mode;  // 0: none, 1: of each group's own range, 2: the bounds
  float low, high, top;
  uint32_t padding = 0;
};

struct CodeArguments {
  uint64_t words, grids;
  uint32_t stride;  // in words
  uint32_t padding = 0;
};

struct NormArguments {
  RoundingArguments rounding;
  uint64_t x, y, weight, bias;
  uint32_t width, x_stride, y_stride, layer_norm;
  float epsilon;
  uint32_t padding = 0;
  CodeArguments codes{};
};

struct RoundArguments {
  RoundingArguments rounding;
  uint64_t x;
  uint32_t width, stride;
  CodeArguments codes;
};

struct AxisProductArguments {
  uint64_t x, y, factor;
  uint32_t width, x_stride, y_stride, order, behind;
  float scale;
};

struct RopeArguments {
  uint64_t qkv, keys, values, cosines, sines, state;
  uint32_t qkv_stride, heads, kv_heads, head_dim, kv_stride;
};

struct RopeInt8Arguments {
  uint64_t qkv, keys, values, scales, cosines, sines, state;
  uint32_t qkv_stride, heads, kv_heads, head_dim, kv_stride;
};

struct AttentionArguments {
  Place keys, values, q, scales;
  uint64_t y, state;
  uint32_t tokens, keys_count, q_stride, kv_stride, y_stride, heads_per_kv, kv_heads, causal;
  float scale;
};

struct AttentionJoinArguments {
  uint64_t parts, y;
  uint32_t d4, y_stride;
};

struct PatchesArguments {
  uint64_t pixels, y;
  uint32_t size, patch_size, y_stride;
};

struct CopyArguments {
  uint64_t from, to;
  uint32_t count;
};

struct BandwidthArguments {
  Place from;
  uint64_t to;
  uint32_t count;
};

struct SampleArguments {
  uint64_t logits, work, request, result;
  uint32_t vocabulary;
};

RoundingArguments rounding_arguments(const RoundingGrid& grid, uint32_t group, const DeviceTensor& x) {
  if (x.columns % group != 0 || (grid.bounds.present() && grid.bounds.size != 2 * x.rows))
    throw Error("Vulkan: a rounding grid of groups of " + std::to_string(group) + " channels and " +
                std::to_string(grid.bounds.size) + " bounds does not fit x [" + std::to_string(x.rows) + ", " +
                std::to_string(x.columns) + "]");
  return {grid.bounds.span.address(), grid.bounds.size / 2, grid.dynamic ? 1u : 2u, grid.low, grid.high,
          static_cast<float>((1 << grid.bits) - 1)};
}

CodeArguments code_arguments(const DeviceCodes& codes) { return {codes.codes.address(), codes.grids.address(), codes.stride() / 4}; }

void declare_writes(Dispatch& d, const DeviceCodes& codes) {
  if (codes.present()) d.writes.insert(d.writes.end(), {codes.codes, codes.grids});
}

// Of a product without an epilogue, everything by address.
MatrixArguments arguments_of(const DeviceMatrix& w, const DeviceTensor& x, const DeviceTensor& y) {
  const PackedLayout& l = w.layout;
  MatrixArguments a{};
  a.codes = Place::address(w.codes);
  a.scales = Place::address(w.scales);
  a.zeros = Place::address(w.zeros);
  a.x = Place::address(x.span);
  a.y = y.address();
  a.rows = l.rows;
  a.columns = l.columns;
  a.tokens = x.rows;
  a.x_stride = x.stride / 4;
  a.y_stride = y.stride;
  a.steps = l.steps;
  a.groups = l.groups;
  a.group_steps = l.group_steps;
  a.interleave = l.interleave;
  a.zero = l.zero;
  a.outputs = l.outputs;
  a.flags = (l.has_zeros ? kHasZeros : 0) | (l.has_minimums ? kHasMinimums : 0) | (l.pair > 0 ? kPaired : 0);
  return a;
}

Dispatch start(std::string kernel, PipelineKey key) {
  Dispatch d;
  d.kernel = std::move(kernel);
  d.pipeline = std::move(key);
  return d;
}

}  // namespace

Kernels::Kernels(const DeviceProfile& profile, Tuning tuning) : profile_(profile), tuning_(std::move(tuning)) {}

// Texel-buffer kernels take whole steps.
bool Kernels::takes_codes(const PackedLayout& l, uint32_t group) const {
  return !profile_.texel_buffers || (l.format != WeightFormat::INT8_HALF && (group == l.columns || group % 32 == 0));
}

bool Kernels::runs_on_codes(const PackedLayout& l, uint32_t rows, uint32_t group) const {
  return takes_codes(l, group) && tuning_.variant_for(product_class(l.format, l.rows, l.columns, rows, true), profile_).integer_dot;
}

bool Kernels::has_integer_products() const {
  const auto& choices = tuning_.choices();
  return profile_.integer_dot_quick || std::any_of(choices.begin(), choices.end(), [](const auto& c) { return c.second.variant.integer_dot; });
}

Dispatch Kernels::matrix(const DeviceMatrix& w, const MatrixInput& x, const DeviceTensor& y, const Epilogue& e) const {
  if (w.layout.pair > 0) throw Error("Vulkan: a matrix in pairs runs as gated()");
  return product(w, x, y, e);
}

Dispatch Kernels::gated(const DeviceMatrix& gate_up, const MatrixInput& x, const DeviceTensor& y, Activation activation) const {
  if (gate_up.layout.pair != row_pair()) throw Error("Vulkan: gated() takes a matrix in pairs of " + std::to_string(row_pair()) + " rows");
  Dispatch d = product(gate_up, x, y, {.activate = true, .activation = activation});
  d.kernel += "_gated";
  return d;
}

Dispatch Kernels::product(const DeviceMatrix& w, const MatrixInput& input, const DeviceTensor& y, const Epilogue& e) const {
  const PackedLayout& l = w.layout;
  const DeviceTensor& x = input.x;
  const DeviceCodes& codes = input.codes;
  if (x.columns != l.columns || y.columns != l.outputs || x.rows != y.rows)
    throw Error("Vulkan: a matrix [" + std::to_string(l.outputs) + ", " + std::to_string(l.columns) +
                "] does not fit x [" + std::to_string(x.rows) + ", " + std::to_string(x.columns) + "] and y [" +
                std::to_string(y.rows) + ", " + std::to_string(y.columns) + "]");
  MatrixArguments a = arguments_of(w, x, y);
  a.bias = e.bias.span.address();
  const DeviceTensor* extra = e.add ? e.add : e.multiply;
  a.extra = extra ? extra->address() : 0;
  a.extra_stride = extra ? extra->stride : 0;
  a.flags |= (e.bias.present() ? kBias : 0) | (e.add ? kAdd : 0) | (e.multiply ? kMultiply : 0) |
             (e.activate ? (static_cast<uint32_t>(e.activation) + 1) << kActivationShift : 0);
  const uint32_t format = static_cast<uint32_t>(l.format), ragged = l.columns % 32 != 0 ? 1 : 0;

  Dispatch d;
  const bool has_codes = codes.present() && takes_codes(l, codes.group);
  const Variant variant = tuning_.variant_for(product_class(l.format, l.rows, l.columns, x.rows, has_codes), profile_);
  uint32_t edge = ragged;  // how a step's columns are taken
  if (variant.integer_dot) {
    // In pieces that lie in one group of x and of the weights.
    edge = std::gcd(codes.groups() == 1 ? 32 : codes.group, l.format == WeightFormat::INT8_HALF ? 16u : 32u);
    a.x = Place::address(codes.codes);
    a.x_stride = codes.stride() / 16;
    a.grids = codes.grids.address();
    a.x_groups = codes.groups();
    a.group_pieces = std::max(codes.group / edge, 1u);
  }
  if (profile_.texel_buffers) {
    const uint32_t lanes = profile_.subgroup_size;
    const Variant v = x.rows > 1 && x.rows <= 4 ? Variant{8, 4} : variant;
    const char* shader = variant.integer_dot ? "matrix_integer_texel" : "matrix_texel";
    d = start(x.rows == 1 ? "matvec" : "matmul", {shader, {lanes, format, v.tokens, v.rows}, true});
    d.pipeline.constants.insert(d.pipeline.constants.end(), {ragged, a.flags});
    d.groups_x = ceil_div(l.rows, lanes * v.rows);
    d.groups_y = ceil_div(x.rows, v.tokens);
    a.codes = Place::element(w.codes, 16);
    a.scales = Place::element(w.scales, 16);
    a.zeros = Place::element(w.zeros, 8);
    a.x = Place::element(x.span, 16);
    // Every binding names a buffer; where a plane is absent, the codes' block stands in and is not read.
    const MemoryBlock* scales = w.scales.block ? w.scales.block : nullptr;
    const MemoryBlock* zeros = w.zeros.block ? w.zeros.block : nullptr;
    d.texels = {{w.codes.block, VK_FORMAT_R32G32B32A32_UINT},
                {scales ? scales : w.codes.block, VK_FORMAT_R32G32B32A32_UINT},
                {zeros ? zeros : w.codes.block, zeros ? VK_FORMAT_R32G32_UINT : VK_FORMAT_R32G32B32A32_UINT},
                {x.span.block, VK_FORMAT_R32G32B32A32_SFLOAT}};
    if (variant.integer_dot) {
      a.x = Place::element(codes.codes, 16);
      a.grids = codes.grids.offset / 8;
      d.texels.back() = {codes.codes.block, VK_FORMAT_R32G32B32A32_UINT};
      d.texels.push_back({codes.grids.block, VK_FORMAT_R32G32_SFLOAT});
    }
  } else {
    constexpr uint32_t kMostGroups = 65535;  // every device takes as many
    const std::string suffix = variant.integer_dot ? "_integer" : "";
    if (x.rows <= kVectorRows && ceil_div(l.rows, 2) <= kMostGroups) {
      const uint32_t tokens = x.rows == 1 ? 1 : 4;
      d = start("matvec", {"matvec" + suffix, {format, tokens, edge, x.rows == 1 ? variant.threads : 64u}});
      d.groups_x = ceil_div(l.rows, 2);
      d.groups_y = ceil_div(x.rows, tokens);
    } else if (variant.cooperative) {
      const CooperativeShape& c = profile_.cooperative;
      const uint32_t lanes = profile_.cooperative_subgroup;
      d = start("matmul_cooperative",
                {"matmul_cooperative", {variant.threads, format, ragged, c.m, c.n, c.k, variant.tokens, variant.rows, lanes}, true, lanes});
      d.groups_x = ceil_div(l.rows, variant.rows);
      d.groups_y = ceil_div(x.rows, variant.tokens);
    } else {
      d = start("matmul", {variant.float16 ? "matmul_float16" : "matmul" + suffix, {format, edge}});
      d.groups_x = ceil_div(l.rows, 64);
      d.groups_y = ceil_div(x.rows, 32);
    }
  }
  if (variant.integer_dot) d.kernel += "_integer";
  d.set_arguments(a);
  d.reads = {w.codes, w.scales, w.zeros};
  if (variant.integer_dot)
    d.reads.insert(d.reads.end(), {codes.codes, codes.grids});
  else
    d.reads.push_back(x.span);
  if (e.bias.present()) d.reads.push_back(e.bias.span);
  if (extra) d.reads.push_back(extra->span);
  d.writes = {y.span};
  d.macs = double(l.rows) * l.columns * x.rows;
  return d;
}

Dispatch Kernels::norm(const DeviceTensor& x, const DeviceTensor& y, const DeviceVector& weight,
                       const DeviceVector& bias, float epsilon, const RoundingGrid* rounding, const DeviceCodes& codes) const {
  Dispatch d = start(bias.present() ? "layer_norm" : "rms_norm", {"norm", {profile_.norm_threads, codes.present() ? 1u : 0u}});
  d.set_arguments(NormArguments{rounding ? rounding_arguments(*rounding, y.columns, y) : RoundingArguments{}, x.address(),
                                y.address(), weight.span.address(), bias.span.address(), x.columns, x.stride, y.stride,
                                bias.present() ? 1u : 0u, epsilon, 0, code_arguments(codes)});
  d.groups_x = x.rows;
  d.reads = {x.span, weight.span};
  if (rounding && rounding->bounds.present()) d.reads.push_back(rounding->bounds.span);
  if (bias.present()) d.reads.push_back(bias.span);
  d.writes = {y.span};
  declare_writes(d, codes);
  d.macs = 4.0 * x.rows * x.columns;
  return d;
}

Dispatch Kernels::norm_heads(const DeviceTensor& x, const DeviceVector& weight, float epsilon) const {
  const uint32_t head_dim = weight.size;
  if (head_dim == 0 || x.columns % head_dim != 0)
    throw Error("Vulkan: a norm of " + std::to_string(head_dim) + " channels does not divide rows of " + std::to_string(x.columns));
  Dispatch d = start("head_norm", {"norm", {profile_.norm_threads}});
  d.set_arguments(NormArguments{{}, x.address(), x.address(), weight.span.address(), 0, head_dim, x.stride, x.stride, 0, epsilon});
  d.groups_x = x.rows;
  d.groups_y = x.columns / head_dim;
  d.reads = {x.span, weight.span};
  d.writes = {x.span};
  d.macs = 4.0 * x.rows * x.columns;
  return d;
}

Dispatch Kernels::round(const DeviceTensor& x, const RoundingGrid& grid, const DeviceCodes& codes) const {
  const uint32_t group = grid.group > 0 ? grid.group : x.columns;
  Dispatch d = start("round", {"round", {profile_.norm_threads, codes.present() ? 1u : 0u}});
  d.set_arguments(RoundArguments{rounding_arguments(grid, group, x), x.address(), group, x.stride, code_arguments(codes)});
  d.groups_x = x.columns / group;
  d.groups_y = x.rows;
  d.reads = {x.span};
  if (grid.bounds.present()) d.reads.push_back(grid.bounds.span);
  d.writes = {x.span};
  declare_writes(d, codes);
  d.macs = 4.0 * x.rows * x.columns;
  return d;
}

Dispatch Kernels::axis_product(const DeviceTensor& x, const DeviceVector& factor, uint32_t order, uint32_t behind,
                               float scale, const DeviceTensor& y) const {
  if (x.columns % (order * behind) != 0 || factor.size != order * order || x.rows != y.rows || x.columns != y.columns)
    throw Error("Vulkan: a factor of order " + std::to_string(order) + " before " + std::to_string(behind) +
                " does not fit x [" + std::to_string(x.rows) + ", " + std::to_string(x.columns) + "]");
  Dispatch d = start("axis_product", {"axis_product", {profile_.small_threads}});
  d.set_arguments(AxisProductArguments{x.address(), y.address(), factor.span.address(), x.columns, x.stride, y.stride,
                                       order, behind, scale});
  d.groups_x = ceil_div(x.columns, profile_.small_threads);
  d.groups_y = x.rows;
  d.reads = {x.span, factor.span};
  d.writes = {y.span};
  d.macs = double(x.rows) * x.columns * order;
  return d;
}

Dispatch Kernels::rope_kv(const DeviceTensor& qkv, const KeyValues& cache, const Span& cosines, const Span& sines,
                          const Span& state, uint32_t heads, uint32_t kv_heads, uint32_t head_dim) const {
  Dispatch d;
  if (cache.format == KvFormat::INT8) {
    d = start("rope_kv_int8", {"rope_kv_int8", {profile_.subgroup_size}, true});
    d.set_arguments(RopeInt8Arguments{qkv.address(), cache.keys.address(), cache.values.address(), cache.scales.address(), cosines.address(),
                                      sines.address(), state.address(), qkv.stride, heads, kv_heads, head_dim, cache.stride});
    d.groups_x = heads + 2 * kv_heads;
  } else {
    d = start("rope_kv", {"rope_kv", {profile_.small_threads}});
    d.set_arguments(RopeArguments{qkv.address(), cache.keys.address(), cache.values.address(), cosines.address(),
                                  sines.address(), state.address(), qkv.stride, heads, kv_heads, head_dim, cache.stride});
    d.groups_x = ceil_div((heads + 2 * kv_heads) * head_dim / 4, profile_.small_threads);
  }
  d.groups_y = qkv.rows;
  d.reads = {qkv.span, cosines, sines, state};
  d.writes = {qkv.span, cache.keys, cache.values};
  if (cache.scales.block) d.writes.push_back(cache.scales);
  d.macs = 4.0 * qkv.rows * qkv.columns;
  return d;
}

Dispatch Kernels::attention(const DeviceTensor& q, const KeyValues& kv, const Span& state, uint32_t keys_count,
                            bool causal, const DeviceTensor& y, uint32_t heads, uint32_t kv_heads,
                            uint32_t head_dim, const KeyRanges& ranges) const {
  if (head_dim % 4 != 0 || head_dim > 256)
    throw Error("Vulkan: attention heads of " + std::to_string(head_dim) +
                " channels: expected a multiple of 4, at most 256");
  const uint32_t queries = q.rows == 1 ? 1 : profile_.attention_queries;
  Dispatch d = start(causal ? "attention_causal" : "attention_full",
                     {profile_.texel_buffers ? "attention_texel" : "attention",
                      {profile_.subgroup_size, head_dim, queries, static_cast<uint32_t>(kv.format), ranges.count},
                      true});
  AttentionArguments a{};
  if (profile_.texel_buffers) {
    const uint32_t bytes = kv.format == KvFormat::INT8 ? 4 : kv.format == KvFormat::F16 ? 8 : 16;
    const VkFormat format = kv.format == KvFormat::INT8  ? VK_FORMAT_R8G8B8A8_SNORM
                            : kv.format == KvFormat::F16 ? VK_FORMAT_R16G16B16A16_SFLOAT
                                                         : VK_FORMAT_R32G32B32A32_SFLOAT;
    a.keys = Place::element(kv.keys, bytes);
    a.values = Place::element(kv.values, bytes);
    a.q = Place::element(q.span, 16);
    d.texels = {{kv.keys.block, format}, {kv.values.block, format}, {q.span.block, VK_FORMAT_R32G32B32A32_SFLOAT}};
    if (kv.scales.block) a.scales = Place::element(kv.scales, 8);
    // Every binding must be there, also where nothing reads it.
    d.texels.push_back(kv.scales.block ? TexelBinding{kv.scales.block, VK_FORMAT_R32G32_SFLOAT} : d.texels.back());
  } else {
    a.keys = Place::address(kv.keys);
    a.values = Place::address(kv.values);
    a.q = Place::address(q.span);
    a.scales = Place::address(kv.scales);
  }
  const Span& to = ranges.count > 1 ? ranges.parts : y.span;
  a.y = to.address();
  // Never null: lavapipe of Mesa 25 loads from it even where the kernel does not ask it to.
  a.state = state.block ? state.address() : to.address();
  a.tokens = q.rows;
  a.keys_count = keys_count;
  a.q_stride = q.stride / 4;
  a.kv_stride = kv.stride / 4;
  a.y_stride = y.stride / 4;
  a.heads_per_kv = heads / kv_heads;
  a.kv_heads = kv_heads;
  a.causal = causal ? 1 : 0;
  a.scale = 1.0f / std::sqrt(static_cast<float>(head_dim));
  d.set_arguments(a);
  d.groups_x = heads;
  d.groups_y = ceil_div(q.rows, queries) * ranges.count;
  d.reads = {q.span, kv.keys, kv.values};
  if (kv.scales.block) d.reads.push_back(kv.scales);
  if (causal) d.reads.push_back(state);
  d.writes = {to};
  d.macs = 2.0 * q.rows * heads * head_dim * (causal ? 1024.0 : keys_count);
  return d;
}

Dispatch Kernels::attention_causal(const DeviceTensor& q, const KeyValues& cache, const Span& state,
                                   const DeviceTensor& y, uint32_t heads, uint32_t kv_heads, uint32_t head_dim,
                                   const KeyRanges& ranges) const {
  return attention(q, cache, state, 0, true, y, heads, kv_heads, head_dim, ranges);
}

Dispatch Kernels::attention_join(const KeyRanges& ranges, const DeviceTensor& y, uint32_t heads, uint32_t head_dim) const {
  Dispatch d = start("attention_join", {"attention_join", {profile_.small_threads, ranges.count}});
  d.set_arguments(AttentionJoinArguments{ranges.parts.address(), y.address(), head_dim / 4, y.stride / 4});
  d.groups_x = heads;
  d.groups_y = y.rows;
  d.reads = {ranges.parts};
  d.writes = {y.span};
  d.macs = double(y.rows) * heads * head_dim * ranges.count;
  return d;
}

Dispatch Kernels::attention_full(const DeviceTensor& q, const KeyValues& kv, uint32_t keys_count, const DeviceTensor& y,
                                 uint32_t heads, uint32_t head_dim) const {
  return attention(q, kv, {}, keys_count, false, y, heads, heads, head_dim, {});
}

Dispatch Kernels::embed(const DeviceMatrix& embedding, const Span& ids, const DeviceTensor& features,
                        const DeviceTensor& y) const {
  const PackedLayout& l = embedding.layout;
  if (l.columns != y.columns || l.pair > 0)
    throw Error("Vulkan: an embedding of " + std::to_string(l.columns) + " channels does not fit rows of " + std::to_string(y.columns));
  Dispatch d = start("embed", {"embed", {profile_.small_threads, static_cast<uint32_t>(l.format)}});
  MatrixArguments a = arguments_of(embedding, features, y);
  a.extra = ids.address();
  d.set_arguments(a);
  d.groups_x = y.rows;
  d.reads = {embedding.codes, embedding.scales, embedding.zeros, ids, features.span};
  d.writes = {y.span};
  d.macs = double(y.rows) * y.columns;
  return d;
}

Dispatch Kernels::patches(const Span& pixels, uint32_t size, uint32_t patch_size, const DeviceTensor& y) const {
  Dispatch d = start("patches", {"patches", {profile_.small_threads}});
  d.set_arguments(PatchesArguments{pixels.address(), y.address(), size, patch_size, y.stride});
  d.groups_x = y.rows;
  d.reads = {pixels};
  d.writes = {y.span};
  d.macs = double(y.rows) * y.columns;
  return d;
}

Dispatch Kernels::copy(const Span& from, const Span& to, uint64_t bytes) const {
  Dispatch d = start("copy", {"copy", {profile_.small_threads}});
  d.set_arguments(CopyArguments{from.address(), to.address(), static_cast<uint32_t>(bytes / 4)});
  d.groups_x = std::clamp(static_cast<uint32_t>(bytes / 4 / (profile_.small_threads * 8)), 1u, 1024u);
  d.reads = {from.part(0, bytes)};
  d.writes = {to.part(0, bytes)};
  d.macs = double(bytes) / 4;
  return d;
}

Dispatch Kernels::sample(const DeviceTensor& logits, const Span& work, const Span& request, const Span& result) const {
  Dispatch d = start("sample", {"sample", {profile_.sample_threads}});
  d.set_arguments(
      SampleArguments{logits.address(), work.address(), request.address(), result.address(), logits.columns});
  d.reads = {logits.span, request};
  d.writes = {work, result};
  return d;
}

Dispatch Kernels::bandwidth(const Span& from, const Span& to) const {
  Dispatch d = start("bandwidth", {profile_.texel_buffers ? "bandwidth_texel" : "bandwidth", {profile_.small_threads}});
  const Place place = profile_.texel_buffers ? Place::element(from, 16) : Place::address(from);
  if (profile_.texel_buffers) d.texels = {{from.block, VK_FORMAT_R32G32B32A32_UINT}};
  d.set_arguments(BandwidthArguments{place, to.address(), static_cast<uint32_t>(from.size / 16)});
  d.groups_x = 8192;
  d.reads = {from};
  d.writes = {to};
  return d;
}

}  // namespace qvlm
