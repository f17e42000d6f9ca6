// The matrix kernels of CPU devices (matrix x vector with TOKENS = 1, matrix x matrix with more). There a load by address is a scalar
// loop over the lanes, while texelFetch is a vector gather; so weights and x come through uniform texel buffers, one row of weights a lane,
// and x is fetched once a subgroup and broadcast. One workgroup is one subgroup.
#version 460
#extension GL_GOOGLE_include_directive : require
#define TEXEL_BUFFERS
#include "common.glsl"
#include "matrix.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 8u;
layout(constant_id = 1) const uint FORMAT = 0u;
layout(constant_id = 2) const uint TOKENS = 1u;
layout(constant_id = 3) const uint ROWS = 2u;      // a lane
layout(constant_id = 4) const uint RAGGED = 0u;    // the last step is not whole: mask x

layout(set = 0, binding = 0) uniform utextureBuffer code_texels;   // RGBA32UI
layout(set = 0, binding = 1) uniform textureBuffer scale_texels;   // R16F
layout(set = 0, binding = 2) uniform utextureBuffer zero_texels;   // R8UI
layout(set = 0, binding = 3) uniform textureBuffer input_texels;   // RGBA32F

const uint FETCHES = LANES >= 8u ? 1u : 8u / LANES;  // vec4 of x that a lane fetches for a step of 32 columns
const uint SPREAD = LANES >= 8u ? 8u : LANES;        // lanes that hold distinct ones

vec4 x[TOKENS * FETCHES];
float sums[TOKENS * ROWS];

// sums += w[r] * x[., column], column 0..31 of the step
void accumulate(uint column, float w[ROWS]) {
  uint k4 = column / 4u;
  [[unroll]] for (uint t = 0u; t < TOKENS; ++t) {
    float v = subgroupBroadcast(x[t * FETCHES + k4 / SPREAD][column & 3u], k4 % SPREAD);
    [[unroll]] for (uint r = 0u; r < ROWS; ++r) sums[t * ROWS + r] = fma(w[r], v, sums[t * ROWS + r]);
  }
}

void main() {
  uint lane = gl_SubgroupInvocationID;
  uint first_row = gl_WorkGroupID.x * LANES * ROWS;
  uint first_token = gl_WorkGroupID.y * TOKENS;
  const uint texels_per_step = FORMAT == FORMAT_F16 ? 4u : (FORMAT == FORMAT_INT8 ? 2u : 1u);
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
  uint x_index[TOKENS];
  [[unroll]] for (uint t = 0u; t < TOKENS; ++t)
    x_index[t] = a.x.x + min(first_token + t, a.tokens - 1u) * a.x_stride + lane % SPREAD;
  [[unroll]] for (uint i = 0u; i < TOKENS * ROWS; ++i) sums[i] = 0.0;

  uint group = 0u;
  uint steps_left = a.group_steps;
  for (uint step = 0u; step < a.steps; ++step) {
    [[unroll]] for (uint t = 0u; t < TOKENS; ++t) {
      [[unroll]] for (uint f = 0u; f < FETCHES; ++f) {
        uint k4 = step * 8u + f * SPREAD;
        vec4 v = texelFetch(input_texels, int(x_index[t] + k4));
        if (RAGGED != 0u) {
          uint k = (k4 + lane % SPREAD) * 4u;
          v = mix(vec4(0.0), v, lessThan(uvec4(k, k + 1u, k + 2u, k + 3u), uvec4(a.columns)));
        }
        x[t * FETCHES + f] = v;
      }
    }
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
          accumulate(q * 8u + i, w);
        }
      }
    } else {
      float scale[ROWS];
      float shift[ROWS];
      [[unroll]] for (uint r = 0u; r < ROWS; ++r) {
        int i = int(group_index[r] + group * a.interleave);
        scale[r] = texelFetch(scale_texels, int(a.scales.x) + i).x;
        float zero = a.zero;
        if ((a.flags & HAS_ZEROS) != 0u) zero = float(texelFetch(zero_texels, int(a.zeros.x) + i).x);
        shift[r] = -zero * scale[r];
      }
      if (FORMAT == FORMAT_INT4) {
        uvec4 texel[ROWS];
        [[unroll]] for (uint r = 0u; r < ROWS; ++r)
          texel[r] = texelFetch(code_texels, int(code_index[r] + step * a.interleave));
        [[unroll]] for (uint i = 0u; i < 32u; ++i) {
          float w[ROWS];
          [[unroll]] for (uint r = 0u; r < ROWS; ++r)
            w[r] = fma(float((texel[r][i >> 3] >> ((i & 7u) * 4u)) & 15u), scale[r], shift[r]);
          accumulate(i, w);
        }
      } else {
        [[unroll]] for (uint q = 0u; q < 2u; ++q) {
          uvec4 texel[ROWS];
          [[unroll]] for (uint r = 0u; r < ROWS; ++r)
            texel[r] = texelFetch(code_texels, int(code_index[r] + (step * 2u + q) * a.interleave));
          [[unroll]] for (uint i = 0u; i < 16u; ++i) {
            float w[ROWS];
            [[unroll]] for (uint r = 0u; r < ROWS; ++r)
              w[r] = fma(float((texel[r][i >> 2] >> ((i & 3u) * 8u)) & 255u), scale[r], shift[r]);
            accumulate(q * 16u + i, w);
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
    if (m < a.tokens) {
      [[unroll]] for (uint r = 0u; r < ROWS; ++r)
        if (row[r] < a.rows) finish(m, row[r], sums[t * ROWS + r]);
    }
  }
}
