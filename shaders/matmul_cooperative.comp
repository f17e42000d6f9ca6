// Matrix x matrix on matrix units: TOKENS rows of x times ROWS rows of weights, 32 columns at a time, as float16 tiles in shared memory. TALL by
// two subgroups each take a part of the tokens and half of the rows, in fragments of M x N x K; sums are float32.
// x and dequantized weights may lie beyond float16's 65504 or below its smallest, so each side of a tile is held as value / 2^power. A power
// follows the largest value seen so far, and the sums follow the powers.
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#include "common.glsl"
#include "matrix.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint THREADS = 128u;
layout(constant_id = 1) const uint FORMAT = 0u;
layout(constant_id = 2) const uint RAGGED = 0u;
layout(constant_id = 3) const uint M = 16u;
layout(constant_id = 4) const uint N = 16u;
layout(constant_id = 5) const uint K = 16u;
layout(constant_id = 6) const uint TOKENS = 64u;
layout(constant_id = 7) const uint ROWS = 64u;
layout(constant_id = 8) const uint LANES = 32u;  // a subgroup

const uint STRIDE = 10u;  // vectors of 4 columns a row of a tile: 8, and 2 that keep the rows of a fragment on different banks
shared f16vec4 inputs[TOKENS * STRIDE];
shared f16vec4 weights[ROWS * STRIDE];

const uint TALL = THREADS / 2u / LANES;
const uint DOWN = TOKENS / TALL / M;  // fragments of a subgroup
const uint ACROSS = ROWS / 2u / N;
const uint BLOCK = 32u / N;  // fragments of a subgroup in 64 rows: 16 rows of a gate, and those of what it gates 32 rows below
const uint STAGE = 36u;      // 32 sums a row, and 4 for the banks
shared float stage[THREADS / LANES * M * STAGE];  // a block of each subgroup

const int LEAST_POWER = -100;
const int MOST = 14;  // values are held below 2^(MOST + 1)
shared int powers[2]; // of x, of weights

float power_of_two(int power) { return uintBitsToFloat(uint(clamp(power + 127, 0, 254)) << 23); }

// The magnitude, as bits, of one side's largest value asks for a power. Infinities and NaN go through as they are.
void ask(uint side, int held, uint magnitude) {
  int exponent = int(magnitude >> 23) - 127;
  if (exponent > held + MOST && exponent < 128)
    atomicMax(powers[side], exponent - MOST, gl_ScopeWorkgroup, gl_StorageSemanticsShared, gl_SemanticsRelaxed);
}

// A thread's share of the next step, as it was loaded. A half is 16 columns of a row of weights.
const uint VECTORS = (TOKENS * 8u + THREADS - 1u) / THREADS;
const uint HALVES = (ROWS * 2u + THREADS - 1u) / THREADS;
vec4 x[VECTORS];
uvec4 codes[HALVES * 2u];
Affine groups[HALVES];

void load(uint step, uint id, uint first_token, uint first_row) {
  [[unroll]] for (uint i = 0u; i < VECTORS; ++i) {
    uint unit = id + i * THREADS;
    x[i] = input_at(min(first_token + unit / 8u, a.tokens - 1u), step * 8u + unit % 8u, RAGGED);
  }
  [[unroll]] for (uint i = 0u; i < HALVES; ++i) {
    uint unit = id + i * THREADS;
    uint row = min(first_row + unit / 2u, a.rows - 1u);
    uint half_step = unit % 2u;
    if (FORMAT == FORMAT_F16) {
      uint base = row_base(row, a.steps * 4u) + (step * 4u + half_step * 2u) * a.interleave;
      codes[i * 2u] = a.codes.at[base];
      codes[i * 2u + 1u] = a.codes.at[base + a.interleave];
    } else if (FORMAT == FORMAT_INT4) {
      uvec4 texel = a.codes.at[row_base(row, a.steps) + step * a.interleave];
      codes[i * 2u].xy = half_step == 0u ? texel.xy : texel.zw;
      groups[i] = affine_at(row, step / a.group_steps);
    } else {
      codes[i * 2u] = a.codes.at[row_base(row, a.steps * 2u) + (step * 2u + half_step) * a.interleave];
      groups[i] = affine_at(row, FORMAT == FORMAT_INT8_HALF ? step * 2u + half_step : step / a.group_steps);
    }
  }
}

void ask_for_powers(int held_x, int held_w) {
  uint largest = 0u;
  [[unroll]] for (uint i = 0u; i < VECTORS; ++i) {
    uvec4 bits = floatBitsToUint(x[i]) & 0x7fffffffu;
    bits = mix(bits, uvec4(0u), greaterThanEqual(bits, uvec4(0x7f800000u)));
    largest = max(largest, max(max(bits.x, bits.y), max(bits.z, bits.w)));
  }
  ask(0u, held_x, largest);
  if (FORMAT != FORMAT_F16) {  // those are as they are
    [[unroll]] for (uint i = 0u; i < HALVES; ++i)
      ask(1u, held_w, floatBitsToUint(abs(groups[i].scale) * (FORMAT == FORMAT_INT4 ? 15.0 : 255.0) + abs(groups[i].minimum)));
  }
}

