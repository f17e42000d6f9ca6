// Matrix x matrix by tiles in shared memory: 64 rows of weights x 32 rows of x, 32 columns at a time, 4 x 2 results a
// thread.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "matrix.glsl"
#include "tile.glsl"

layout(local_size_x = 256) in;
layout(constant_id = 0) const uint FORMAT = 0u;
layout(constant_id = 1) const uint RAGGED = 0u;
const uint PART = 8u;  // columns that are summed in the arithmetic's own precision; float32 beyond

#ifdef FLOAT16
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#define REAL float16_t
#define REAL2 f16vec2
#else
#define REAL float
#define REAL2 vec2
#endif

shared REAL weights[32u * TILE_N];  // [column, row]
shared REAL2 inputs[32u * HALF_M];  // [column, token]

void main() {
  uint id = gl_LocalInvocationID.x;
  uint first_row = gl_WorkGroupID.x * TILE_N;
  uint first_token = gl_WorkGroupID.y * HALF_M * 2u;
  uint tn = id % 16u;  // rows tn, tn + 16, tn + 32, tn + 48
  uint tm = id / 16u;  // tokens tm, tm + 16
  vec2 sums[4];
  [[unroll]] for (uint i = 0u; i < 4u; ++i) sums[i] = vec2(0.0);

  for (uint step = 0u; step < a.steps; ++step) {
    if (id < TILE_N) {
      float w[32];
      step_weights(FORMAT, min(first_row + id, a.rows - 1u), step, w);
      [[unroll]] for (uint i = 0u; i < 32u; ++i) weights[i * TILE_N + id] = REAL(w[i]);
    }
    {
      uint m = id / 8u;  // 32 tokens x 8 vectors of 4 columns
      uint k4 = id % 8u;
      vec4 v = input_at(min(first_token + m, a.tokens - 1u), step * 8u + k4, RAGGED);
      [[unroll]] for (uint i = 0u; i < 4u; ++i) inputs[(k4 * 4u + i) * HALF_M + m % HALF_M][m / HALF_M] = REAL(v[i]);
    }
    barrier();
    for (uint begin = 0u; begin < 32u; begin += PART) {
      REAL2 part[4];
      [[unroll]] for (uint i = 0u; i < 4u; ++i) part[i] = REAL2(0.0);
      [[unroll]] for (uint k = 0u; k < PART; ++k) {
        REAL2 x = inputs[(begin + k) * HALF_M + tm];
        [[unroll]] for (uint i = 0u; i < 4u; ++i) part[i] += weights[(begin + k) * TILE_N + tn + i * 16u] * x;
      }
      [[unroll]] for (uint i = 0u; i < 4u; ++i) sums[i] += vec2(part[i]);
    }
    barrier();
  }
  finish_tile(first_row, first_token, tn, tm, sums);
}
