// Rounds the groups of each row, in place, and writes them as codes too where CODES; a workgroup takes one group of one row.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "rounding.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint THREADS = 64u;
layout(constant_id = 1) const uint CODES = 0u;

layout(push_constant, std430) uniform Arguments {
  Rounding rounding;
  Floats x;    // [rows, groups * width]
  uint width;  // of a group
  uint stride;
  CodeRows rows;
} a;

shared float lows[THREADS];
shared float highs[THREADS];

void main() {
  uint id = gl_LocalInvocationID.x;
  // CPU devices load an argument anew wherever it is named.
  Floats x = a.x;
  uint width = a.width;
  uint begin = gl_WorkGroupID.y * a.stride + gl_WorkGroupID.x * width;
  vec2 bounds = bounds_of(a.rounding, gl_WorkGroupID.y);
  if (a.rounding.mode == OWN_RANGE) {
    float least = x.at[begin];
    float most = least;
    for (uint i = id; i < width; i += THREADS) {
      float value = x.at[begin + i];
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
    bounds *= vec2(least, most);
  }
  Grid grid = grid_between(bounds.x, bounds.y, a.rounding.top);
  if (CODES == 0u) {
    for (uint i = id; i < width; i += THREADS) x.at[begin + i] = on_grid(grid, x.at[begin + i]);
    return;
  }
  uint group = gl_WorkGroupID.x;
  uint before = group * width;
  uint end = group + 1u == gl_NumWorkGroups.x ? a.rows.stride * 4u - before : width;
  round_to_codes(grid, a.rounding.top, x, begin, width, end, a.rows, gl_WorkGroupID.y * a.rows.stride + before / 4u,
                 gl_WorkGroupID.y * gl_NumWorkGroups.x + group, id, THREADS);
}
