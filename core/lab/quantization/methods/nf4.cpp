// NF4 and the 8-bit dynamic levels of its block maxima.
#include "core/lab/quantization/methods/nf4.h"

#include <ATen/ops/bucketize.h>

#include <algorithm>
#include <cmath>

namespace qvlm::quantization {
namespace {

constexpr int64_t kSecondBlock = 256;

// Index of the nearest of ascending levels [n]. -> int64, the shape of x
torch::Tensor nearest(const torch::Tensor& x, const torch::Tensor& levels) {
  const int64_t n = levels.size(0);
  return at::bucketize(x, (levels.narrow(0, 0, n - 1) + levels.narrow(0, 1, n - 1)) / 2);
}

// Signed dynamic levels: for each of seven decades, 2^i means of a division of [0.1, 1] into 2^i parts; 0 and 1. [256]
torch::Tensor dynamic_levels() {
  std::vector<float> levels{0.0f, 1.0f};
  for (int i = 0; i < 7; ++i) {
    const int parts = 1 << i;
    for (int k = 0; k < parts; ++k) {
      const double mean = 0.1 + 0.9 * (k + 0.5) / parts;
      const auto level = static_cast<float>(std::pow(10.0, i - 6) * mean);
      levels.push_back(level);
      levels.push_back(-level);
    }
  }
  std::sort(levels.begin(), levels.end());
  return torch::tensor(levels);
}

}  // namespace

torch::Tensor nf4_codebook() {
  return torch::tensor({-1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f, -0.28444138169288635f,
                        -0.18477343022823334f, -0.09105003625154495f, 0.0f, 0.07958029955625534f, 0.16093020141124725f,
                        0.24611230194568634f, 0.33791524171829224f, 0.44070982933044434f, 0.5626170039176941f,
                        0.7229568362236023f, 1.0f});
}

torch::Tensor double_quantize(const torch::Tensor& maxima) {
  const auto mean = maxima.mean();
  auto flat = (maxima - mean).reshape({-1});
  const int64_t count = flat.size(0), padding = (kSecondBlock - count % kSecondBlock) % kSecondBlock;
  flat = torch::cat({flat, torch::zeros({padding})}).reshape({-1, kSecondBlock});
  const auto largest = flat.abs().amax(1, true).clamp_min(1e-30);
  const auto levels = dynamic_levels();
  const auto values = levels.index_select(0, nearest(flat / largest, levels).reshape({-1})).reshape(flat.sizes()) * largest;
  return values.reshape({-1}).narrow(0, 0, count).reshape(maxima.sizes()) + mean;
}

GridWeight nf4_round(const GroupedWeight& weight, float percentile) {
  const auto [lo, hi] = weight.bounds_at(percentile);
  const auto maxima = torch::maximum(lo.abs(), hi.abs());  // [rows, groups]
  const auto codebook = nf4_codebook();
  const auto grouped = weight.weight().reshape({maxima.size(0), maxima.size(1), -1});
  const auto codes = nearest(grouped / maxima.clamp_min(1e-30).unsqueeze(2), codebook);
  WeightGrid grid = weight.grid();
  grid.symmetric = true;
  return {codes.to(torch::kUInt8).reshape(weight.weight().sizes()), double_quantize(maxima).to(torch::kFloat16).to(torch::kFloat32),
          torch::full(maxima.sizes(), 1 << (grid.bits - 1), torch::kUInt8), grid, codebook};
}

std::vector<RoundedSite> NormalFloatRounding::round(const PreparedLayer& prepared, const SiteInputs& inputs,
                                                    std::span<const float> percentiles) const {
  std::vector<RoundedSite> sites(percentiles.size());
  for (const auto suffix : linears_of(inputs.kind)) {
    const GroupedWeight grouped(prepared.weight_to_round(suffix), inputs.grid, inputs.name(suffix));
    for (size_t p = 0; p < percentiles.size(); ++p) sites[p].emplace(suffix, nf4_round(grouped, percentiles[p]));
  }
  return sites;
}

}  // namespace qvlm::quantization
