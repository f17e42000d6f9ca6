// The matrix kernels of CPU devices (matrix x vector with TOKENS = 1, matrix x matrix with more). There a load by
// address is a scalar loop over the lanes, while texelFetch is a vector gather; so weights and x come through uniform
// texel buffers. One workgroup is one subgroup, a lane takes ROWS rows of the weights. Measured on lavapipe (Mesa 22.3,
// AVX2), million multiply-adds a second and core: x by subgroupBroadcast 2500, x by texelFetch of the same texel in
// every lane 6300, lanes along the columns with a sum at the end 2700.
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
layout(constant_id = 4) const uint RAGGED = 0u;    // the last step is not whole: mask x

layout(set = 0, binding = 0) uniform utextureBuffer code_texels;   // RGBA32UI
layout(set = 0, binding = 1) uniform textureBuffer scale_texels;   // R16F
layout(set = 0, binding = 2) uniform utextureBuffer zero_texels;   // R8UI
layout(set = 0, binding = 3) uniform textureBuffer input_texels;   // RGBA32F

uint x_index[TOKENS];  // first texel of the token's row
vec4 x[TOKENS];        // 4 columns
float sums[TOKENS * ROWS];

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
