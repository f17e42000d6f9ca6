// Rows of the decoder's input: row ids[m] of the embedding (f16 texels), or for ids[m] < 0 row -1 - ids[m] of the image
// features.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint THREADS = 64u;

layout(push_constant, std430) uniform Arguments {
  Texels embedding;  // [vocabulary, width] f16, interleaved as matrix weights are
  Ints ids;          // [tokens]
  Floats features;   // [., width]
  Floats y;          // [tokens, y_stride]
  uint width;
  uint texels_per_row;
  uint interleave;
  uint feature_stride;
  uint y_stride;
} a;

void main() {
  uint m = gl_WorkGroupID.x;
  int id = a.ids.at[m];
  if (id < 0) {
    for (uint i = gl_LocalInvocationID.x; i < a.width; i += THREADS)
      a.y.at[m * a.y_stride + i] = a.features.at[uint(-1 - id) * a.feature_stride + i];
    return;
  }
  uint row = uint(id);
  uint base = (row / a.interleave) * a.texels_per_row * a.interleave + row % a.interleave;
  for (uint t = gl_LocalInvocationID.x; t * 8u < a.width; t += THREADS) {
    uvec4 texel = a.embedding.at[base + t * a.interleave];
    [[unroll]] for (uint i = 0u; i < 8u; ++i) {
      vec2 pair = unpackHalf2x16(texel[i >> 1]);
      if (t * 8u + i < a.width) a.y.at[m * a.y_stride + t * 8u + i] = (i & 1u) == 0u ? pair.x : pair.y;
    }
  }
}
