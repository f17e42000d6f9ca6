// LayerNorm (with bias) and RMSNorm of rows, or of each head of rows, rounded to a grid where the linears behind read them so, and written as codes
// too where CODES; one workgroup a row and head; y may be x.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "rounding.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint THREADS = 64u;
layout(constant_id = 1) const uint CODES = 0u;
const uint WIDE = CODES != 0u ? 4u : 1u;  // neighbours that a thread takes together

layout(push_constant, std430) uniform Arguments {
  Rounding rounding;  // of whole rows
  Floats x;           // [tokens, heads * width]
  Floats y;           // likewise
  Floats weight;      // [width]
  Floats bias;        // [width], LayerNorm only
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

void main() {
  uint id = gl_LocalInvocationID.x;
  uint in_row = gl_WorkGroupID.x * a.x_stride + gl_WorkGroupID.y * a.width;
  uint out_row = gl_WorkGroupID.x * a.y_stride + gl_WorkGroupID.y * a.width;
  float mean = 0.0;
  if (a.layer_norm != 0u) {
    float sum = 0.0;
    for (uint i = id; i < a.width; i += THREADS) sum += a.x.at[in_row + i];
    mean = total(sum) / float(a.width);
  }
  float squares = 0.0;
  for (uint i = id; i < a.width; i += THREADS) {
    float d = a.x.at[in_row + i] - mean;
    squares += d * d;
  }
  float factor = inversesqrt(total(squares) / float(a.width) + a.epsilon);
  float least = 3.4e38;
  float most = -3.4e38;
  for (uint first = id * WIDE; first < a.width; first += THREADS * WIDE)
    [[unroll]] for (uint j = 0u; j < WIDE; ++j) {
      uint i = first + j;
      if (WIDE > 1u && i >= a.width) break;
      float value = (a.x.at[in_row + i] - mean) * factor * a.weight.at[i];
      if (a.layer_norm != 0u) value += a.bias.at[i];
      a.y.at[out_row + i] = value;
      least = min(least, value);
      most = max(most, value);
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
