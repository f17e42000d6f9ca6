// Puts the ranges of attention.comp together: a workgroup takes one head of one row, a thread 4 channels.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint THREADS = 64u;
layout(constant_id = 1) const uint RANGES = 2u;

layout(push_constant, std430) uniform Arguments {
  Vectors parts;  // [tokens, heads, RANGES, d4 + 1]: weighted values, then their highest score and mass
  OutVectors y;   // [tokens, y_stride]
  uint d4;        // head_dim / 4
  uint y_stride;  // in vec4
} a;

void main() {
  uint head = gl_WorkGroupID.x;
  uint row = gl_WorkGroupID.y;
  uint from = (row * gl_NumWorkGroups.x + head) * RANGES * (a.d4 + 1u);
  float highest = -1e30;
  [[dont_unroll]] for (uint range = 0u; range < RANGES; ++range) highest = max(highest, a.parts.at[from + range * (a.d4 + 1u) + a.d4].x);
  for (uint d = gl_LocalInvocationID.x; d < a.d4; d += THREADS) {
    vec4 sum = vec4(0.0);
    float mass = 0.0;
    [[dont_unroll]] for (uint range = 0u; range < RANGES; ++range) {
      uint part = from + range * (a.d4 + 1u);
      vec4 scored = a.parts.at[part + a.d4];
      float weight = exp(scored.x - highest);  // of a range without keys: its mass is 0
      sum += a.parts.at[part + d] * weight;
      mass += scored.y * weight;
    }
    a.y.at[row * a.y_stride + head * a.d4 + d] = sum / mass;
  }
}
