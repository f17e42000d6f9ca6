// The matrix kernels of CPU devices (matrix x vector with TOKENS = 1, matrix x matrix with more). There a load by
// address is a scalar loop over the lanes, while texelFetch reads a texel a lane in whole 128-bit loads; so weights and x come through uniform
// texel buffers, as few fetches as can be: each is a call of about 50 instructions. One workgroup is one subgroup; a lane takes ROWS rows, 8 next to
// each other of each tile of LANES * 8, whose weights lie as one stream (streams side by side outrun the processor's prefetching) and whose
// scales are one texel a group. INTEGER_DOT: x as codes, in groups of whole steps.
#version 460
#extension GL_GOOGLE_include_directive : require
#define TEXEL_BUFFERS
#include "common.glsl"
#include "matrix.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 8u;
layout(constant_id = 1) const uint FORMAT = 0u;
layout(constant_id = 2) const uint TOKENS = 1u;
layout(constant_id = 3) const uint ROWS = 8u;      // a lane
#ifdef INTEGER_DOT
const uint PIECE = 32u;
#include "integer_dot.glsl"
#else
layout(constant_id = 4) const uint RAGGED = 0u;    // the last step is not whole: mask x
#endif

layout(set = 0, binding = 0) uniform utextureBuffer code_texels;   // RGBA32UI
layout(set = 0, binding = 1) uniform utextureBuffer scale_texels;  // RGBA32UI: float16 of 8 rows, or of 4 with their minimums
layout(set = 0, binding = 2) uniform utextureBuffer zero_texels;   // RG32UI: of 8 rows
#ifdef INTEGER_DOT
layout(set = 0, binding = 3) uniform utextureBuffer input_texels;  // RGBA32UI
layout(set = 0, binding = 4) uniform textureBuffer grid_texels;    // RG32F
#else
layout(set = 0, binding = 3) uniform textureBuffer input_texels;   // RGBA32F
#endif

const uint TILES = ROWS / 8u;
const uint INTERLEAVE = LANES * 8u;
const uint TEXELS_PER_STEP = FORMAT == FORMAT_F16 ? 4u : (FORMAT == FORMAT_INT4 ? 1u : 2u);

// What the loop needs of the arguments: each look at them is a load a lane.
uint code_index[TILES];   // texel of the lane's first row in the tile
uint group_index[TILES];  // of 8 rows' scales
int scales_at, zeros_at;
float same_zero;
uint columns;
uint x_index[TOKENS];     // first texel of the token's row
float sums[TOKENS * ROWS];

// w = (code - zero[r]) * scale[r] + minimum[r] in a group.
void read_group(uint group, out float scale[ROWS], out float zero[ROWS], out float minimum[ROWS]) {
  [[unroll]] for (uint tile = 0u; tile < TILES; ++tile) {
    int i = int(group_index[tile] + group * LANES);
    uvec4 texel[2];
    uvec2 zeros = uvec2(0u);
    if ((FLAGS & HAS_MINIMUMS) != 0u) {
      texel[0] = texelFetch(scale_texels, scales_at + 2 * i);
      texel[1] = texelFetch(scale_texels, scales_at + 2 * i + 1);
    } else {
      texel[0] = texelFetch(scale_texels, scales_at + i);
      if ((FLAGS & HAS_ZEROS) != 0u) zeros = texelFetch(zero_texels, zeros_at + i).xy;
    }
    [[unroll]] for (uint j = 0u; j < 8u; ++j) {
      uint r = tile * 8u + j;
      zero[r] = same_zero;
      minimum[r] = 0.0;
      if ((FLAGS & HAS_MINIMUMS) != 0u) {
        vec2 pair = unpackHalf2x16(texel[j / 4u][j % 4u]);
        scale[r] = pair.x;
        minimum[r] = pair.y;
      } else {
        vec2 pair = unpackHalf2x16(texel[0][j / 2u]);
        scale[r] = j % 2u == 0u ? pair.x : pair.y;
        if ((FLAGS & HAS_ZEROS) != 0u) zero[r] = float((zeros[j / 4u] >> (j % 4u * 8u)) & 255u);
      }
    }
  }
}

uvec4 codes_of(uint r, uint texel) {
  return texelFetch(code_texels, int(code_index[r / 8u] + texel * INTERLEAVE + r % 8u));
}

