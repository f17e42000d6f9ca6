// Products of codes in signed 8-bit lanes, for kernels that include matrix.glsl with INTEGER_DOT and have PIECE: there x is int8
// [tokens, steps * 32], and a value of it step (code + offset). Over a piece, so many columns that share a group of the weights and one of x, sums of
// codes are integers below 2^24, which float32 holds exactly.
#extension GL_EXT_spirv_intrinsics : require

// Debian's glslc has no GL_EXT_integer_dot_product; SPV_KHR_integer_dot_product: OpSDot of PackedVectorFormat4x8Bit, which is format 0.
spirv_instruction(extensions = ["SPV_KHR_integer_dot_product"], capabilities = [6019, 6018], id = 4450)
int signed_dot(uint a, uint b, spirv_literal int format);

const uint ONES = 0x01010101u;

int dot4(uint a, uint b) { return signed_dot(a, b, 0); }

// What a piece adds, of dot = sum of its products of codes.
float piece_value(int dot, float scale, float zero, float minimum, float sum, float x_step, float x_offset, float x_sum) {
  float whole = fma(x_offset, sum, float(dot)) - zero * x_sum;
  return x_step * fma(scale, whole, minimum * x_sum);
}

#ifndef TEXEL_BUFFERS
const uint PIECES = 32u / PIECE;  // a step; arrays have room for the most, 8
const uint WORDS = PIECE / 4u;

// One step of a row of weights: w = scale (code - zero) + minimum.
struct StepCodes {
  uint words[8];
  float scale[8], zero[8], minimum[8], sum[8];  // of each piece; sum: of its codes
};

// One step of a row of x.
struct StepInputs {
  uint words[8];
  float step[8], offset[8], sum[8];  // of each piece; sum: of its codes with the offset
};

StepCodes step_codes(uint format, uint row, uint step) {
  StepCodes w;
  if (format == FORMAT_INT4) {
    uvec4 texel = a.codes.at[row_base(row, a.steps) + step * a.interleave];
    [[unroll]] for (uint i = 0u; i < 4u; ++i) {
      w.words[i * 2u] = texel[i] & 0x0f0f0f0fu;
      w.words[i * 2u + 1u] = (texel[i] >> 4) & 0x0f0f0f0fu;
    }
  } else {  // less 128, as their zero points
    uint base = row_base(row, a.steps * 2u) + step * 2u * a.interleave;
    [[unroll]] for (uint t = 0u; t < 2u; ++t) {
      uvec4 texel = a.codes.at[base + t * a.interleave];
      [[unroll]] for (uint i = 0u; i < 4u; ++i) w.words[t * 4u + i] = texel[i] ^ 0x80808080u;
    }
  }
  Affine group = affine_at(row, format == FORMAT_INT8_HALF ? step * 2u : step / a.group_steps);
  [[unroll]] for (uint p = 0u; p < PIECES; ++p) {
    if (format == FORMAT_INT8_HALF && p * 2u == PIECES) group = affine_at(row, step * 2u + 1u);
    w.scale[p] = group.scale;
    w.zero[p] = format == FORMAT_INT4 ? group.zero : group.zero - 128.0;
    w.minimum[p] = group.minimum;
    int sum = 0;
    [[unroll]] for (uint i = 0u; i < WORDS; ++i) sum += dot4(w.words[p * WORDS + i], ONES);
    w.sum[p] = float(sum);
  }
  return w;
}

StepInputs step_inputs(uint m, uint step) {
  StepInputs x;
  uint base = m * a.x_stride + step * 2u;
  [[unroll]] for (uint t = 0u; t < 2u; ++t) {
    uvec4 texel = a.x.at[base + t];
    [[unroll]] for (uint i = 0u; i < 4u; ++i) x.words[t * 4u + i] = texel[i];
  }
  [[unroll]] for (uint p = 0u; p < PIECES; ++p) {
    // Behind the last column stand codes of zero on the last group's grid.
    vec2 grid = a.grids.at[m * a.x_groups + min((step * PIECES + p) / a.group_pieces, a.x_groups - 1u)];
    int sum = 0;
    [[unroll]] for (uint i = 0u; i < WORDS; ++i) sum += dot4(x.words[p * WORDS + i], ONES);
    x.step[p] = grid.x;
    x.offset[p] = grid.y;
    x.sum[p] = float(sum) + float(PIECE) * grid.y;
  }
  return x;
}
#endif
