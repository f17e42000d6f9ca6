// Steps over decoder sites with a rounding from outside.
#include "core/lab/quantization/refined_block.h"

namespace qvlm::quantization {

using reference::LayerState;

ChosenBlock::ChosenBlock(const DecoderConfig& config, const reference::RotaryTable& rotary, const calibration::Batches& batches,
                         const calibration::BatchStates& states, const std::vector<SiteCandidates>& sites, const Tuple& tuple)
    : config_(config), rotary_(rotary), batches_(batches), states_(states), sites_(sites), tuple_(tuple) {}

RefinableBlock::State ChosenBlock::step(const State& state, int position, const Rounding& rounding) const {
  const SiteCandidates& site = sites_[static_cast<size_t>(position)];
  const auto held = site.layers.at(static_cast<size_t>(tuple_[static_cast<size_t>(position)]));
  const reference::DecoderLayer& layer = *held;
  LayerState at = DecoderBlock::unpack(state);
  if (!at.site_input.defined()) at = reference::enter_layer(config_, layer, at.residual);
  at.site_input = rounding(at.site_input);
  const LayerState behind = reference::advance(config_, layer, site.site.kind, at, rotary_);
  return {behind.residual, behind.site_input};
}

Deviation ChosenBlock::deviation(size_t part, const State& state) const {
  const SiteCandidates& last = sites_.back();
  const LayerState behind = DecoderBlock::unpack(state);
  const torch::Tensor& weights = last.weights_of(batches_, part);
  const auto [output, target] = block_end(last, part, behind);
  return {weighted_error(weights, output, target), weighted_energy(weights, target)};
}

torch::Tensor ChosenBlock::squared_error(size_t part, const State& state) const {
  const SiteCandidates& last = sites_.back();
  const auto [output, target] = block_end(last, part, DecoderBlock::unpack(state));
  return ((output - target).square().sum(-1) * last.weights_of(batches_, part)).sum();
}

std::vector<ActivationQuantizer> ChosenBlock::chosen() const {
  std::vector<ActivationQuantizer> quantizers;
  for (size_t i = 0; i < sites_.size(); ++i) quantizers.push_back(sites_[i].quantizers[static_cast<size_t>(tuple_[i])]);
  return quantizers;
}

std::vector<ActivationQuantizer> ChosenBlock::unclipped() const {
  std::vector<ActivationQuantizer> quantizers;
  for (const SiteCandidates& site : sites_) quantizers.push_back(site.quantizers.front());
  return quantizers;
}

void refine(const ChosenBlock& block, const Recipe& recipe, const reference::Workers& workers, const std::function<void()>& check,
            BlockSearched& event) {
  const Refinement refined = refine_clips(block, block.chosen(), block.unclipped(), {recipe.clip_refinement, recipe.refinement_epochs, &workers, check});
  event.refined_bounds = refined.bounds;
  event.refined_error = refined.bounds.empty() ? 0 : refined.error;
  event.site_forwards += refined.site_forwards;
}

void take_refined(const BlockSearched& event, const Tuple& tuple, std::vector<SiteCandidates>& sites) {
  if (event.refined_bounds.empty()) return;
  std::vector<ActivationQuantizer> quantizers;
  for (size_t i = 0; i < sites.size(); ++i) quantizers.push_back(sites[i].quantizers[static_cast<size_t>(tuple[i])]);
  quantizers = with_bounds(std::move(quantizers), event.refined_bounds, "journal: block " + std::to_string(event.block));
  for (size_t i = 0; i < sites.size(); ++i) sites[i].quantizers[static_cast<size_t>(tuple[i])] = quantizers[i];
}

}  // namespace qvlm::quantization
