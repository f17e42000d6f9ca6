// Steps over the sites of decoder layers for the block search.
#include "core/lab/quantization/decoder_block.h"

#include "core/lab/reference/activation.h"

namespace qvlm::quantization {

using reference::LayerState;

const torch::Tensor& output_behind(SiteKind kind, const LayerState& state) {
  return kind == SiteKind::ATTENTION_INPUT || kind == SiteKind::MLP_INPUT ? state.site_input : state.residual;
}

LayerState run_site(const DecoderConfig& config, const reference::DecoderLayer& layer, SiteKind kind, const LayerState& state,
                    const ActivationQuantizer& quantizer, const reference::RotaryTable& rotary) {
  LayerState at = state.site_input.defined() ? state : reference::enter_layer(config, layer, state.residual);
  if (quantizer.active()) at.site_input = reference::quantize_activations(at.site_input, quantizer);
  return reference::advance(config, layer, kind, at, rotary);
}

DecoderBlock::DecoderBlock(const DecoderConfig& config, const reference::RotaryTable& rotary, const calibration::Batches& batches,
                           const std::vector<LayerState>& states, const std::vector<SiteCandidates>& sites)
    : config_(config), rotary_(rotary), batches_(batches), states_(states), sites_(sites) {
  for (const SiteCandidates& site : sites_) {
    energies_.emplace_back();
    for (size_t b = 0; b < batches_.all.size(); ++b) energies_.back().push_back(calibration::energy(batches_.all[b], site.targets[b]));
  }
}

int64_t DecoderBlock::samples(SampleSet set) const {
  return set == SampleSet::SEARCH ? batches_.search_samples : batches_.samples - batches_.search_samples;
}

// Two tensors a batch: residual, site input.
SearchableBlock::State DecoderBlock::enter(SampleSet set) const {
  const size_t end = set == SampleSet::SEARCH ? batches_.search_batches : batches_.all.size();
  State state;
  for (size_t b = first_batch(set); b < end; ++b) {
    state.push_back(states_[b].residual);
    state.push_back(states_[b].site_input);
  }
  return state;
}

SearchableBlock::State DecoderBlock::step(SampleSet, const State& state, int position, int candidate) const {
  const SiteCandidates& site = sites_[static_cast<size_t>(position)];
  const auto c = static_cast<size_t>(candidate);
  State next;
  next.reserve(state.size());
  for (size_t i = 0; i + 1 < state.size(); i += 2) {
    const LayerState advanced = run_site(config_, site.layers[c], site.site.kind, {state[i], state[i + 1]}, site.quantizers[c], rotary_);
    next.push_back(advanced.residual);
    next.push_back(advanced.site_input);
  }
  return next;
}

Deviation DecoderBlock::deviation(SampleSet set, const State& state, int position) const {
  const SiteCandidates& site = sites_[static_cast<size_t>(position)];
  Deviation sum;
  for (size_t i = 0; i + 1 < state.size(); i += 2) {
    const size_t b = first_batch(set) + i / 2;
    const LayerState behind{state[i], state[i + 1]};
    const torch::Tensor& output = output_behind(site.site.kind, behind);
    sum.error += calibration::squared_error(batches_.all[b], output, site.targets[b]);
    sum.energy += energies_[static_cast<size_t>(position)][b];
  }
  return sum;
}

std::vector<LayerState> DecoderBlock::unpack(const State& state) {
  std::vector<LayerState> states;
  for (size_t i = 0; i + 1 < state.size(); i += 2) states.push_back({state[i], state[i + 1]});
  return states;
}

}  // namespace qvlm::quantization
