// GPTQ and GPTAQ over all linears and percentiles of a site at once: they share their inputs, so each is only more rows.
#include "core/lab/quantization/methods/gptq.h"

#include <ATen/ops/linalg_solve_triangular.h>

#include <algorithm>

#include "core/lab/quantization/methods/input_moments.h"

namespace qvlm::quantization {
namespace {

constexpr int64_t kBlockColumns = 128;
constexpr int64_t kChunkRows = 256;  // of the weights that one thread works on: their products are too small for several threads to share

// What the columns need of the inputs, in the order in which they are rounded.
struct Factors {
  torch::Tensor order;    // [columns], int64: the original column at each place
  torch::Tensor upper;    // U, [columns, columns]
  torch::Tensor upper_t;  // U^T, contiguous: row j holds what column j takes from the ones before it
  torch::Tensor pull, pull_t;  // P and P^T; undefined without a shift
  std::vector<float> diagonal;  // of U
};

// Rounds rows. weight, scales, zeros transposed and in the factors' order: [columns, rows], [groups, rows]. -> codes [columns, rows]
torch::Tensor round_rows(torch::Tensor weight, const torch::Tensor& scales, const torch::Tensor& zeros, int64_t group, double top,
                         const Factors& f) {
  const int64_t columns = weight.size(0), rows = weight.size(1);
  const int64_t* order = f.order.data_ptr<int64_t>();
  const bool pulls = f.pull.defined();
  auto codes = torch::empty({columns, rows}, torch::kUInt8);
  auto errors = torch::empty({kBlockColumns, rows}), values = pulls ? torch::empty({kBlockColumns, rows}) : torch::Tensor();
  for (int64_t begin = 0; begin < columns; begin += kBlockColumns) {
    const int64_t count = std::min(kBlockColumns, columns - begin), end = begin + count;
    for (int64_t i = 0; i < count; ++i) {
      const int64_t j = begin + i;
      auto w = weight.select(0, j);  // [rows]
      if (i > 0) {
        w.addmv_(errors.narrow(0, 0, i).t(), f.upper_t.select(0, j).narrow(0, begin, i), 1, -1);
        if (pulls) w.addmv_(values.narrow(0, 0, i).t(), f.pull_t.select(0, j).narrow(0, begin, i));
      }
      const int64_t g = order[j] / group;
      const auto s = scales.select(0, g), z = zeros.select(0, g);
      auto q = torch::div(w, s).round_().add_(z).clamp_(0, top);
      codes.select(0, j).copy_(q);
      auto e = errors.select(0, i);
      torch::sub_out(e, w, q.sub_(z).mul_(s));
      e.div_(f.diagonal[static_cast<size_t>(j)]);
      if (pulls) values.select(0, i).copy_(w);
    }
    if (end == columns) break;
    auto rest = weight.narrow(0, end, columns - end);
    rest.addmm_(f.upper.narrow(0, begin, count).narrow(1, end, columns - end).t(), errors.narrow(0, 0, count), 1, -1);
    if (pulls) rest.addmm_(f.pull.narrow(0, begin, count).narrow(1, end, columns - end).t(), values.narrow(0, 0, count));
  }
  return codes;
}

}  // namespace

torch::Tensor inverse_root(const torch::Tensor& hessian, double damping) {
  // With J the reversal: J H J = L L^T, so H = R R^T with R = J L J upper, and H^-1 = (R^-1)^T R^-1.
  const auto lower = damped_cholesky(hessian.flip({0, 1}), damping);
  if (!lower.defined()) return {};
  return at::linalg_solve_triangular(lower.flip({0, 1}), torch::eye(hessian.size(0)), /*upper=*/true);
}

torch::Tensor gptq_codes(const torch::Tensor& weight, const GroupScales& scales, const WeightGrid& grid, const torch::Tensor& hessian,
                         double damping, const torch::Tensor& shift, double alpha, const reference::Workers* workers) {
  Factors f;
  f.order = std::get<1>(hessian.diagonal().sort(/*stable=*/true, 0, /*descending=*/true));
  const auto permuted = [&](const torch::Tensor& x) { return x.index_select(0, f.order).index_select(1, f.order); };
  f.upper = inverse_root(permuted(hessian), damping);
  if (!f.upper.defined()) return {};
  f.upper_t = f.upper.t().contiguous();
  const auto diagonal = f.upper.diagonal().contiguous();
  f.diagonal.assign(diagonal.data_ptr<float>(), diagonal.data_ptr<float>() + diagonal.numel());
  if (shift.defined() && alpha > 0) {
    f.pull = torch::mm(torch::mm(permuted(shift), f.upper_t).triu_(1), f.upper).mul_(alpha);
    f.pull_t = f.pull.t().contiguous();
  }
  const int64_t columns = weight.size(1), group = columns / scales.scales.size(1);
  const double top = static_cast<double>((1 << grid.bits) - 1);
  const auto back = torch::empty_like(f.order).index_put_({f.order}, torch::arange(columns));
  const int64_t rows = weight.size(0);
  auto codes = torch::empty({rows, columns}, torch::kUInt8);
  side_by_side(workers, static_cast<size_t>((rows + kChunkRows - 1) / kChunkRows), [&](size_t part) {
    const int64_t row = static_cast<int64_t>(part) * kChunkRows, count = std::min(kChunkRows, rows - row);
    const auto transposed = [&](const torch::Tensor& x) { return x.narrow(0, row, count).t().contiguous(); };
    const auto rounded = round_rows(transposed(weight).index_select(0, f.order), transposed(scales.scales), transposed(scales.zeros), group, top, f);
    codes.narrow(0, row, count).copy_(rounded.index_select(0, back).t());
  });
  return codes;
}

std::vector<RoundedSite> HessianRounding::round(const PreparedLayer& prepared, const SiteInputs& inputs,
                                                std::span<const float> percentiles) const {
  std::vector<torch::Tensor> exact;
  for (const auto suffix : linears_of(inputs.kind)) exact.push_back(prepared.weight_to_round(suffix));
  double alpha = alpha_.value_or(0);
  InputMoments moments;
  if (alpha > 0 && validated_) {
    auto [all, share] = validated_moments(inputs, torch::cat(exact), damping_);
    moments = std::move(all);
    alpha *= share;
  } else {
    moments = input_moments(inputs, alpha > 0);
  }
  std::vector<GroupedWeight> linears;
  for (const auto suffix : linears_of(inputs.kind)) linears.emplace_back(prepared.weight_to_round(suffix), inputs.grid, inputs.name(suffix));
  std::vector<torch::Tensor> weights, scales, zeros;  // rows of one linear after the other, percentile by percentile
  for (const float percentile : percentiles) {
    for (const GroupedWeight& linear : linears) {
      const GroupScales at = linear.scales_at(percentile);
      weights.push_back(linear.weight());
      scales.push_back(at.scales);
      zeros.push_back(at.zeros);
    }
  }
  const auto codes = gptq_codes(torch::cat(weights), {torch::cat(scales), torch::cat(zeros)}, inputs.grid, moments.hessian, damping_,
                                moments.shift, alpha, inputs.workers);
  if (!codes.defined()) {
    if (inputs.notice) {
      inputs.notice(inputs.layer_name + ": the Hessian of the inputs of " + std::string(linears_of(inputs.kind).front()) +
                    " has no Cholesky factor, even damped by 0.2 of its mean diagonal; its linears are rounded to nearest");
    }
    return WeightMethod::round(prepared, inputs, percentiles);
  }
  std::vector<RoundedSite> sites(percentiles.size());
  int64_t row = 0;
  size_t part = 0;
  for (RoundedSite& site : sites) {
    for (const auto suffix : linears_of(inputs.kind)) {
      const int64_t rows = weights[part].size(0);
      site.emplace(suffix, GridWeight{codes.narrow(0, row, rows), scales[part], zeros[part].to(torch::kUInt8), inputs.grid});
      row += rows;
      ++part;
    }
  }
  return sites;
}

}  // namespace qvlm::quantization
