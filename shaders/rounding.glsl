// The grid that activations are rounded to: core/model/activation_quantizer.h. Included by kernels whose push constants hold a Rounding.
struct Rounding {
  Floats bounds;    // [2, bound_rows]: low and high of each row
  uint bound_rows;  // 0: low and high below, for every row
  uint mode;        // 0: nothing is rounded; 1: low and high are multiples of a group's own least and greatest value; 2: the bounds themselves
  float low;
  float high;
  float top;  // greatest code
};
const uint OWN_RANGE = 1u;

struct Grid {
  float scale, least, most;  // codes less the zero point run from least to most
};

vec2 bounds_of(Rounding r, uint row) {
  return r.bound_rows == 0u ? vec2(r.low, r.high) : vec2(r.bounds.at[row], r.bounds.at[r.bound_rows + row]);
}

Grid grid_between(float low, float high, float top) {
  low = min(low, 0.0);
  high = max(high, 0.0);
  precise float scale = max((high - low) / top, 1e-8);
  float zero = clamp(roundEven(-low / scale), 0.0, top);
  return Grid(scale, -zero, top - zero);
}

// Its code less the zero point.
float code_on(Grid g, float value) {
  precise float code = value / g.scale;
  return roundEven(clamp(code, g.least, g.most));
}

float on_grid(Grid g, float value) { return code_on(g, value) * g.scale; }

// Where rows go as codes too, for integer products (gpu/device_tensor.h DeviceCodes).
struct CodeRows {
  OutWords words;  // [rows, stride] of four codes
  OutPairs grids;  // [rows, groups] of step and offset
  uint stride;
};

// Rounds `width` values from `begin` on, four neighbours a thread, and writes their codes from word `first_word` on, behind the last value codes of
// zero up to `end`, and their grid. A code is in lanes of 8 bits less half the levels: value = step (lane + offset).
void round_to_codes(Grid g, float top, Floats values, uint begin, uint width, uint end, CodeRows rows, uint first_word, uint grid, uint id,
                    uint threads) {
  float offset = g.least + 0.5 * (top + 1.0);
  if (id == 0u) rows.grids.at[grid] = vec2(g.scale, offset);
  bool strange = false;
  for (uint i = id * 4u; i < end; i += threads * 4u) {
    vec4 codes = vec4(0.0);
    [[unroll]] for (uint j = 0u; j < 4u; ++j)
      if (i + j < width) {
        float value = values.at[begin + i + j];
        strange = strange || isnan(value);
        codes[j] = code_on(g, value);
        values.at[begin + i + j] = codes[j] * g.scale;
      }
    uvec4 lanes = uvec4(ivec4(codes - offset)) & 255u;
    rows.words.at[first_word + i / 4u] = lanes.x | lanes.y << 8 | lanes.z << 16 | lanes.w << 24;
  }
  memoryBarrierBuffer();
  barrier();
  if (strange) rows.grids.at[grid] = vec2(uintBitsToFloat(0x7fc00000u), offset);  // what is not a number has no code, and spoils every sum
}
