// The matrix kernels of CPU devices (matrix x vector with TOKENS = 1, matrix x matrix with more). There a load by
// address is a scalar loop over the lanes, while texelFetch is a vector gather; so weights and x come through uniform
// texel buffers. One workgroup is one subgroup, a lane takes ROWS rows of the weights. Measured on lavapipe (Mesa 22.3,
// AVX2), million multiply-adds a second and core: x by subgroupBroadcast 2500, x by texelFetch of the same texel in
// every lane 6300, lanes along the columns with a sum at the end 2700. INTEGER_DOT: x as codes, in groups of whole steps.
#version 460
#extension GL_GOOGLE_include_directive : require
#define TEXEL_BUFFERS
#include "common.glsl"
#include "matrix.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 8u;
layout(constant_id = 1) const uint FORMAT = 0u;
layout(constant_id = 2) const uint TOKENS = 1u;
layout(constant_id = 3) const uint ROWS = 4u;      // a lane
#ifdef INTEGER_DOT
const uint PIECE = 32u;
#include "integer_dot.glsl"
#else
layout(constant_id = 4) const uint RAGGED = 0u;    // the last step is not whole: mask x
#endif

layout(set = 0, binding = 0) uniform utextureBuffer code_texels;   // RGBA32UI
layout(set = 0, binding = 1) uniform textureBuffer scale_texels;   // R16F
layout(set = 0, binding = 2) uniform utextureBuffer zero_texels;   // R8UI
#ifdef INTEGER_DOT
layout(set = 0, binding = 3) uniform utextureBuffer input_texels;  // RGBA32UI
layout(set = 0, binding = 4) uniform textureBuffer grid_texels;    // RG32F
#else
layout(set = 0, binding = 3) uniform textureBuffer input_texels;   // RGBA32F
#endif

uint x_index[TOKENS];  // first texel of the token's row
float sums[TOKENS * ROWS];

#ifdef INTEGER_DOT
// w = (code - zero[r]) * scale[r] + minimum[r] in the group whose first value lies at `from`; codes in signed lanes.
void read_group(uint group_index[ROWS], uint from, out float scale[ROWS], out float zero[ROWS], out float minimum[ROWS]) {
  [[unroll]] for (uint r = 0u; r < ROWS; ++r) {
    int i = int(group_index[r] + from);
    zero[r] = a.zero;
    minimum[r] = 0.0;
    if ((a.flags & HAS_MINIMUMS) != 0u) {
      scale[r] = texelFetch(scale_texels, int(a.scales.x) + 2 * i).x;
      minimum[r] = texelFetch(scale_texels, int(a.scales.x) + 2 * i + 1).x;
    } else {
      scale[r] = texelFetch(scale_texels, int(a.scales.x) + i).x;
      if ((a.flags & HAS_ZEROS) != 0u) zero[r] = float(texelFetch(zero_texels, int(a.zeros.x) + i).x);
    }
    if (FORMAT != FORMAT_INT4) zero[r] -= 128.0;
  }
}

