// Chooses variants and dispatch sizes, fills push constants, declares what is read and written; products of matrices: matrix_kernels.cpp. The argument
// structs mirror the shaders'.
#include "gpu/kernels.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gpu/kernel_call.h"

namespace qvlm {
namespace {

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
  Place x;
  uint64_t y;
  Place weight, bias;
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

}  // namespace

Kernels::Kernels(const DeviceProfile& profile, Tuning tuning) : profile_(profile), tuning_(std::move(tuning)) {}

Dispatch Kernels::norm(const DeviceTensor& x, const DeviceTensor& y, const DeviceVector& weight,
                       const DeviceVector& bias, float epsilon, const RoundingGrid* rounding, const DeviceCodes& codes) const {
  // What is read by the texel must not be written meanwhile.
  const bool texels = profile_.texel_buffers && (x.span.block != y.span.block || x.span.offset != y.span.offset);
  Dispatch d = start_call(bias.present() ? "layer_norm" : "rms_norm",
                     {texels ? "norm_texel" : "norm", {profile_.norm_threads, codes.present() ? 1u : 0u}});
  const auto place = [&](const Span& span) { return texels ? Place::element(span, 16) : Place::address(span); };
  if (texels)
    for (const Span* span : {&x.span, &weight.span, bias.present() ? &bias.span : &weight.span})
      d.texels.push_back({span->block, VK_FORMAT_R32G32B32A32_SFLOAT});
  d.set_arguments(NormArguments{rounding ? rounding_arguments(*rounding, y.columns, y) : RoundingArguments{}, place(x.span),
                                y.address(), place(weight.span), bias.present() ? place(bias.span) : Place{}, x.columns, x.stride,
                                y.stride, bias.present() ? 1u : 0u, epsilon, 0, code_arguments(codes)});
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
  Dispatch d = start_call("head_norm", {"norm", {profile_.norm_threads}});
  d.set_arguments(NormArguments{{}, Place::address(x.span), x.address(), Place::address(weight.span), {}, head_dim, x.stride, x.stride, 0, epsilon});
  d.groups_x = x.rows;
  d.groups_y = x.columns / head_dim;
  d.reads = {x.span, weight.span};
  d.writes = {x.span};
  d.macs = 4.0 * x.rows * x.columns;
  return d;
}

Dispatch Kernels::round(const DeviceTensor& x, const RoundingGrid& grid, const DeviceCodes& codes) const {
  const uint32_t group = grid.group > 0 ? grid.group : x.columns;
  Dispatch d = start_call("round", {"round", {profile_.norm_threads, codes.present() ? 1u : 0u}});
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
  Dispatch d = start_call("axis_product", {"axis_product", {profile_.small_threads}});
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
    d = start_call("rope_kv_int8", {"rope_kv_int8", {profile_.subgroup_size}, true});
    d.set_arguments(RopeInt8Arguments{qkv.address(), cache.keys.address(), cache.values.address(), cache.scales.address(), cosines.address(),
                                      sines.address(), state.address(), qkv.stride, heads, kv_heads, head_dim, cache.stride});
    d.groups_x = heads + 2 * kv_heads;
  } else {
    d = start_call("rope_kv", {"rope_kv", {profile_.small_threads}});
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
  // Of heads that share their keys several go together, of a row as of many.
  uint32_t together = std::gcd(heads / kv_heads, profile_.attention_heads);
  while (q.rows == 1 && together > 1 && heads / together * ranges.count < profile_.attention_groups) together /= 2;
  const uint32_t queries = q.rows == 1 ? together : std::max(profile_.attention_queries, together);
  Dispatch d = start_call(causal ? "attention_causal" : "attention_full",
                     {profile_.texel_buffers ? "attention_texel" : "attention",
                      {profile_.subgroup_size, head_dim, queries, static_cast<uint32_t>(kv.format), ranges.count, together,
                       profile_.attention_keys},
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
  d.groups_x = heads / together;
  d.groups_y = ceil_div(q.rows, queries / together) * ranges.count;
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
  Dispatch d = start_call("attention_join", {"attention_join", {profile_.small_threads, ranges.count}});
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

Dispatch Kernels::patches(const Span& pixels, uint32_t size, uint32_t patch_size, const DeviceTensor& y) const {
  Dispatch d = start_call("patches", {"patches", {profile_.small_threads}});
  d.set_arguments(PatchesArguments{pixels.address(), y.address(), size, patch_size, y.stride});
  d.groups_x = y.rows;
  d.reads = {pixels};
  d.writes = {y.span};
  d.macs = double(y.rows) * y.columns;
  return d;
}

Dispatch Kernels::copy(const Span& from, const Span& to, uint64_t bytes) const {
  Dispatch d = start_call("copy", {"copy", {profile_.small_threads}});
  d.set_arguments(CopyArguments{from.address(), to.address(), static_cast<uint32_t>(bytes / 4)});
  d.groups_x = std::clamp(static_cast<uint32_t>(bytes / 4 / (profile_.small_threads * 8)), 1u, 1024u);
  d.reads = {from.part(0, bytes)};
  d.writes = {to.part(0, bytes)};
  d.macs = double(bytes) / 4;
  return d;
}

Dispatch Kernels::sample(const DeviceTensor& logits, const Span& work, const Span& request, const Span& result) const {
  Dispatch d = start_call("sample", {"sample", {profile_.sample_threads}});
  d.set_arguments(
      SampleArguments{logits.address(), work.address(), request.address(), result.address(), logits.columns});
  d.reads = {logits.span, request};
  d.writes = {work, result};
  return d;
}

Dispatch Kernels::bandwidth(const Span& from, const Span& to) const {
  Dispatch d = start_call("bandwidth", {profile_.texel_buffers ? "bandwidth_texel" : "bandwidth", {profile_.small_threads}});
  const Place place = profile_.texel_buffers ? Place::element(from, 16) : Place::address(from);
  if (profile_.texel_buffers) d.texels = {{from.block, VK_FORMAT_R32G32B32A32_UINT}};
  d.set_arguments(BandwidthArguments{place, to.address(), static_cast<uint32_t>(from.size / 16)});
  d.groups_x = 8192;
  d.reads = {from};
  d.writes = {to};
  return d;
}

}  // namespace qvlm
