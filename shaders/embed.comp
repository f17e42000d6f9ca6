// Rows of the decoder's input: row ids[m] of the embedding, which is packed as matrix weights are, or for ids[m] < 0 row -1 - ids[m] of the
// image features. Of the matrix kernels' arguments: x is the features, extra the ids, tokens are counted by workgroups.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "matrix.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint THREADS = 64u;
layout(constant_id = 1) const uint FORMAT = 0u;

void main() {
  uint m = gl_WorkGroupID.x;
  int id = Ints(a.extra).at[m];
  uint row = m * a.y_stride;
  if (id < 0) {
    uint from = uint(-1 - id) * a.x_stride;
    for (uint k4 = gl_LocalInvocationID.x; k4 * 4u < a.columns; k4 += THREADS) {
      vec4 values = a.x.at[from + k4];
      [[unroll]] for (uint i = 0u; i < 4u; ++i)
        if (k4 * 4u + i < a.columns) a.y.at[row + k4 * 4u + i] = values[i];
    }
    return;
  }
  for (uint step = gl_LocalInvocationID.x; step < a.steps; step += THREADS) {
    float w[32];
    step_weights(FORMAT, uint(id), step, w);
    [[unroll]] for (uint i = 0u; i < 32u; ++i)
      if (step * 32u + i < a.columns) a.y.at[row + step * 32u + i] = w[i];
  }
}
