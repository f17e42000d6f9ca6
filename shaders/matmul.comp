// Matrix x matrix by tiles in shared memory: 64 rows of weights x 32 rows of x, 32 columns at a time, 4 x 2 results a
// thread.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "matrix.glsl"

layout(local_size_x = 256) in;
layout(constant_id = 0) const uint FORMAT = 0u;
layout(constant_id = 1) const uint RAGGED = 0u;
const uint TILE_N = 64u;
const uint TILE_M = 32u;

shared float weights[32u * TILE_N];  // [column, row]
shared float inputs[32u * TILE_M];   // [column, token]

void main() {
  uint id = gl_LocalInvocationID.x;
  uint first_row = gl_WorkGroupID.x * TILE_N;
  uint first_token = gl_WorkGroupID.y * TILE_M;
  uint tn = id % 16u;  // rows tn, tn + 16, tn + 32, tn + 48
  uint tm = id / 16u;  // tokens tm, tm + 16
  float sums[4][2];
  [[unroll]] for (uint i = 0u; i < 4u; ++i) { sums[i][0] = 0.0; sums[i][1] = 0.0; }

  for (uint step = 0u; step < a.steps; ++step) {
    if (id < TILE_N) {
      float w[32];
      step_weights(FORMAT, min(first_row + id, a.rows - 1u), step, w);
      [[unroll]] for (uint i = 0u; i < 32u; ++i) weights[i * TILE_N + id] = w[i];
    }
    {
      uint m = id / 8u;  // 32 tokens x 8 vectors of 4 columns
      uint k4 = id % 8u;
      vec4 v = input_at(min(first_token + m, a.tokens - 1u), step * 8u + k4, RAGGED);
      inputs[(k4 * 4u) * TILE_M + m] = v.x;
      inputs[(k4 * 4u + 1u) * TILE_M + m] = v.y;
      inputs[(k4 * 4u + 2u) * TILE_M + m] = v.z;
      inputs[(k4 * 4u + 3u) * TILE_M + m] = v.w;
    }
    barrier();
    for (uint k = 0u; k < 32u; ++k) {
      float x0 = inputs[k * TILE_M + tm];
      float x1 = inputs[k * TILE_M + tm + 16u];
      [[unroll]] for (uint i = 0u; i < 4u; ++i) {
        float w = weights[k * TILE_N + tn + i * 16u];
        sums[i][0] += w * x0;
        sums[i][1] += w * x1;
      }
    }
    barrier();
  }
  if ((a.flags & PAIRED) != 0u) {  // in turns of 32 rows
    [[unroll]] for (uint i = 0u; i < 2u; ++i)
      [[unroll]] for (uint j = 0u; j < 2u; ++j) {
        uint m = first_token + tm + j * 16u;
        if (m < a.tokens) finish_pair(m, first_row / 2u + tn + i * 16u, sums[i][j], sums[i + 2u][j]);
      }
    return;
  }
  [[unroll]] for (uint i = 0u; i < 4u; ++i) {
    uint n = first_row + tn + i * 16u;
    [[unroll]] for (uint j = 0u; j < 2u; ++j) {
      uint m = first_token + tm + j * 16u;
      if (n < a.rows && m < a.tokens) finish(m, n, sums[i][j]);
    }
  }
}
