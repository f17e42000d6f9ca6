// One axis of every row times a small matrix: a row is [outer, order, behind], y[o, k, l] = scale * sum_i x[o, i, l] factor[i, k].
// Kronecker and Hadamard transforms are a few of these. A thread an element of y.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint THREADS = 64u;

layout(push_constant, std430) uniform Arguments {
  Floats x;       // [rows, width]
  Floats y;       // [rows, width]; not x
  Floats factor;  // [order, order]
  uint width;
  uint x_stride;
  uint y_stride;
  uint order;
  uint behind;
  float scale;
} a;

void main() {
  uint at = gl_WorkGroupID.x * THREADS + gl_LocalInvocationID.x;
  if (at >= a.width) return;
  // CPU devices load an argument anew wherever it is named.
  Floats x = a.x;
  Floats factor = a.factor;
  uint order = a.order;
  uint behind = a.behind;
  uint k = at / behind % order;
  uint from = gl_WorkGroupID.y * a.x_stride + at - k * behind;
  float sum = 0.0;
  for (uint i = 0u; i < order; ++i) sum += x.at[from + i * behind] * factor.at[i * order + k];
  a.y.at[gl_WorkGroupID.y * a.y_stride + at] = sum * a.scale;
}
