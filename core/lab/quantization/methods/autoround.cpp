// Signed gradient descent through the site, with straight-through rounding.
#include "core/lab/quantization/methods/autoround.h"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <limits>

#include "core/lab/quantization/decoder_block.h"

namespace qvlm::quantization {
namespace {

using reference::DecoderLayer;

constexpr int kSnapshots = 8;

// Rounds; gradients pass as through the identity.
torch::Tensor straight_through(const torch::Tensor& x, const torch::Tensor& rounded) { return x + (rounded - x).detach(); }

// One linear with what is learned of its rounding.
struct Learned {
  std::string suffix;
  WeightGrid grid;
  torch::Tensor weight;        // [rows, groups, group]
  torch::Tensor low, high;     // [rows, groups, 1]: the group's bounds at the percentile
  torch::Tensor offset;        // V, [rows, groups, group]
  torch::Tensor alpha, beta;   // [rows, groups, 1]
  torch::Tensor best_offset, best_alpha, best_beta;

  Learned(std::string_view name, const GroupedWeight& grouped, float percentile) : suffix(name), grid(grouped.grid()) {
    const auto [lo, hi] = grouped.bounds_at(percentile);
    low = lo.unsqueeze(2);
    high = hi.unsqueeze(2);
    weight = grouped.weight().reshape({lo.size(0), lo.size(1), -1});
    offset = torch::zeros_like(weight);
    alpha = torch::ones_like(high);
    beta = torch::ones_like(low);
    for (torch::Tensor* parameter : {&offset, &alpha, &beta}) parameter->requires_grad_();
    keep();
  }

  void keep() {
    best_offset = offset.detach().clone();
    best_alpha = alpha.detach().clone();
    best_beta = beta.detach().clone();
  }

  double top() const { return static_cast<double>((1 << grid.bits) - 1); }

  // The rounded weight, with gradients. [rows, columns]
  torch::Tensor forward() const {
    torch::Tensor scales, zeros;
    if (grid.symmetric) {
      const double half = static_cast<double>(1 << (grid.bits - 1));
      scales = torch::maximum((low * beta).abs(), (high * alpha).abs()) / std::max(half - 1, 1.0);
      scales = straight_through(scales, storable_scales(scales.detach(), grid));
      zeros = torch::full_like(scales, half).detach();
    } else {
      const auto lo = low * beta;
      scales = (high * alpha - lo) / top();
      scales = straight_through(scales, storable_scales(scales.detach(), grid));
      const auto z = -lo / scales;
      zeros = straight_through(z, z.detach().round()).clamp(0, top());
    }
    const auto position = weight / scales + offset;
    const auto codes = (straight_through(position, position.detach().round()) + zeros).clamp(0, top());
    return ((codes - zeros) * scales).reshape({weight.size(0), -1});
  }

  void step(const torch::Tensor* gradients, double rate) {
    offset.sub_(gradients[0].sign(), rate).clamp_(-0.5, 0.5);
    alpha.sub_(gradients[1].sign(), rate).clamp_(0, 1);
    beta.sub_(gradients[2].sign(), rate).clamp_(0, 1);
  }

  GridWeight result() const {
    const GroupScales at = scales_between((low * best_beta).squeeze(2), (high * best_alpha).squeeze(2), grid);
    const auto z = at.zeros.unsqueeze(2);
    const auto codes = (torch::round(weight / at.scales.unsqueeze(2) + best_offset) + z).clamp_(0, top());
    return {codes.to(torch::kUInt8).reshape({weight.size(0), -1}), at.scales, at.zeros.to(torch::kUInt8), grid};
  }
};

class Learning {
 public:
  Learning(const PreparedLayer& prepared, const SiteInputs& inputs, const std::vector<GroupedWeight>& weights, float percentile)
      : in_(inputs), layer_(prepared.layer) {
    size_t i = 0;
    for (const auto suffix : linears_of(inputs.kind)) linears_.emplace_back(suffix, weights[i++], percentile);
  }

  RoundedSite run(int iterations) {
    const size_t batches = in_.batches.all.size();
    const double first_rate = (in_.grid.bits <= 3 ? 2.0 : 1.0) / iterations;
    const int between = std::max(1, iterations / kSnapshots);
    double least = total_loss();
    for (int i = 0; i < iterations; ++i) {
      if (in_.poll) in_.poll();
      descend(static_cast<size_t>(i) % batches, first_rate * (1 - static_cast<double>(i) / iterations));
      if ((i + 1) % between != 0 && i + 1 != iterations) continue;
      if (const double loss = total_loss(); loss < least) {
        least = loss;
        for (Learned& linear : linears_) linear.keep();
      }
    }
    RoundedSite site;
    for (const Learned& linear : linears_) site.emplace(linear.suffix, linear.result());
    return site;
  }

 private:
  torch::Tensor loss(size_t batch) {
    for (const Learned& linear : linears_) layer_.linear(linear.suffix) = linear.forward();
    const auto behind = reference::advance(in_.config, layer_, in_.kind, in_.rounded[batch], in_.rotary);
    return ((output_behind(in_.kind, behind) - in_.targets[batch]).square().sum(-1) * in_.weights_of(batch)).sum();
  }

  double total_loss() {
    double sum = 0;
    for (size_t b = 0; b < in_.batches.all.size(); ++b) sum += loss(b).item<double>();
    return sum;
  }

  void descend(size_t batch, double rate) {
    std::vector<torch::Tensor> parameters, gradients;
    for (const Learned& linear : linears_) parameters.insert(parameters.end(), {linear.offset, linear.alpha, linear.beta});
    {
      const torch::AutoGradMode with_gradients(true);
      gradients = torch::autograd::grad({loss(batch)}, parameters);
    }
    for (size_t i = 0; i < linears_.size(); ++i) linears_[i].step(&gradients[3 * i], rate);
  }

  const SiteInputs& in_;
  DecoderLayer layer_;
  std::vector<Learned> linears_;
};

}  // namespace

std::vector<RoundedSite> SignedGradientRounding::round(const PreparedLayer& prepared, const SiteInputs& inputs,
                                                       std::span<const float> percentiles) const {
  const torch::NoGradGuard no_gradients;
  std::vector<GroupedWeight> weights;
  for (const auto suffix : linears_of(inputs.kind)) weights.emplace_back(prepared.weight_to_round(suffix), inputs.grid, inputs.name(suffix));
  std::vector<RoundedSite> sites;
  for (const float percentile : percentiles) sites.push_back(Learning(prepared, inputs, weights, percentile).run(iterations_));
  return sites;
}

}  // namespace qvlm::quantization
