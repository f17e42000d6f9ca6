// Copies 32-bit words.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint THREADS = 64u;

layout(push_constant, std430) uniform Arguments {
  Words from;
  OutWords to;
  uint count;
} a;

void main() {
  uint stride = gl_NumWorkGroups.x * THREADS;
  for (uint i = gl_WorkGroupID.x * THREADS + gl_LocalInvocationID.x; i < a.count; i += stride)
    a.to.at[i] = a.from.at[i];
}