void store(uint id, int held_x, int held_w) {
  [[unroll]] for (uint i = 0u; i < VECTORS; ++i) {
    uint unit = id + i * THREADS;
    if (unit < TOKENS * 8u) inputs[unit / 8u * STRIDE + unit % 8u] = f16vec4(x[i] * power_of_two(-held_x));
  }
  [[unroll]] for (uint i = 0u; i < HALVES; ++i) {
    uint unit = id + i * THREADS;
    if (unit >= ROWS * 2u) continue;
    uint at = unit / 2u * STRIDE + unit % 2u * 4u;
    if (FORMAT == FORMAT_F16) {
      [[unroll]] for (uint v = 0u; v < 4u; ++v) {
        uint first = v % 2u * 2u;
        uvec4 texel = codes[i * 2u + v / 2u];
        weights[at + v] = f16vec4(unpackFloat2x16(texel[first]), unpackFloat2x16(texel[first + 1u]));
      }
    } else {
      const uint width = FORMAT == FORMAT_INT4 ? 4u : 8u;
      float scale = groups[i].scale * power_of_two(-held_w);
      float minimum = groups[i].minimum * power_of_two(-held_w);
      [[unroll]] for (uint v = 0u; v < 4u; ++v) {
        vec4 w;
        [[unroll]] for (uint e = 0u; e < 4u; ++e) {
          const uint column = v * 4u + e, place = FORMAT == FORMAT_INT4 ? int4_place(column & 7u) : (column & 3u) * 8u;
          w[e] = (float((codes[i * 2u][column * width / 32u] >> place) & ((1u << width) - 1u)) - groups[i].zero) * scale + minimum;
        }
        weights[at + v] = f16vec4(w);
      }
    }
  }
}

void main() {
  uint id = gl_LocalInvocationID.x;
  uint first_row = gl_WorkGroupID.x * ROWS;
  uint first_token = gl_WorkGroupID.y * TOKENS;
  uint lower = gl_SubgroupID % TALL;  // fragments of the subgroup alternate with those of its neighbours
  uint right = gl_SubgroupID / TALL;
  coopmat<float, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator> sums[DOWN * ACROSS];
  [[unroll]] for (uint i = 0u; i < DOWN * ACROSS; ++i) sums[i] = coopmat<float, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator>(0.0);

  int held_x = LEAST_POWER;
  int held_w = FORMAT == FORMAT_F16 ? 0 : LEAST_POWER;
  if (id == 0u) {
    powers[0] = held_x;
    powers[1] = held_w;
  }
  load(0u, id, first_token, first_row);
  barrier();
  for (uint step = 0u; step < a.steps; ++step) {
    ask_for_powers(held_x, held_w);
    barrier();
    int power_x = subgroupBroadcastFirst(powers[0]);
    int power_w = subgroupBroadcastFirst(powers[1]);
    if (power_x != held_x || power_w != held_w) {
      float factor = power_of_two(held_x - power_x) * power_of_two(held_w - power_w);
      [[unroll]] for (uint i = 0u; i < DOWN * ACROSS; ++i) sums[i] *= factor;
      held_x = power_x;
      held_w = power_w;
    }
    store(id, held_x, held_w);
    barrier();
    load(min(step + 1u, a.steps - 1u), id, first_token, first_row);  // under way while the matrix units work
    for (uint k = 0u; k < 32u; k += K) {
      coopmat<float16_t, gl_ScopeSubgroup, M, K, gl_MatrixUseA> left[DOWN];
      [[unroll]] for (uint i = 0u; i < DOWN; ++i)
        coopMatLoad(left[i], inputs, (i * TALL + lower) * M * STRIDE + k / 4u, STRIDE, gl_CooperativeMatrixLayoutRowMajor);
      [[unroll]] for (uint j = 0u; j < ACROSS; ++j) {
        coopmat<float16_t, gl_ScopeSubgroup, K, N, gl_MatrixUseB> w;
        coopMatLoad(w, weights, (j * 2u + right) * N * STRIDE + k / 4u, STRIDE, gl_CooperativeMatrixLayoutColumnMajor);
        [[unroll]] for (uint i = 0u; i < DOWN; ++i) sums[i * ACROSS + j] = coopMatMulAdd(left[i], w, sums[i * ACROSS + j]);
      }
    }
  }

  float unit = power_of_two(held_x + held_w);
  uint mine = gl_SubgroupID * M * STAGE;
  [[unroll]] for (uint i = 0u; i < DOWN; ++i)
    [[unroll]] for (uint block = 0u; block < ACROSS / BLOCK; ++block) {
      barrier();
      [[unroll]] for (uint j = 0u; j < BLOCK; ++j)
        coopMatStore(sums[i * ACROSS + block * BLOCK + j], stage, mine + j * N, STAGE, gl_CooperativeMatrixLayoutRowMajor);
      barrier();
      for (uint at = gl_SubgroupInvocationID; at < M * 16u; at += LANES) {
        uint m = at / 16u;
        uint c = at % 16u;
        uint token = first_token + (i * TALL + lower) * M + m;
        uint n = first_row + block * 64u + (c / N * 2u + right) * N + c % N;
        float value = stage[mine + m * STAGE + c] * unit;
        float below = stage[mine + m * STAGE + c + 16u] * unit;
        if (token >= a.tokens) continue;
        if ((a.flags & PAIRED) != 0u) {  // in turns of 32 rows
          finish_pair(token, n / 64u * 32u + n % 32u, value, below);
        } else {
          if (n < a.rows) finish(token, n, value);
          if (n + 32u < a.rows) finish(token, n + 32u, below);
        }
      }
    }
}
