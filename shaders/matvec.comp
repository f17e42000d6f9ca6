// Matrix x few vectors (1..TOKENS rows of x): a workgroup takes ROWS rows of the weights, its threads stride over the
// steps. INTEGER_DOT: x as codes.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "matrix.glsl"

layout(local_size_x_id = 3) in;
layout(constant_id = 0) const uint FORMAT = 0u;
layout(constant_id = 1) const uint TOKENS = 1u;
#ifdef INTEGER_DOT
layout(constant_id = 2) const uint PIECE = 32u;  // columns: 32, 16, 8 or 4
#include "integer_dot.glsl"
#else
layout(constant_id = 2) const uint RAGGED = 0u;
#endif
layout(constant_id = 3) const uint THREADS = 64u;
const uint ROWS = 2u;

shared float partial[THREADS];

void main() {
  bool paired = (a.flags & PAIRED) != 0u;  // in turns of 32 rows
  uint group = gl_WorkGroupID.x;
  uint first_row = paired ? group / 32u * 64u + group % 32u : group * ROWS;
  uint to_next = paired ? 32u : 1u;
  uint first_token = gl_WorkGroupID.y * TOKENS;
  float sums[ROWS * TOKENS];
  [[unroll]] for (uint i = 0u; i < ROWS * TOKENS; ++i) sums[i] = 0.0;

  for (uint step = gl_LocalInvocationID.x; step < a.steps; step += THREADS) {
#ifdef INTEGER_DOT
    StepInputs x[TOKENS];
    [[unroll]] for (uint t = 0u; t < TOKENS; ++t) x[t] = step_inputs(min(first_token + t, a.tokens - 1u), step);
#endif
    [[unroll]] for (uint r = 0u; r < ROWS; ++r) {
      uint row = min(first_row + r * to_next, a.rows - 1u);
#ifdef INTEGER_DOT
      StepCodes w = step_codes(FORMAT, row, step);
      [[unroll]] for (uint t = 0u; t < TOKENS; ++t)
        [[unroll]] for (uint p = 0u; p < PIECES; ++p) {
          int dot = 0;
          [[unroll]] for (uint i = p * WORDS; i < (p + 1u) * WORDS; ++i) dot += dot4(w.words[i], x[t].words[i]);
          sums[r * TOKENS + t] += piece_value(dot, w.scale[p], w.zero[p], w.minimum[p], w.sum[p], x[t].step[p], x[t].offset[p], x[t].sum[p]);
        }
#else
      float w[32];
      step_weights(FORMAT, row, step, w);
      // The inputs are the same for every row of weights: the compiler keeps them.
      [[unroll]] for (uint t = 0u; t < TOKENS; ++t) {
        uint m = min(first_token + t, a.tokens - 1u);
        [[unroll]] for (uint k4 = 0u; k4 < 8u; ++k4)
          sums[r * TOKENS + t] += dot(vec4(w[k4 * 4u], w[k4 * 4u + 1u], w[k4 * 4u + 2u], w[k4 * 4u + 3u]),
                                      input_at(m, step * 8u + k4, RAGGED));
      }
#endif
    }
  }

  float gate = 0.0;
  [[unroll]] for (uint t = 0u; t < TOKENS; ++t) {
    [[unroll]] for (uint r = 0u; r < ROWS; ++r) {
      barrier();
      partial[gl_LocalInvocationID.x] = sums[r * TOKENS + t];
      barrier();
      for (uint half_width = THREADS / 2u; half_width > 0u; half_width >>= 1) {
        if (gl_LocalInvocationID.x < half_width)
          partial[gl_LocalInvocationID.x] += partial[gl_LocalInvocationID.x + half_width];
        barrier();
      }
      uint m = first_token + t;
      if (gl_LocalInvocationID.x == 0u && m < a.tokens) {
        if (!paired) {
          if (first_row + r < a.rows) finish(m, first_row + r, partial[0]);
        } else if (r == 0u) {
          gate = partial[0];
        } else {
          finish_pair(m, group, gate, partial[0]);
        }
      }
    }
  }
}
