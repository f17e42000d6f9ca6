// LayerNorm (with bias) and RMSNorm of rows, or of each head of rows, rounded to a grid where the linears behind read them so, and written as codes
// too where CODES; one workgroup a row and head; y may be x. TEXEL_BUFFERS, for CPU devices: rows are read by the texel; y is not x.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "rounding.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint THREADS = 64u;
layout(constant_id = 1) const uint CODES = 0u;
#ifdef TEXEL_BUFFERS
const uint WIDE = 4u;
#define ROWS uvec2 x; Floats y; uvec2 weight; uvec2 bias;
layout(set = 0, binding = 0) uniform textureBuffer x_texels;  // RGBA32F, all
layout(set = 0, binding = 1) uniform textureBuffer weight_texels;
layout(set = 0, binding = 2) uniform textureBuffer bias_texels;
#else
const uint WIDE = CODES != 0u ? 4u : 1u;  // neighbours that a thread takes together
#define ROWS Floats x; Floats y; Floats weight; Floats bias;
#endif

layout(push_constant, std430) uniform Arguments {
  Rounding rounding;  // of whole rows
  ROWS                // x, y [tokens, heads * width]; weight [width]; bias [width], LayerNorm only
  uint width;
  uint x_stride;
  uint y_stride;
  uint layer_norm;  // 1: LayerNorm, 0: RMSNorm
  float epsilon;
  CodeRows rows;
} a;

shared float partial[THREADS];

float total(float value) {
  uint id = gl_LocalInvocationID.x;
  value = subgroupAdd(value);
  if (subgroupElect()) partial[gl_SubgroupID] = value;
  barrier();
  float sum = 0.0;
  for (uint i = 0u; i < gl_NumSubgroups; ++i) sum += partial[i];
  barrier();
  return sum;
}

float greatest(float value) {
  value = subgroupMax(value);
  if (subgroupElect()) partial[gl_SubgroupID] = value;
  barrier();
  float most = partial[0];
  for (uint i = 1u; i < gl_NumSubgroups; ++i) most = max(most, partial[i]);
  barrier();
  return most;
}

#ifdef TEXEL_BUFFERS
vec4 x_at(uint row, uint i) { return texelFetch(x_texels, int(a.x.x + (row + i) / 4u)); }
vec4 weight_at(uint i) { return texelFetch(weight_texels, int(a.weight.x + i / 4u)); }
vec4 bias_at(uint i) { return texelFetch(bias_texels, int(a.bias.x + i / 4u)); }
#else
vec4 values_at(Floats values, uint at, uint count) {
  vec4 v = vec4(0.0);
  [[unroll]] for (uint j = 0u; j < WIDE; ++j)
    if (WIDE == 1u || j < count) v[j] = values.at[at + j];
  return v;
}
vec4 x_at(uint row, uint i) { return values_at(a.x, row + i, a.width - i); }
vec4 weight_at(uint i) { return values_at(a.weight, i, a.width - i); }
vec4 bias_at(uint i) { return values_at(a.bias, i, a.width - i); }
#endif

void main() {
  uint id = gl_LocalInvocationID.x;
  uint width = a.width;
  uint in_row = gl_WorkGroupID.x * a.x_stride + gl_WorkGroupID.y * width;
  uint out_row = gl_WorkGroupID.x * a.y_stride + gl_WorkGroupID.y * width;
  bool layer_norm = a.layer_norm != 0u;
  float mean = 0.0;
  if (layer_norm) {
    float sum = 0.0;
    for (uint i = id * WIDE; i < width; i += THREADS * WIDE) {
      vec4 x = x_at(in_row, i);
      [[unroll]] for (uint j = 0u; j < WIDE; ++j) sum += i + j < width ? x[j] : 0.0;
    }
    mean = total(sum) / float(width);
  }
  float squares = 0.0;
  for (uint i = id * WIDE; i < width; i += THREADS * WIDE) {
    vec4 d = x_at(in_row, i) - mean;
    [[unroll]] for (uint j = 0u; j < WIDE; ++j) squares += i + j < width ? d[j] * d[j] : 0.0;
  }
  float factor = inversesqrt(total(squares) / float(width) + a.epsilon);
  float least = 3.4e38;
  float most = -3.4e38;
  Floats y = a.y;
  for (uint i = id * WIDE; i < width; i += THREADS * WIDE) {
    vec4 value = (x_at(in_row, i) - mean) * factor * weight_at(i);
    if (layer_norm) value += bias_at(i);
    [[unroll]] for (uint j = 0u; j < WIDE; ++j)
      if (WIDE == 1u || i + j < width) {
        y.at[out_row + i + j] = value[j];
        least = min(least, value[j]);
        most = max(most, value[j]);
      }
  }
  if (a.rounding.mode == 0u) return;
  vec2 bounds = bounds_of(a.rounding, gl_WorkGroupID.x);
  if (a.rounding.mode == OWN_RANGE) bounds *= vec2(-greatest(-least), greatest(most));
  Grid grid = grid_between(bounds.x, bounds.y, a.rounding.top);
  // Each thread reads what it wrote itself.
  if (CODES == 0u) {
    for (uint i = id; i < a.width; i += THREADS) a.y.at[out_row + i] = on_grid(grid, a.y.at[out_row + i]);
    return;
  }
  uint row = gl_WorkGroupID.x;
  round_to_codes(grid, a.rounding.top, a.y, out_row, a.width, a.rows.stride * 4u, a.rows, row * a.rows.stride, row, id, THREADS);
}