// sums += what step `step` gives
void add_step(uint code_index[ROWS], uint step, float scale[ROWS], float zero[ROWS], float minimum[ROWS]) {
  const uint texels_per_step = FORMAT == FORMAT_INT4 ? 1u : 2u;
  int dots[TOKENS * ROWS];
  int code_sums[ROWS];
  int x_sums[TOKENS];
  [[unroll]] for (uint i = 0u; i < TOKENS * ROWS; ++i) dots[i] = 0;
  [[unroll]] for (uint r = 0u; r < ROWS; ++r) code_sums[r] = 0;
  [[unroll]] for (uint t = 0u; t < TOKENS; ++t) x_sums[t] = 0;
  [[unroll]] for (uint q = 0u; q < 2u; ++q) {  // 16 columns
    uvec4 x[TOKENS];
    [[unroll]] for (uint t = 0u; t < TOKENS; ++t) {
      x[t] = texelFetch(input_texels, int(x_index[t] + step * 2u + q));
      [[unroll]] for (uint i = 0u; i < 4u; ++i) x_sums[t] += dot4(x[t][i], ONES);
    }
    [[unroll]] for (uint r = 0u; r < ROWS; ++r) {
      uvec4 texel = texelFetch(code_texels, int(code_index[r] + (step * texels_per_step + (FORMAT == FORMAT_INT4 ? 0u : q)) * a.interleave));
      [[unroll]] for (uint i = 0u; i < 4u; ++i) {
        uint codes = FORMAT == FORMAT_INT4 ? (texel[q * 2u + i / 2u] >> (i % 2u * 4u)) & 0x0f0f0f0fu : texel[i] ^ 0x80808080u;
        code_sums[r] += dot4(codes, ONES);
        [[unroll]] for (uint t = 0u; t < TOKENS; ++t) dots[t * ROWS + r] += dot4(codes, x[t][i]);
      }
    }
  }
  [[unroll]] for (uint t = 0u; t < TOKENS; ++t) {
    uint m = min(gl_WorkGroupID.y * TOKENS + t, a.tokens - 1u);
    vec2 grid = texelFetch(grid_texels, int(a.grids.x + m * a.x_groups + min(step / a.group_pieces, a.x_groups - 1u))).xy;
    float x_sum = float(x_sums[t]) + float(PIECE) * grid.y;
    [[unroll]] for (uint r = 0u; r < ROWS; ++r)
      sums[t * ROWS + r] += piece_value(dots[t * ROWS + r], scale[r], zero[r], minimum[r], float(code_sums[r]), grid.x, grid.y, x_sum);
  }
}
#else
vec4 x[TOKENS];        // 4 columns

// w = code * scale[r] + shift[r] in the group whose first value lies at `from`.
void read_group(uint group_index[ROWS], uint from, out float scale[ROWS], out float shift[ROWS]) {
  [[unroll]] for (uint r = 0u; r < ROWS; ++r) {
    int i = int(group_index[r] + from);
    if ((a.flags & HAS_MINIMUMS) != 0u) {
      scale[r] = texelFetch(scale_texels, int(a.scales.x) + 2 * i).x;
      shift[r] = texelFetch(scale_texels, int(a.scales.x) + 2 * i + 1).x;
    } else {
      scale[r] = texelFetch(scale_texels, int(a.scales.x) + i).x;
      float zero = a.zero;
      if ((a.flags & HAS_ZEROS) != 0u) zero = float(texelFetch(zero_texels, int(a.zeros.x) + i).x);
      shift[r] = -zero * scale[r];
    }
  }
}

// sums += w[r] * x[., step * 32 + i], i ascending
void accumulate(uint step, uint i, float w[ROWS]) {
  uint k4 = step * 8u + i / 4u;
  [[unroll]] for (uint t = 0u; t < TOKENS; ++t) {
    if ((i & 3u) == 0u) {
      x[t] = texelFetch(input_texels, int(x_index[t] + k4));
      if (RAGGED != 0u) {
        uint k = k4 * 4u;
        x[t] = mix(vec4(0.0), x[t], lessThan(uvec4(k, k + 1u, k + 2u, k + 3u), uvec4(a.columns)));
      }
    }
    [[unroll]] for (uint r = 0u; r < ROWS; ++r) sums[t * ROWS + r] = fma(w[r], x[t][i & 3u], sums[t * ROWS + r]);
  }
}
#endif

