// The products of weights and rows: which variant runs, and its arguments, which mirror shaders/matrix.glsl.
#include <algorithm>
#include <numeric>

#include "gpu/kernel_call.h"
#include "gpu/kernels.h"

namespace qvlm {
namespace {

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

}  // namespace

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
    d = start_call(x.rows == 1 ? "matvec" : "matmul", {shader, {lanes, format, v.tokens, v.rows}, true});
    d.pipeline.constants.insert(d.pipeline.constants.end(), {ragged, a.flags});
    // Tokens in turn first: a tile's weights stay in the cache.
    d.groups_x = ceil_div(x.rows, v.tokens);
    d.groups_y = ceil_div(l.rows, lanes * v.rows);
    a.codes = Place::element(w.codes, 16);
    a.scales = Place::element(w.scales, 16);
    a.zeros = Place::element(w.zeros, 8);
    a.x = Place::element(x.span, 16);
    // Every binding names a buffer; where a plane is absent, the codes' block stands in and is not read.
    const TexelBinding code_texels{w.codes.block, VK_FORMAT_R32G32B32A32_UINT};
    d.texels = {code_texels, w.scales.block ? TexelBinding{w.scales.block, VK_FORMAT_R32G32B32A32_UINT} : code_texels,
                w.zeros.block ? TexelBinding{w.zeros.block, VK_FORMAT_R32G32_UINT} : code_texels,
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
      d = start_call("matvec", {"matvec" + suffix, {format, tokens, edge, x.rows == 1 ? variant.threads : 64u}});
      d.groups_x = ceil_div(l.rows, 2);
      d.groups_y = ceil_div(x.rows, tokens);
    } else if (variant.cooperative) {
      const CooperativeShape& c = profile_.cooperative;
      const uint32_t lanes = profile_.cooperative_subgroup;
      d = start_call("matmul_cooperative",
                {"matmul_cooperative", {variant.threads, format, ragged, c.m, c.n, c.k, variant.tokens, variant.rows, lanes}, true, lanes});
      d.groups_x = ceil_div(l.rows, variant.rows);
      d.groups_y = ceil_div(x.rows, variant.tokens);
    } else {
      d = start_call("matmul", {variant.float16 ? "matmul_float16" : "matmul" + suffix, {format, edge}});
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

Dispatch Kernels::embed(const DeviceMatrix& embedding, const Span& ids, const DeviceTensor& features,
                        const DeviceTensor& y) const {
  const PackedLayout& l = embedding.layout;
  if (l.columns != y.columns || l.pair > 0)
    throw Error("Vulkan: an embedding of " + std::to_string(l.columns) + " channels does not fit rows of " + std::to_string(y.columns));
  Dispatch d = start_call("embed", {"embed", {profile_.small_threads, static_cast<uint32_t>(l.format)}});
  MatrixArguments a = arguments_of(embedding, features, y);
  a.extra = ids.address();
  d.set_arguments(a);
  d.groups_x = y.rows;
  d.reads = {embedding.codes, embedding.scales, embedding.zeros, ids, features.span};
  d.writes = {y.span};
  d.macs = double(y.rows) * y.columns;
  return d;
}

}  // namespace qvlm
