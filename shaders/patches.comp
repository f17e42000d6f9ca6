// The tower's input as rows for a matrix product: pixels [3, size, size] -> [patches, 3 * patch * patch], columns
// (channel, y, x).
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint THREADS = 64u;

layout(push_constant, std430) uniform Arguments {
  Floats pixels;
  Floats y;
  uint size;   // pixels a side
  uint patch_size;
  uint y_stride;
} a;

void main() {
  uint index = gl_WorkGroupID.x;  // of the patch
  uint side = a.size / a.patch_size;
  uint top = (index / side) * a.patch_size;
  uint left = (index % side) * a.patch_size;
  uint area = a.patch_size * a.patch_size;
  for (uint i = gl_LocalInvocationID.x; i < 3u * area; i += THREADS) {
    uint channel = i / area;
    uint dy = (i % area) / a.patch_size;
    uint dx = i % a.patch_size;
    a.y.at[index * a.y_stride + i] = a.pixels.at[(channel * a.size + top + dy) * a.size + left + dx];
  }
}
