// NF4: the nearest level of each weight; its blocks' maxima quantized again.
#include "core/lab/quantization/methods/nf4.h"

#include <ATen/ops/bucketize.h>

namespace qvlm::quantization {
namespace {

// Index of the nearest of ascending levels [n]. -> int64, the shape of x
torch::Tensor nearest(const torch::Tensor& x, const torch::Tensor& levels) {
  const int64_t n = levels.size(0);
  return at::bucketize(x, (levels.narrow(0, 0, n - 1) + levels.narrow(0, 1, n - 1)) / 2);
}

}  // namespace

torch::Tensor nf4_codebook() {
  return torch::tensor({-1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f, -0.28444138169288635f,
                        -0.18477343022823334f, -0.09105003625154495f, 0.0f, 0.07958029955625534f, 0.16093020141124725f,
                        0.24611230194568634f, 0.33791524171829224f, 0.44070982933044434f, 0.5626170039176941f,
                        0.7229568362236023f, 1.0f});
}

GridWeight nf4_round(const GroupedWeight& weight, float percentile) {
  const auto [lo, hi] = weight.bounds_at(percentile);
  const auto maxima = torch::maximum(lo.abs(), hi.abs());  // [rows, groups]
  const auto codebook = nf4_codebook();
  const auto grouped = weight.weight().reshape({maxima.size(0), maxima.size(1), -1});
  const auto codes = nearest(grouped / maxima.clamp_min(1e-30).unsqueeze(2), codebook);
  WeightGrid grid = weight.grid();
  grid.symmetric = true;
  const auto flat = maxima.contiguous();
  GridWeight rounded{codes.to(torch::kUInt8).reshape(weight.weight().sizes()), {}, torch::full(maxima.sizes(), 1 << (grid.bits - 1), torch::kUInt8), grid, codebook};
  rounded.double_scales = double_quantize({flat.data_ptr<float>(), static_cast<size_t>(flat.numel())});
  rounded.scales = torch::tensor(values_of(rounded.double_scales)).reshape(maxima.sizes());
  return rounded;
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
