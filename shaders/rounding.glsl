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

float on_grid(Grid g, float value) {
  precise float code = value / g.scale;
  return roundEven(clamp(code, g.least, g.most)) * g.scale;
}
