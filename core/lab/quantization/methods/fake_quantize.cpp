// One loop over a group forward and one backward; compiled with -O3 and for several instruction sets.
#include "core/lab/quantization/methods/fake_quantize.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

namespace qvlm::quantization {
namespace {

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define QVLM_VECTORISED __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define QVLM_VECTORISED
#endif

constexpr float kRounder = 0x1.8p23f;  // adding and taking it away rounds half to even, for magnitudes below 2^22
constexpr float kSmallest = 1e-8f;
constexpr int64_t kLanes = 16;
constexpr int64_t kElements = 16384;  // that are worth a thread

struct Range {
  float low, high;
};

QVLM_VECTORISED Range range_of(const float* x, int64_t count) {
  Range range{x[0], x[0]};
  int64_t i = 0;
  if (count >= kLanes) {
    float low[kLanes], high[kLanes];
    for (int64_t lane = 0; lane < kLanes; ++lane) low[lane] = high[lane] = x[lane];
    for (i = kLanes; i + kLanes <= count; i += kLanes) {
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        const float value = x[i + lane];
        low[lane] = value < low[lane] ? value : low[lane];
        high[lane] = value > high[lane] ? value : high[lane];
      }
    }
    for (int64_t lane = 0; lane < kLanes; ++lane) range = {std::min(range.low, low[lane]), std::max(range.high, high[lane])};
  }
  for (; i < count; ++i) range = {std::min(range.low, x[i]), std::max(range.high, x[i])};
  return range;
}

QVLM_VECTORISED void round_row(const float* x, float* y, int64_t count, float scale, float least, float most) {
  const float inverse = 1 / scale;
  for (int64_t i = 0; i < count; ++i) {
    float code = x[i] * inverse;
    code = code < least ? least : code;
    code = code > most ? most : code;
    y[i] = ((code + kRounder) - kRounder) * scale;
  }
}

struct Sums {
  float scale = 0, below = 0, above = 0;  // sum of g (r - t) inside; of g where clamped below and above
};

// gx = g inside, 0 where the value is clamped.
QVLM_VECTORISED Sums row_backward(const float* x, const float* g, float* gx, int64_t count, float scale, float least, float most) {
  const float inverse = 1 / scale;
  float inside_sum[kLanes] = {}, below_sum[kLanes] = {}, above_sum[kLanes] = {};
  const auto one = [&](int64_t i, int64_t lane) {
    const float t = x[i] * inverse;
    float held = t < least - 1 ? least - 1 : t;
    held = held > most + 1 ? most + 1 : held;
    const float r = (held + kRounder) - kRounder;
    const float below = r < least ? g[i] : 0, above = r > most ? g[i] : 0;
    const float inside = g[i] - below - above;
    gx[i] = inside;
    inside_sum[lane] += inside * (r - held);
    below_sum[lane] += below;
    above_sum[lane] += above;
  };
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) one(i + lane, lane);
  }
  for (; i < count; ++i) one(i, 0);
  Sums sums;
  for (int64_t lane = 0; lane < kLanes; ++lane) {
    sums.scale += inside_sum[lane];
    sums.below += below_sum[lane];
    sums.above += above_sum[lane];
  }
  return sums;
}

// A row's grid. Codes less the zero point run from `least` to `most`.
struct RowGrid {
  Range raw{};           // least and greatest value, enclosing zero where asymmetric
  float low = 0, high = 0, scale = 0, least = 0, most = 0;
  bool floored = false;  // the scale is the smallest there is: bounds have no gradient
};

RowGrid grid_of(const float* x, int64_t count, float low, float high, int bits, bool symmetric) {
  RowGrid row;
  row.raw = range_of(x, count);
  if (symmetric) {
    const auto half = static_cast<float>(1 << (bits - 1));
    row.low = low * row.raw.low;
    row.high = high * row.raw.high;
    row.scale = std::max(std::abs(row.low), std::abs(row.high)) / std::max(half - 1, 1.0f);
    row.least = -half;
    row.most = half - 1;
  } else {
    const auto top = static_cast<float>((1 << bits) - 1);
    row.raw = {std::min(row.raw.low, 0.0f), std::max(row.raw.high, 0.0f)};
    row.low = low * row.raw.low;
    row.high = high * row.raw.high;
    row.scale = (row.high - row.low) / top;
  }
  row.floored = row.scale < kSmallest;
  row.scale = std::max(row.scale, kSmallest);
  if (!symmetric) {
    const auto top = static_cast<float>((1 << bits) - 1);
    const float zero = std::clamp(std::nearbyint(-row.low / row.scale), 0.0f, top);
    row.least = -zero;
    row.most = top - zero;
  }
  return row;
}

