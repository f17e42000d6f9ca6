// The table of weight methods, and the steps that most of them share.
#include "core/lab/quantization/methods/weight_method.h"

#include <limits>

#include "core/base/error.h"
#include "core/lab/quantization/methods/autoround.h"
#include "core/lab/quantization/methods/awq.h"
#include "core/lab/quantization/methods/channel_scales.h"
#include "core/lab/quantization/methods/gptq.h"
#include "core/lab/quantization/methods/learned_transform.h"
#include "core/lab/quantization/methods/low_rank_residual.h"
#include "core/lab/quantization/methods/nf4.h"
#include "core/lab/quantization/methods/opt_rtn.h"
#include "core/lab/quantization/methods/rtn.h"
#include "core/lab/quantization/methods/smoothquant.h"

namespace qvlm::quantization {
namespace {

std::unique_ptr<WeightMethod> make_plain(const Recipe& recipe) {
  switch (recipe.weight_method) {
    case qvlm::WeightMethod::RTN: return std::make_unique<RoundToNearest>();
    case qvlm::WeightMethod::AWQ: return std::make_unique<ActivationAwareScaling>(recipe.awq_clip, recipe.awq_duo, !folds_channels(recipe));
    case qvlm::WeightMethod::OPT_RTN: return std::make_unique<OptimalRoundToNearest>();
    case qvlm::WeightMethod::GPTQ: return std::make_unique<HessianRounding>(recipe.gptq_damping);
    case qvlm::WeightMethod::GPTAQ: return std::make_unique<HessianRounding>(recipe.gptq_damping, recipe.gptaq_alpha, recipe.gptaq_validated);
    case qvlm::WeightMethod::AUTOROUND: return std::make_unique<SignedGradientRounding>(recipe.autoround_iterations);
    case qvlm::WeightMethod::NF4: return std::make_unique<NormalFloatRounding>();
    case qvlm::WeightMethod::SMOOTHQUANT: return std::make_unique<Smoothing>();
  }
  throw Error("weight method: not known");
}

}  // namespace

const torch::Tensor& PreparedLayer::weight_to_round(std::string_view suffix) const {
  const auto found = to_round.find(std::string(suffix));
  return found != to_round.end() ? found->second : layer.linear(suffix);
}

PreparedLayer WeightMethod::prepare(const reference::DecoderLayer& layer, const LayerCalibration&) const { return {layer, {}, false}; }

std::vector<RoundedSite> WeightMethod::round(const PreparedLayer& prepared, const SiteInputs& inputs,
                                             std::span<const float> percentiles) const {
  std::vector<RoundedSite> sites(percentiles.size());
  const bool unclipped = percentiles.size() == 1 && percentiles.front() == 1;
  for (const auto suffix : linears_of(inputs.kind)) {
    if (unclipped) {
      sites.front().emplace(suffix, round_to_nearest(prepared.weight_to_round(suffix), inputs.grid, inputs.name(suffix)));
      continue;
    }
    const GroupedWeight grouped(prepared.weight_to_round(suffix), inputs.grid, inputs.name(suffix));
    for (size_t p = 0; p < percentiles.size(); ++p) sites[p].emplace(suffix, grouped.quantize(percentiles[p]));
  }
  return sites;
}

void side_by_side(const reference::Workers* workers, size_t parts, const std::function<void(size_t)>& work) {
  if (workers != nullptr) {
    workers->run(parts, work);
  } else {
    for (size_t part = 0; part < parts; ++part) work(part);
  }
}

std::unique_ptr<WeightMethod> make_weight_method(const Recipe& recipe) {
  auto method = make_plain(recipe);
  const bool integers_to_nearest = recipe.weight_method == qvlm::WeightMethod::RTN;
  if (recipe.residual_rank > 0) method = std::make_unique<WithResidual>(std::move(method), recipe.residual_rank);
  if (recipe.transform == TransformMode::LEARNED)
    method = std::make_unique<WithLearnedTransforms>(std::move(method), TransformTraining{recipe.transform_epochs, integers_to_nearest, recipe.seed});
  if (folds_channels(recipe)) method = std::make_unique<WithChannelScales>(std::move(method));
  return method;
}

double weighted_error(const torch::Tensor& weights, const torch::Tensor& x, const torch::Tensor& y) {
  return ((x - y).square_().sum(-1) * weights).sum(torch::kFloat64).item<double>();
}

double weighted_energy(const torch::Tensor& weights, const torch::Tensor& x) {
  return (x.square().sum(-1) * weights).sum(torch::kFloat64).item<double>();
}

torch::Tensor relative_token_weights(const torch::Tensor& mask, const torch::Tensor& x) {
  return mask / x.square().sum(-1).clamp_min(std::numeric_limits<float>::min());
}

}  // namespace qvlm::quantization