void main() {
  uint lane = gl_LocalInvocationID.x;
  uint first_row = gl_WorkGroupID.x * LANES * ROWS;
  uint first_token = gl_WorkGroupID.y * TOKENS;
  const uint texels_per_step = FORMAT == FORMAT_F16 ? 4u : (FORMAT == FORMAT_INT4 ? 1u : 2u);
  uint code_index[ROWS];
  uint group_index[ROWS];
  uint row[ROWS];
  [[unroll]] for (uint r = 0u; r < ROWS; ++r) {
    row[r] = first_row + r * LANES + lane;
    uint clamped = min(row[r], a.rows - 1u);
    uint tile = clamped / a.interleave;
    uint within = clamped % a.interleave;
    code_index[r] = a.codes.x + tile * a.steps * texels_per_step * a.interleave + within;
    group_index[r] = tile * a.groups * a.interleave + within;
  }
  [[unroll]] for (uint t = 0u; t < TOKENS; ++t) x_index[t] = a.x.x + min(first_token + t, a.tokens - 1u) * a.x_stride;
  [[unroll]] for (uint i = 0u; i < TOKENS * ROWS; ++i) sums[i] = 0.0;

  uint group = 0u;
  uint steps_left = a.group_steps;
  for (uint step = 0u; step < a.steps; ++step) {
#ifdef INTEGER_DOT
    float scale[ROWS];
    float zero[ROWS];
    float minimum[ROWS];
    read_group(group_index, group * a.interleave, scale, zero, minimum);
    add_step(code_index, step, scale, zero, minimum);
    if (--steps_left == 0u) {
      ++group;
      steps_left = a.group_steps;
    }
#else
    if (FORMAT == FORMAT_F16) {
      [[unroll]] for (uint q = 0u; q < 4u; ++q) {
        uvec4 texel[ROWS];
        [[unroll]] for (uint r = 0u; r < ROWS; ++r)
          texel[r] = texelFetch(code_texels, int(code_index[r] + (step * 4u + q) * a.interleave));
        [[unroll]] for (uint i = 0u; i < 8u; ++i) {
          float w[ROWS];
          [[unroll]] for (uint r = 0u; r < ROWS; ++r) {
            vec2 pair = unpackHalf2x16(texel[r][i >> 1]);
            w[r] = (i & 1u) == 0u ? pair.x : pair.y;
          }
          accumulate(step, q * 8u + i, w);
        }
      }
    } else {
      float scale[ROWS];
      float shift[ROWS];
      read_group(group_index, group * a.interleave, scale, shift);
      if (FORMAT == FORMAT_INT4) {
        uvec4 texel[ROWS];
        [[unroll]] for (uint r = 0u; r < ROWS; ++r)
          texel[r] = texelFetch(code_texels, int(code_index[r] + step * a.interleave));
        [[unroll]] for (uint i = 0u; i < 32u; ++i) {
          // A code stays at its place in the word, 2^place times too large; a smaller scale undoes it.
          const uint place = int4_place(i);
          float w[ROWS];
          [[unroll]] for (uint r = 0u; r < ROWS; ++r) {
            uint word = texel[r][i >> 3];
            float code = place == 28u ? float(int(word >> 28u)) : float(int(word & (15u << place)));
            w[r] = fma(code, scale[r] * (place == 28u ? 1.0 : 1.0 / float(1u << place)), shift[r]);
          }
          accumulate(step, i, w);
        }
      } else {
        [[unroll]] for (uint q = 0u; q < 2u; ++q) {
          if (FORMAT == FORMAT_INT8_HALF && q == 1u) read_group(group_index, ++group * a.interleave, scale, shift);
          uvec4 texel[ROWS];
          [[unroll]] for (uint r = 0u; r < ROWS; ++r)
            texel[r] = texelFetch(code_texels, int(code_index[r] + (step * 2u + q) * a.interleave));
          [[unroll]] for (uint i = 0u; i < 16u; ++i) {
            float w[ROWS];
            [[unroll]] for (uint r = 0u; r < ROWS; ++r)
              w[r] = fma(float(int((texel[r][i >> 2] >> ((i & 3u) * 8u)) & 255u)), scale[r], shift[r]);
            accumulate(step, q * 16u + i, w);
          }
        }
      }
      if (--steps_left == 0u) {
        ++group;
        steps_left = a.group_steps;
      }
    }
#endif
  }

  [[unroll]] for (uint t = 0u; t < TOKENS; ++t) {
    uint m = first_token + t;
    if (m >= a.tokens) continue;
    if ((a.flags & PAIRED) != 0u) {
      // In turns of two rows a lane: rows 0, 1, 4, 5 ... are gates, 2, 3, 6, 7 ... what they gate.
      [[unroll]] for (uint r = 0u; r < ROWS / 2u; ++r) {
        const uint gate = t * ROWS + r / 2u * 4u + r % 2u;
        finish_pair(m, first_row / 2u + r * LANES + lane, sums[gate], sums[gate + 2u]);
      }
    } else {
      [[unroll]] for (uint r = 0u; r < ROWS; ++r)
        if (row[r] < a.rows) finish(m, row[r], sums[t * ROWS + r]);
    }
  }
}