struct FakeQuantizeFunction : torch::autograd::Function<FakeQuantizeFunction> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x, const torch::Tensor& low,
                               const torch::Tensor& high, int64_t bits, bool symmetric) {
    const int64_t rows = x.size(0), group = x.size(1);
    auto y = torch::empty_like(x);
    const float *from = x.data_ptr<float>(), *lows = low.data_ptr<float>(), *highs = high.data_ptr<float>();
    float* to = y.data_ptr<float>();
    at::parallel_for(0, rows, std::max<int64_t>(1, kElements / group), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const RowGrid at = grid_of(from + r * group, group, lows[r], highs[r], static_cast<int>(bits), symmetric);
        round_row(from + r * group, to + r * group, group, at.scale, at.least, at.most);
      }
    });
    context->save_for_backward({x, low, high});
    context->saved_data["bits"] = bits;
    context->saved_data["symmetric"] = symmetric;
    return y;
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context, const torch::autograd::tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &low = saved[1], &high = saved[2];
    const int bits = static_cast<int>(context->saved_data["bits"].toInt());
    const bool symmetric = context->saved_data["symmetric"].toBool();
    const auto g = gradients[0].contiguous();
    const int64_t rows = x.size(0), group = x.size(1);
    auto gx = torch::empty_like(x), glow = torch::zeros_like(low), ghigh = torch::zeros_like(high);
    const float *from = x.data_ptr<float>(), *lows = low.data_ptr<float>(), *highs = high.data_ptr<float>(), *given = g.data_ptr<float>();
    float *to = gx.data_ptr<float>(), *to_low = glow.data_ptr<float>(), *to_high = ghigh.data_ptr<float>();
    at::parallel_for(0, rows, std::max<int64_t>(1, kElements / group), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const float* row = from + r * group;
        const RowGrid at = grid_of(row, group, lows[r], highs[r], bits, symmetric);
        const Sums sums = row_backward(row, given + r * group, to + r * group, group, at.scale, at.least, at.most);
        if (at.floored) continue;
        float by_low = 0, by_high = 0;  // of the bounds
        if (symmetric) {
          // A clamped value is least s or most s.
          const float by_scale = sums.scale + at.least * sums.below + at.most * sums.above;
          const float steps = at.most < 1 ? 1 : at.most;
          if (std::abs(at.low) > std::abs(at.high)) by_low = (at.low < 0 ? -by_scale : by_scale) / steps;
          else by_high = (at.high < 0 ? -by_scale : by_scale) / steps;
        } else {
          // A clamped value is (q - z) s with q = 0 or top, and z stands for -lo / s.
          const float top = at.most - at.least, shift = at.low / at.scale;
          const float by_scale = sums.scale + (at.least - shift) * sums.below + (at.most - shift) * sums.above;
          by_low = sums.below + sums.above - by_scale / top;
          by_high = by_scale / top;
        }
        to_low[r] = by_low * at.raw.low;
        to_high[r] = by_high * at.raw.high;
        // Where the bound is zero's own, no value gets its gradient.
        if (symmetric || at.raw.low < 0) to[r * group + (std::find(row, row + group, at.raw.low) - row)] += by_low * lows[r];
        if (symmetric || at.raw.high > 0) to[r * group + (std::find(row, row + group, at.raw.high) - row)] += by_high * highs[r];
      }
    });
    return {gx, glow, ghigh, {}, {}};
  }
};

}  // namespace

torch::Tensor fake_quantize(const torch::Tensor& x, const torch::Tensor& low, const torch::Tensor& high, const FakeGrid& grid) {
  const auto factors = [&x](const torch::Tensor& given) { return given.defined() ? given.contiguous() : torch::ones({x.size(0)}); };
  return FakeQuantizeFunction::apply(x.contiguous(), factors(low), factors(high), static_cast<int64_t>(grid.bits), grid.symmetric);
}

}  // namespace qvlm::quantization