#ifdef INTEGER_DOT
// sums += what step `step` gives
void add_step(uint step, float scale[ROWS], float zero[ROWS], float minimum[ROWS]) {
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
      uvec4 texel = codes_of(r, step * TEXELS_PER_STEP + (FORMAT == FORMAT_INT4 ? 0u : q));
      [[unroll]] for (uint i = 0u; i < 4u; ++i) {
        uint codes = FORMAT == FORMAT_INT4 ? (texel[q * 2u + i / 2u] >> (i % 2u * 4u)) & 0x0f0f0f0fu : texel[i] ^ 0x80808080u;
        code_sums[r] += dot4(codes, ONES);
        [[unroll]] for (uint t = 0u; t < TOKENS; ++t) dots[t * ROWS + r] += dot4(codes, x[t][i]);
      }
    }
  }
  [[unroll]] for (uint t = 0u; t < TOKENS; ++t) {
    uint m = min(gl_WorkGroupID.x * TOKENS + t, a.tokens - 1u);
    vec2 grid = texelFetch(grid_texels, int(a.grids.x + m * a.x_groups + min(step / a.group_pieces, a.x_groups - 1u))).xy;
    float x_sum = float(x_sums[t]) + float(PIECE) * grid.y;
    [[unroll]] for (uint r = 0u; r < ROWS; ++r)
      sums[t * ROWS + r] += piece_value(dots[t * ROWS + r], scale[r], FORMAT == FORMAT_INT4 ? zero[r] : zero[r] - 128.0, minimum[r], float(code_sums[r]), grid.x, grid.y, x_sum);
  }
}
#else
float dots[TOKENS * ROWS];  // of codes and x in a group's part of a step
vec4 x_sums[TOKENS];

// Four columns of x as a step has them, and as the codes need them: a code stays at its place in the word, 2^place times too large. The last place
// has the sign's bit and is shifted down.
const vec4 UNDO_LOW = vec4(1.0, 1.0 / 256.0, 1.0 / 65536.0, FORMAT == FORMAT_INT4 ? 1.0 / 16777216.0 : 1.0);
const vec4 UNDO_HIGH = vec4(1.0 / 16.0, 1.0 / 4096.0, 1.0 / 1048576.0, 1.0);

vec4 input_at(uint t, uint k4) {
  vec4 x = texelFetch(input_texels, int(x_index[t] + k4));
  if (RAGGED == 0u) return x;
  uint k = k4 * 4u;
  return mix(vec4(0.0), x, lessThan(uvec4(k, k + 1u, k + 2u, k + 3u), uvec4(columns)));
}

// dots += codes * x in columns 4 * k4 .. 4 * k4 + 3; `high`: the upper halves of the words' bytes, of int4
void accumulate(uint k4, uint word[ROWS], bool high) {
  vec4 x[TOKENS];
  [[unroll]] for (uint t = 0u; t < TOKENS; ++t) {
    x[t] = input_at(t, k4);
    x_sums[t] += x[t];
    x[t] *= high ? UNDO_HIGH : UNDO_LOW;
  }
  const uint mask = FORMAT == FORMAT_INT4 ? (high ? 0xf0u : 0x0fu) : 0xffu;
  [[unroll]] for (uint r = 0u; r < ROWS; ++r) {
    vec4 code;
    [[unroll]] for (uint j = 0u; j < 4u; ++j) {
      bool last = j == 3u && (high || FORMAT != FORMAT_INT4);
      code[j] = float(int(last ? word[r] >> (high ? 28u : 24u) : word[r] & (mask << (j * 8u))));
    }
    [[unroll]] for (uint t = 0u; t < TOKENS; ++t)
      [[unroll]] for (uint j = 0u; j < 4u; ++j) dots[t * ROWS + r] = fma(code[j], x[t][j], dots[t * ROWS + r]);
  }
}

void begin() {
  [[unroll]] for (uint i = 0u; i < TOKENS * ROWS; ++i) dots[i] = 0.0;
  [[unroll]] for (uint t = 0u; t < TOKENS; ++t) x_sums[t] = vec4(0.0);
}

// sums += what lies in dots and x_sums, of a group
void end(uint group) {
  float scale[ROWS];
  float zero[ROWS];
  float minimum[ROWS];
  read_group(group, scale, zero, minimum);
  [[unroll]] for (uint t = 0u; t < TOKENS; ++t) {
    float x_sum = (x_sums[t].x + x_sums[t].y) + (x_sums[t].z + x_sums[t].w);
    [[unroll]] for (uint r = 0u; r < ROWS; ++r)
      sums[t * ROWS + r] += fma(scale[r], fma(-zero[r], x_sum, dots[t * ROWS + r]), minimum[r] * x_sum);
  }
}

