// Steps over the sites of decoder layers for the block search.
#include "core/lab/quantization/decoder_block.h"

#include "core/lab/reference/activation.h"

namespace qvlm::quantization {

using reference::LayerState;

const torch::Tensor& output_behind(SiteKind kind, const LayerState& state) {
  return ends_within_sublayer(kind) ? state.site_input : state.residual;
}

std::pair<torch::Tensor, torch::Tensor> block_end(const SiteCandidates& last, size_t batch, const LayerState& behind) {
  const torch::Tensor& output = output_behind(last.site.kind, behind);
  const torch::Tensor target = last.targets[batch];
  if (!last.carry.defined()) return {output, target};
  return {behind.residual + torch::linear(output - target, last.carry), last.residuals[batch]};
}

LayerState run_site(const DecoderConfig& config, const reference::DecoderLayer& layer, SiteKind kind, const LayerState& state,
                    const ActivationQuantizer& quantizer, const reference::RotaryTable& rotary) {
  LayerState at = state.site_input.defined() ? state : reference::enter_layer(config, layer, state.residual);
  if (quantizer.active()) at.site_input = reference::quantize_activations(at.site_input, quantizer);
  return reference::advance(config, layer, kind, at, rotary);
}

DecoderBlock::DecoderBlock(const DecoderConfig& config, const reference::RotaryTable& rotary, const calibration::Batches& batches,
                           const calibration::BatchStates& states, const std::vector<SiteCandidates>& sites, const reference::Workers& workers)
    : config_(config), rotary_(rotary), batches_(batches), states_(states), sites_(sites) {
  energies_.resize(sites_.size(), std::vector<double>(batches_.all.size()));
  end_energies_.resize(batches_.all.size());
  const SiteCandidates& last = sites_.back();
  workers.run(batches_.all.size(), [&](size_t b) {
    for (size_t i = 0; i < sites_.size(); ++i) energies_[i][b] = weighted_energy(sites_[i].weights_of(batches_, b), sites_[i].targets[b]);
    end_energies_[b] = last.carry.defined() ? weighted_energy(last.weights_of(batches_, b), last.residuals[b]) : energies_.back()[b];
  });
}

int64_t DecoderBlock::samples(SampleSet set) const {
  return set == SampleSet::SEARCH ? batches_.search_samples : batches_.samples - batches_.search_samples;
}

size_t DecoderBlock::parts(SampleSet set) const {
  return set == SampleSet::SEARCH ? batches_.search_batches : batches_.all.size() - batches_.search_batches;
}

std::pair<SampleSet, size_t> DecoderBlock::part_of(size_t index) const {
  if (index < batches_.search_batches) return {SampleSet::SEARCH, index};
  return {SampleSet::REST, index - batches_.search_batches};
}

// Two tensors: residual, site input.
SearchableBlock::State DecoderBlock::enter(SampleSet set, size_t part) const {
  const LayerState state = states_[first_batch(set) + part];
  return {state.residual, state.site_input};
}

SearchableBlock::State DecoderBlock::step(const State& state, int position, int candidate) const {
  const SiteCandidates& site = sites_[static_cast<size_t>(position)];
  const auto c = static_cast<size_t>(candidate);
  const LayerState advanced = run_site(config_, *site.layers.at(c), site.site.kind, unpack(state), site.quantizers[c], rotary_);
  return {advanced.residual, advanced.site_input};
}

Deviation DecoderBlock::deviation(SampleSet set, size_t part, const State& state, int position) const {
  const SiteCandidates& site = sites_[static_cast<size_t>(position)];
  const size_t b = first_batch(set) + part;
  const LayerState behind = unpack(state);
  const torch::Tensor& output = output_behind(site.site.kind, behind);
  return {weighted_error(site.weights_of(batches_, b), output, site.targets[b]), energies_[static_cast<size_t>(position)][b]};
}

Deviation DecoderBlock::end_deviation(SampleSet set, size_t part, const State& state) const {
  const SiteCandidates& last = sites_.back();
  const size_t b = first_batch(set) + part;
  const auto [output, target] = block_end(last, b, unpack(state));
  return {weighted_error(last.weights_of(batches_, b), output, target), end_energies_[b]};
}

Deviation DecoderBlock::output_deviation(size_t index, const State& state, int position) const {
  const SiteCandidates& site = sites_[static_cast<size_t>(position)];
  const LayerState behind = unpack(state);
  const auto target = site.targets[index];
  const calibration::Batch& batch = batches_.all[index];
  return {calibration::squared_error(batch, output_behind(site.site.kind, behind), target), calibration::energy(batch, target)};
}

Deviation DecoderBlock::token_deviation(size_t index, const State& state, int position) const {
  const SiteCandidates& site = sites_[static_cast<size_t>(position)];
  const LayerState behind = unpack(state);
  const auto target = site.targets[index];
  const auto weights = relative_token_weights(batches_.all[index].mask, target);
  return {weighted_error(weights, output_behind(site.site.kind, behind), target), weighted_energy(weights, target)};
}

}  // namespace qvlm::quantization
