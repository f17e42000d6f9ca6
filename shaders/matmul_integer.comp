// Matrix x matrix by tiles in shared memory, x as codes: 64 rows of weights x 32 rows of x, 32 columns at a time, 4 x 2 results a thread.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "matrix.glsl"
#include "tile.glsl"

layout(local_size_x = 256) in;
layout(constant_id = 0) const uint FORMAT = 0u;
layout(constant_id = 1) const uint PIECE = 32u;  // columns: 32, 16, 8 or 4
#include "integer_dot.glsl"

shared uint weights[8u * TILE_N];            // [word, row]
shared vec4 weight_pieces[PIECES * TILE_N];  // [piece, row] of scale, zero, minimum, sum
shared uint inputs[16u * HALF_M];            // [word, token]
shared vec4 input_pieces[PIECES * 2u * HALF_M];  // [piece, token] of step, offset, sum

void main() {
  uint id = gl_LocalInvocationID.x;
  uint first_row = gl_WorkGroupID.x * TILE_N;
  uint first_token = gl_WorkGroupID.y * HALF_M * 2u;
  uint tn = id % 16u;
  uint tm = id / 16u;
  vec2 sums[4];
  [[unroll]] for (uint i = 0u; i < 4u; ++i) sums[i] = vec2(0.0);

  for (uint step = 0u; step < a.steps; ++step) {
    if (id < TILE_N) {
      StepCodes w = step_codes(FORMAT, min(first_row + id, a.rows - 1u), step);
      [[unroll]] for (uint i = 0u; i < 8u; ++i) weights[i * TILE_N + id] = w.words[i];
      [[unroll]] for (uint p = 0u; p < PIECES; ++p)
        weight_pieces[p * TILE_N + id] = vec4(w.scale[p], w.zero[p], w.minimum[p], w.sum[p]);
    } else if (id < TILE_N + 2u * HALF_M) {
      uint m = id - TILE_N;
      StepInputs x = step_inputs(min(first_token + m, a.tokens - 1u), step);
      [[unroll]] for (uint i = 0u; i < 8u; ++i) inputs[i * 2u * HALF_M + m] = x.words[i];
      [[unroll]] for (uint p = 0u; p < PIECES; ++p) input_pieces[p * 2u * HALF_M + m] = vec4(x.step[p], x.offset[p], x.sum[p], 0.0);
    }
    barrier();
    [[unroll]] for (uint p = 0u; p < PIECES; ++p) {
      int dots[8];
      [[unroll]] for (uint i = 0u; i < 8u; ++i) dots[i] = 0;
      [[unroll]] for (uint word = p * WORDS; word < (p + 1u) * WORDS; ++word)
        [[unroll]] for (uint j = 0u; j < 2u; ++j) {
          uint x = inputs[word * 2u * HALF_M + tm + j * HALF_M];
          [[unroll]] for (uint i = 0u; i < 4u; ++i) dots[i * 2u + j] += dot4(weights[word * TILE_N + tn + i * 16u], x);
        }
      [[unroll]] for (uint j = 0u; j < 2u; ++j) {
        vec4 x = input_pieces[p * 2u * HALF_M + tm + j * HALF_M];
        [[unroll]] for (uint i = 0u; i < 4u; ++i) {
          vec4 w = weight_pieces[p * TILE_N + tn + i * 16u];
          sums[i][j] += piece_value(dots[i * 2u + j], w.x, w.y, w.z, w.w, x.x, x.y, x.z);
        }
      }
    }
    barrier();
  }
  finish_tile(first_row, first_token, tn, tm, sums);
}
