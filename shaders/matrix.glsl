// Arguments and epilogue of the matrix kernels: y[m, n] = epilogue(sum_k x[m, k] * w[n, k]).
// Weights lie as 16-byte texels in steps of 32 columns (int4: 1 texel a step, int8: 2, f16: 4); texel t of row n is at
// ((n / interleave) * texels_per_row + t) * interleave + n % interleave; scales (f16, in pairs with minimums where there are such) and zeros
// (u8) likewise by group. A texel of int4 holds 8 columns a word, int8 4 in the order of its bytes; of int4 the low halves of a word's bytes are the
// first 4 columns, the high ones the other 4, as products of four bytes take them.
#include "activation.glsl"

#define FORMAT_INT4 0u
#define FORMAT_INT8 1u
#define FORMAT_F16 2u
#define FORMAT_INT8_HALF 3u  // int8, a group is half a step

#define EPILOGUE_BIAS 1u
#define EPILOGUE_ADD 2u       // y = value + extra[m, n]
#define EPILOGUE_MULTIPLY 4u  // y = value * extra[m, n]
#define HAS_ZEROS 8u
#define HAS_MINIMUMS 16u
#define PAIRED 32u  // rows in turns, as many of a gate and of what it gates as the host packs; an output a pair

#ifdef TEXEL_BUFFERS
// The first elements inside the bound texel buffers.
#define MATRIX_POINTERS uvec2 codes; uvec2 scales; uvec2 zeros; uvec2 x;
#define GRIDS uvec2
#elif defined(INTEGER_DOT)
#define MATRIX_POINTERS Texels codes; Words scales; Words zeros; Texels x;
#define GRIDS Pairs
#else
#define MATRIX_POINTERS Texels codes; Words scales; Words zeros; Vectors x;
#endif

layout(push_constant, std430) uniform Arguments {
  MATRIX_POINTERS
  Floats y;
  Floats bias;   // [rows]
  Floats extra;  // [tokens, rows], rows extra_stride apart
  uint rows;     // N, output features
  uint columns;  // K, input features
  uint tokens;   // M
  uint x_stride;  // in vec4, or in texels of codes
  uint y_stride;
  uint extra_stride;
  uint steps;         // ceil(K / 32)
  uint groups;        // a row
  uint group_steps;   // steps a group
  uint interleave;
  float zero;         // the zero point where there is no plane of them
  uint flags;         // FLAGS
  uint outputs;       // N, or the pairs
#ifdef INTEGER_DOT
  uint group_pieces;  // pieces a group of x
  GRIDS grids;        // [tokens, x_groups] of step and offset
  uint x_groups;
#endif
} a;

// EPILOGUE_* and the others above | activation kind << 8: a constant for CPU devices, which run both sides of every branch.
#ifdef TEXEL_BUFFERS
layout(constant_id = 5) const uint FLAGS = 0u;
#else
#define FLAGS a.flags
#endif

// The place of column i of eight in a word of int4 codes.
uint int4_place(uint i) { return (i & 3u) * 8u + (i & 4u); }

void finish(uint m, uint n, float value) {
  if ((FLAGS & EPILOGUE_BIAS) != 0u) value += a.bias.at[n];
  value = activate((FLAGS >> 8) & 15u, value);
  if ((FLAGS & EPILOGUE_ADD) != 0u) value += a.extra.at[m * a.extra_stride + n];
  if ((FLAGS & EPILOGUE_MULTIPLY) != 0u) value *= a.extra.at[m * a.extra_stride + n];
  a.y.at[m * a.y_stride + n] = value;
}

void finish_pair(uint m, uint n, float gate, float up) {
  if (n < a.outputs) a.y.at[m * a.y_stride + n] = activate((FLAGS >> 8) & 15u, gate) * up;
}

#ifndef TEXEL_BUFFERS
uint row_base(uint row, uint items) { return (row / a.interleave) * items * a.interleave + row % a.interleave; }

// w = (code - zero) * scale + minimum
struct Affine {
  float scale, zero, minimum;
};

Affine affine_at(uint row, uint group) {
  uint i = row_base(row, a.groups) + group * a.interleave;
  if ((FLAGS & HAS_MINIMUMS) != 0u) {
    vec2 pair = unpackHalf2x16(a.scales.at[i]);
    return Affine(pair.x, 0.0, pair.y);
  }
  vec2 pair = unpackHalf2x16(a.scales.at[i >> 1]);
  float scale = (i & 1u) == 0u ? pair.x : pair.y;
  if ((FLAGS & HAS_ZEROS) == 0u) return Affine(scale, a.zero, 0.0);
  return Affine(scale, float((a.zeros.at[i >> 2] >> ((i & 3u) * 8u)) & 255u), 0.0);
}

// The 32 weights of one step of a row.
void step_weights(uint format, uint row, uint step, out float w[32]) {
  if (format == FORMAT_F16) {
    uint base = row_base(row, a.steps * 4u) + step * 4u * a.interleave;
    [[unroll]] for (uint t = 0u; t < 4u; ++t) {
      uvec4 texel = a.codes.at[base + t * a.interleave];
      [[unroll]] for (uint i = 0u; i < 4u; ++i) {
        vec2 pair = unpackHalf2x16(texel[i]);
        w[t * 8u + i * 2u] = pair.x;
        w[t * 8u + i * 2u + 1u] = pair.y;
      }
    }
    return;
  }
  Affine group = affine_at(row, format == FORMAT_INT8_HALF ? step * 2u : step / a.group_steps);
  if (format == FORMAT_INT4) {
    uvec4 texel = a.codes.at[row_base(row, a.steps) + step * a.interleave];
    [[unroll]] for (uint i = 0u; i < 32u; ++i)
      w[i] = (float((texel[i >> 3] >> int4_place(i)) & 15u) - group.zero) * group.scale + group.minimum;
  } else {
    uint base = row_base(row, a.steps * 2u) + step * 2u * a.interleave;
    [[unroll]] for (uint t = 0u; t < 2u; ++t) {
      uvec4 texel = a.codes.at[base + t * a.interleave];
      if (format == FORMAT_INT8_HALF && t == 1u) group = affine_at(row, step * 2u + 1u);
      [[unroll]] for (uint i = 0u; i < 16u; ++i)
        w[t * 16u + i] = (float((texel[i >> 2] >> ((i & 3u) * 8u)) & 255u) - group.zero) * group.scale + group.minimum;
    }
  }
}

#ifndef INTEGER_DOT
// x[m, 4 * k4 .. 4 * k4 + 3], zero past the last column; ragged: K is not a multiple of 32.
vec4 input_at(uint m, uint k4, uint ragged) {
  if (ragged == 0u) return a.x.at[m * a.x_stride + k4];
  vec4 v = a.x.at[m * a.x_stride + min(k4, a.x_stride - 1u)];
  uint k = k4 * 4u;
  return mix(vec4(0.0), v, lessThan(uvec4(k, k + 1u, k + 2u, k + 3u), uvec4(a.columns)));
}
#endif
#endif