void add_step(uint step, uint group) {
  uvec4 texel[ROWS];
  uint word[ROWS];
  if (FORMAT == FORMAT_F16) {
    [[unroll]] for (uint q = 0u; q < 4u; ++q) {
      [[unroll]] for (uint r = 0u; r < ROWS; ++r) texel[r] = codes_of(r, step * 4u + q);
      [[unroll]] for (uint k = 0u; k < 2u; ++k) {
        vec4 x[TOKENS];
        [[unroll]] for (uint t = 0u; t < TOKENS; ++t) x[t] = input_at(t, step * 8u + q * 2u + k);
        [[unroll]] for (uint r = 0u; r < ROWS; ++r) {
          vec4 w = vec4(unpackHalf2x16(texel[r][k * 2u]), unpackHalf2x16(texel[r][k * 2u + 1u]));
          [[unroll]] for (uint t = 0u; t < TOKENS; ++t)
            [[unroll]] for (uint j = 0u; j < 4u; ++j) sums[t * ROWS + r] = fma(w[j], x[t][j], sums[t * ROWS + r]);
        }
      }
    }
  } else if (FORMAT == FORMAT_INT4) {
    begin();
    [[unroll]] for (uint r = 0u; r < ROWS; ++r) texel[r] = codes_of(r, step);
    [[unroll]] for (uint k = 0u; k < 8u; ++k) {
      [[unroll]] for (uint r = 0u; r < ROWS; ++r) word[r] = texel[r][k / 2u];
      accumulate(step * 8u + k, word, k % 2u == 1u);
    }
    end(group);
  } else {
    begin();
    [[unroll]] for (uint q = 0u; q < 2u; ++q) {
      if (FORMAT == FORMAT_INT8_HALF && q == 1u) {
        end(group);
        ++group;
        begin();
      }
      [[unroll]] for (uint r = 0u; r < ROWS; ++r) texel[r] = codes_of(r, step * 2u + q);
      [[unroll]] for (uint k = 0u; k < 4u; ++k) {
        [[unroll]] for (uint r = 0u; r < ROWS; ++r) word[r] = texel[r][k];
        accumulate(step * 8u + q * 4u + k, word, false);
      }
    }
    end(group);
  }
}
#endif

void main() {
  uint lane = gl_LocalInvocationID.x;
  uint first_token = gl_WorkGroupID.x * TOKENS;
  uint last_tile = (a.rows - 1u) / INTERLEAVE;
  [[unroll]] for (uint i = 0u; i < TILES; ++i) {
    uint tile = min(gl_WorkGroupID.y * TILES + i, last_tile);
    code_index[i] = a.codes.x + tile * a.steps * TEXELS_PER_STEP * INTERLEAVE + lane * 8u;
    group_index[i] = tile * a.groups * LANES + lane;
  }
  [[unroll]] for (uint t = 0u; t < TOKENS; ++t) x_index[t] = a.x.x + min(first_token + t, a.tokens - 1u) * a.x_stride;
  [[unroll]] for (uint i = 0u; i < TOKENS * ROWS; ++i) sums[i] = 0.0;

  scales_at = int(a.scales.x);
  zeros_at = int(a.zeros.x);
  same_zero = a.zero;
  columns = a.columns;
  const uint steps = a.steps;
  const uint group_steps = a.group_steps;

  uint group = 0u;
  uint steps_left = group_steps;
  for (uint step = 0u; step < steps; ++step) {
#ifdef INTEGER_DOT
    float scale[ROWS];
    float zero[ROWS];
    float minimum[ROWS];
    read_group(group, scale, zero, minimum);
    add_step(step, scale, zero, minimum);
#else
    add_step(step, FORMAT == FORMAT_INT8_HALF ? step * 2u : group);
#endif
    if (--steps_left == 0u) {
      ++group;
      steps_left = group_steps;
    }
  }

  [[unroll]] for (uint t = 0u; t < TOKENS; ++t) {
    uint m = first_token + t;
    if (m >= a.tokens) continue;
    [[unroll]] for (uint i = 0u; i < TILES; ++i) {
      uint first = ((gl_WorkGroupID.y * TILES + i) * LANES + lane) * 8u;
      [[unroll]] for (uint j = 0u; j < 8u; ++j) {
        // In pairs: four rows of gates, then the four that they gate.
        uint at = t * ROWS + i * 8u + j;
        if ((FLAGS & PAIRED) == 0u) {
          if (first + j < a.rows) finish(m, first + j, sums[at]);
        } else if (j < 4u) {
          finish_pair(m, first / 2u + j, sums[at], sums[at + 4u]);
        }
      }
    }
  }
}
