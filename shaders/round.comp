// Rounds the groups of each row to the grid that the site's quantizer means, in place; a workgroup takes one group of one row.
// Formula: core/model/activation_quantizer.h.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint THREADS = 64u;

layout(push_constant, std430) uniform Arguments {
  Floats x;       // [rows, groups * width]
  Floats bounds;  // [2, bound_rows]: low and high of each row
  uint width;     // of a group
  uint stride;
  uint bound_rows;  // 0: low and high below, for every row
  uint dynamic;     // 1: bounds are multiples of the group's own least and greatest value
  float low;
  float high;
  float top;  // greatest code
} a;

shared float lows[THREADS];
shared float highs[THREADS];

void main() {
  uint id = gl_LocalInvocationID.x;
  uint row = gl_WorkGroupID.y;
  uint begin = row * a.stride + gl_WorkGroupID.x * a.width;
  float low = a.low;
  float high = a.high;
  if (a.bound_rows != 0u) {
    low = a.bounds.at[row];
    high = a.bounds.at[a.bound_rows + row];
  }
  if (a.dynamic != 0u) {
    float least = a.x.at[begin];
    float most = least;
    for (uint i = id; i < a.width; i += THREADS) {
      float value = a.x.at[begin + i];
      least = min(least, value);
      most = max(most, value);
    }
    least = subgroupMin(least);
    most = subgroupMax(most);
    if (subgroupElect()) {
      lows[gl_SubgroupID] = least;
      highs[gl_SubgroupID] = most;
    }
    barrier();
    for (uint i = 0u; i < gl_NumSubgroups; ++i) {
      least = min(least, lows[i]);
      most = max(most, highs[i]);
    }
    low *= least;
    high *= most;
  }
  low = min(low, 0.0);
  high = max(high, 0.0);
  precise float scale = max((high - low) / a.top, 1e-8);
  float zero = clamp(roundEven(-low / scale), 0.0, a.top);
  for (uint i = id; i < a.width; i += THREADS) {
    precise float code = a.x.at[begin + i] / scale;
    a.x.at[begin + i] = roundEven(clamp(code, -zero, a.top - zero)) * scale;
  }
}
