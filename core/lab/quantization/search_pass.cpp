// The search pass over the decoder.
#include "core/lab/quantization/search_pass.h"

#include <algorithm>
#include <chrono>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/lab/quantization/refined_block.h"
#include "core/lab/quantization/resident_layer.h"
#include "core/lab/reference/activation.h"

namespace qvlm::quantization {
namespace {

using calibration::Batch;
using calibration::BatchStates;
using calibration::BatchTensors;
using reference::DecoderLayer;
using reference::LayerState;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

class Pass {
 public:
  Pass(const SearchPassInputs& in, Partition& partition, KnownResults& known, const SearchPassListener& listener)
      : in_(in),
        config_(in.model.config().decoder),
        partition_(partition),
        known_(known),
        listener_(listener),
        method_(make_weight_method(in.recipe)),
        rotary_(reference::RotaryTable::make(config_, in.batches.longest)),
        workers_(in.workers),
        sites_(config_.layers * kSitesPerLayer) {
    parameters_ = in.recipe.search == SearchMode::NONE ? std::vector<float>{1} : candidates_of(in.recipe);
    // Candidate 0 is the unclipped one, as the search expects.
    std::stable_partition(parameters_.begin(), parameters_.end(), [](float p) { return p == 1.0f; });
  }

  SearchPassCounts run() {
    rewind();
    while (site_ < sites_ && !(in_.preview && all_known())) {
      listener_.poll();
      if (take_new_partition()) continue;
      search_block_at(partition_.block_of(site_));
    }
    return counts_;
  }

 private:
  bool all_known() const {
    return std::all_of(partition_.blocks.begin(), partition_.blocks.end(), [&](const Block& block) { return known_.holds(block); });
  }

  // To the first block that no written layer holds whole, streams recomputed through what is before it. A block that begins in a written
  // layer and ends in the next is prepared from its first site again: what it rounds may depend on the stream that entered it.
  void rewind() {
    resident_.clear();
    float_states_ = BatchStates(in_.batches.all.size());
    states_ = BatchStates(in_.batches.all.size());
    for (size_t b = 0; b < states_.size(); ++b) {
      float_states_.residuals.set(b, in_.batches.all[b].hidden);
      states_.residuals.set(b, in_.batches.all[b].quantized_input());
    }
    written_layers_ = reusable_layers();
    approximate_ = false;
    site_ = written_layers_ * kSitesPerLayer;
    if (site_ > 0) {
      const Block& block = partition_.blocks[static_cast<size_t>(partition_.block_of(site_ - 1))];
      if (block.last >= site_) site_ = block.first;
    }
    for (int layer = 0; layer * kSitesPerLayer < site_; ++layer) {
      listener_.poll();
      walk_written(layer, std::min(site_ - layer * kSitesPerLayer, kSitesPerLayer));
    }
    counts_.layers_reused = written_layers_;
    counts_.blocks_reused = 0;
    forwards_ = 0;
    for (const Block& block : partition_.blocks) {
      if (block.last >= site_) break;
      ++counts_.blocks_reused;
      forwards_ += known_.blocks.at(block.first).site_forwards;
    }
    if (forwards_ > 0) listener_.on_forwards(forwards_);
  }

  // Both streams through the first `kinds` sites of a layer that is written. Of a part of a layer, the rest is still to be prepared.
  void walk_written(int index, int kinds) {
    const LayerQuantized& event = known_.layers.at(index);
    const QuantizedLayer quantized = read_layer(in_.work / layer_file_name(index), event.hash);
    const DecoderLayer runs = quantized.dequantize();
    step_all(states_, [&](LayerState state) {
      for (int kind = 0; kind < kinds; ++kind) {
        state = run_site(config_, runs, static_cast<SiteKind>(kind), state, quantized.activations[static_cast<size_t>(kind)], rotary_);
      }
      return state;
    });
    if (kinds == kSitesPerLayer) {
      const DecoderLayer original = DecoderLayer::load(in_.model, index, torch::kFloat32);
      reference::release_layer(in_.model, index);
      step_all(float_states_, [&](const LayerState& state) {
        return LayerState{reference::decoder_layer(config_, original, state.residual, rotary_, index), {}};
      });
      return;
    }
    entering_ = float_states_.residuals;
    ResidentLayer& layer = resident(index);
    entering_ = {};
    layer.quantized = quantized;
    for (int kind = 0; kind < kinds; ++kind) {
      for (const auto suffix : linears_of(static_cast<SiteKind>(kind))) layer.count_error(suffix, runs.linear(suffix));
    }
    step_all(float_states_, [&](LayerState state) {
      state = reference::enter_layer(config_, layer.prepared.layer, state.residual);
      for (int kind = 0; kind < kinds; ++kind) state = reference::advance(config_, layer.prepared.layer, static_cast<SiteKind>(kind), state, rotary_);
      return state;
    });
    for (int kind = 0; kind < kinds; ++kind) layer.release(static_cast<SiteKind>(kind));
  }

  // Every batch on, side by side.
  void step_all(BatchStates& states, const std::function<LayerState(const LayerState& state)>& step) {
    workers_.run(states.size(), [&](size_t b) {
      const LayerState before = states[b];
      states.set(b, step(before), states, before, in_.spill);
    });
  }

  // Leading layers whose files are whole and whose blocks are all known.
  int reusable_layers() const {
    int layer = 0;
    for (; layer < config_.layers; ++layer) {
      const auto found = known_.layers.find(layer);
      if (found == known_.layers.end()) break;
      const std::filesystem::path path = in_.work / layer_file_name(layer);
      if (!std::filesystem::exists(path) || hash_of_file(path) != found->second.hash) break;
      bool all_known = true;
      for (int site = layer * kSitesPerLayer; site < (layer + 1) * kSitesPerLayer; ++site) {
        all_known = all_known && known_.holds(partition_.blocks[static_cast<size_t>(partition_.block_of(site))]);
      }
      if (!all_known) break;
    }
    return layer;
  }

  // True if the position changed.
  bool take_new_partition() {
    const std::optional<Partition> edited = listener_.new_partition();
    if (!edited) return false;
    validate(*edited, sites_, "new partition");
    const int first_changed = known_.partition_changed(partition_, *edited, method_->couples_sites());
    // A layer that is being prepared with other bits has to be prepared again.
    const bool resident_changed = std::any_of(resident_.begin(), resident_.end(), [&](const auto& entry) {
      for (int site = entry.first * kSitesPerLayer; site < (entry.first + 1) * kSitesPerLayer; ++site) {
        if (bits_of_site(*edited, site, 0) != bits_of_site(partition_, site, 0)) return true;
      }
      return false;
    });
    partition_ = *edited;
    listener_.on_event(PartitionChanged{partition_, in_.threshold, "user"});
    if (first_changed >= site_ && !resident_changed) return false;
    rewind();
    listener_.on_event(RunResumed{counts_.layers_reused, counts_.blocks_reused});
    return true;
  }

  WeightGrid grid_of(int site) const {
    return {bits_of_site(partition_, site, in_.recipe.weight_bits), in_.recipe.weight_group, in_.recipe.weight_symmetric};
  }

  ResidentLayer& resident(int layer) {
    if (const auto found = resident_.find(layer); found != resident_.end()) return found->second;
    LayerCalibration calibration{config_, rotary_, in_.batches, entering_, {}, {}, "decoder." + std::to_string(layer)};
    for (int kind = 0; kind < kSitesPerLayer; ++kind) {
      const int site = layer * kSitesPerLayer + kind;
      calibration.statistics[static_cast<size_t>(kind)] = in_.statistics.empty() ? nullptr : &in_.statistics[static_cast<size_t>(site)];
      calibration.grids[static_cast<size_t>(kind)] = grid_of(site);
      calibration.token_weights[static_cast<size_t>(kind)] = token_weights_of(Site::at(site));
    }
    calibration.workers = &workers_;
    calibration.poll = listener_.poll;
    if (in_.recipe.activation_bits < 16) calibration.quantizer = calibration::probe_of(in_.recipe);
    const bool relative = in_.recipe.token_weighting == TokenWeighting::RELATIVE;
    return resident_.emplace(layer, prepare_layer(in_.model, layer, *method_, std::move(calibration), relative, workers_, in_.spill)).first->second;
  }

  TokenWeights token_weights_of(Site site) const {
    const int sublayer = 2 * site.layer + (site.kind < SiteKind::MLP_INPUT ? 0 : 1);
    return in_.sublayer_weights.empty() ? TokenWeights{} : in_.sublayer_weights[static_cast<size_t>(sublayer)];
  }

  // The site's activation quantizers, one a parameter.
  std::vector<ActivationQuantizer> quantizers_at(const BatchTensors& inputs, float learned_clip) const {
    if (in_.recipe.activation_bits >= 16) return std::vector<ActivationQuantizer>(parameters_.size());
    std::vector<ActivationQuantizer> quantizers(parameters_.size(), calibration::probe_of(in_.recipe));
    if (is_static(in_.recipe.activation_mode)) {
      const auto bounds = calibration::static_bounds(in_.batches, inputs, parameters_);
      for (size_t c = 0; c < parameters_.size(); ++c) {
        quantizers[c].low = bounds[c].first * learned_clip;
        quantizers[c].high = bounds[c].second * learned_clip;
      }
    } else {
      for (size_t c = 0; c < parameters_.size(); ++c) quantizers[c].clip = parameters_[c] * learned_clip;
    }
    return quantizers;
  }

  // The quantized path of a block that is being prepared, before a site: activations rounded unclipped.
  void enter_provisional(BatchStates& states, const DecoderLayer& layer, const ActivationQuantizer& quantizer) {
    step_all(states, [&](LayerState state) {
      if (!state.site_input.defined()) state = reference::enter_layer(config_, layer, state.residual);
      if (quantizer.active()) state.site_input = reference::quantize_activations(state.site_input, quantizer);
      return state;
    });
  }

  // The block's sites, with the float path's outputs behind each; float_states_ end behind the block.
  std::vector<SiteCandidates> prepare_sites(const Block& block) {
    const bool quantizes_activations = in_.recipe.activation_bits < 16;
    // Where activations are clipped, weights are rounded once, unclipped.
    const std::vector<float> percentiles = quantizes_activations ? std::vector<float>{1} : parameters_;
    std::vector<SiteCandidates> sites;
    const auto budget = std::make_shared<WeightBudget>(in_.weight_bytes);
    BatchStates provisional;  // the quantized path with candidate 0 of the sites so far
    if (method_->needs_quantized_inputs()) provisional = states_;
    for (int index = block.first; index <= block.last; ++index) {
      SiteCandidates site;
      site.site = Site::at(index);
      site.parameters = parameters_;
      const SiteKind kind = site.site.kind;
      entering_ = float_states_.residuals;
      ResidentLayer& layer = resident(site.site.layer);
      entering_ = {};
      const DecoderLayer& prepared = layer.prepared.layer;
      const std::string name = "decoder." + std::to_string(site.site.layer);
      workers_.run(float_states_.size(), [&](size_t b) {
        const LayerState before = float_states_[b];
        LayerState state = before;
        if (kind == SiteKind::ATTENTION_INPUT) state = reference::enter_layer(config_, prepared, state.residual);
        demand_finite(state.site_input, name + ": the input of " + std::string(linears_of(kind).front()));
        float_states_.set(b, state, float_states_, before, in_.spill);
      });
      const BatchStates exact = float_states_;
      if (in_.recipe.token_weighting == TokenWeighting::RELATIVE) site.token_weights = layer.token_weights[static_cast<size_t>(kind)];
      site.quantizers = quantizers_at(exact.site_inputs, layer.prepared.clips[static_cast<size_t>(kind)]);
      enter_provisional(provisional, prepared, site.quantizers.front());
      if (index == block.last && in_.recipe.search == SearchMode::JOINT && ends_within_sublayer(kind)) {
        site.carry = kind == SiteKind::ATTENTION_INPUT ? prepared.output : prepared.down;
        site.residuals = exact.residuals;
      }
      site.targets = BatchTensors(float_states_.size());
      workers_.run(float_states_.size(), [&](size_t b) {
        const LayerState before = exact[b];
        float_states_.set(b, reference::advance(config_, prepared, kind, before, rotary_), exact, before, in_.spill);
        site.targets.set(b, ends_within_sublayer(kind) ? float_states_.site_inputs.kept(b) : float_states_.residuals.kept(b));
        if (kind == SiteKind::DOWN_INPUT && !layer.next_hidden.empty()) float_states_.residuals.set(b, layer.next_hidden.kept(b));
      });
      const SiteInputs inputs{config_, rotary_, in_.batches, kind, grid_of(index), name, exact, provisional, site.targets,
                              layer.token_weights[static_cast<size_t>(kind)],
                              [&](const std::string& text) { listener_.on_event(Noticed{text}); }, listener_.poll, &workers_};
      site.layers = CandidateLayers(prepared, method_->round(layer.prepared, inputs, percentiles), budget);
      for (const auto suffix : linears_of(kind)) layer.prepared.to_round.erase(std::string(suffix));
      if (index < block.last && !provisional.empty()) {
        const auto first = site.layers.at(0);
        step_all(provisional, [&](const LayerState& state) { return reference::advance(config_, *first, kind, state, rotary_); });
      }
      sites.push_back(std::move(site));
      listener_.poll();
    }
    return sites;
  }

  std::string input_hash() const {
    Hasher hasher;
    for (size_t b = 0; b < states_.size(); ++b) {
      for (const BatchTensors* part : {&states_.residuals, &states_.site_inputs}) {
        if (!part->kept(b).defined()) continue;
        const auto x = (*part)[b].contiguous();
        hasher.update(std::as_bytes(std::span(x.data_ptr<float>(), static_cast<size_t>(x.numel()))));
      }
    }
    return hasher.digest128_hex();
  }

  int index_of(float parameter) const {
    const auto found = std::find(parameters_.begin(), parameters_.end(), parameter);
    if (found == parameters_.end()) throw Error("journal: a block has the parameter " + std::to_string(parameter) + ", which the recipe does not list");
    return static_cast<int>(found - parameters_.begin());
  }

  void search_block_at(int index) {
    const auto start = std::chrono::steady_clock::now();
    const Block block = partition_.blocks[static_cast<size_t>(index)];
    std::vector<SiteCandidates> sites = prepare_sites(block);
    const DecoderBlock searchable(config_, rotary_, in_.batches, states_, sites, workers_);

    BlockSearched event;
    const bool known = known_.holds(block);
    if (known) event = known_.blocks.at(block.first);
    const std::string hash = input_hash();
    const bool same_stream = known && event.input_hash == hash;
    const bool taken_over = same_stream || (known && in_.preview);
    approximate_ |= taken_over && !same_stream;
    if (!taken_over) {
      event = search(index, block, searchable);
      if (in_.recipe.clip_refinement != ClipRefinement::NONE) refine_searched(event, sites);
      event.input_hash = hash;
      event.seconds = seconds_since(start);
      written_layers_ = std::min(written_layers_, block.first / kSitesPerLayer);
    }
    if (taken_over) {
      ++counts_.blocks_reused;
      forwards_ += event.site_forwards;
      listener_.on_forwards(forwards_);
    }
    event.block = index;
    const Tuple tuple = tuple_of(event);
    if (tuple.size() != sites.size()) throw Error("journal: block " + std::to_string(index) + " has " + std::to_string(tuple.size()) + " parameters");
    if (same_stream || !taken_over) listener_.on_event(event);
    known_.blocks[block.first] = event;
    take_refined(event, tuple, sites);
    commit(sites, searchable, tuple);
    site_ = block.last + 1;
  }

  Tuple tuple_of(const BlockSearched& event) const {
    Tuple tuple;
    for (const float parameter : event.joint_parameters) tuple.push_back(index_of(parameter));
    return tuple;
  }

  // Moves the chosen bounds on; the event holds them beside the parameters that they began with.
  void refine_searched(BlockSearched& event, const std::vector<SiteCandidates>& sites) {
    const Tuple tuple = tuple_of(event);
    const int64_t before = event.site_forwards;
    refine(ChosenBlock(config_, rotary_, in_.batches, states_, sites, tuple), in_.recipe, workers_, listener_.check, event);
    forwards_ += event.site_forwards - before;
    listener_.on_forwards(forwards_);
  }

  BlockSearched search(int index, const Block& block, const DecoderBlock& searchable) {
    const auto on_score = [&](const Tuple& tuple, double loss, int64_t samples) {
      listener_.poll();
      listener_.on_event(CandidateScored{index, parameters_of(tuple), loss, static_cast<int>(samples)});
    };
    const SearchSettings settings{in_.recipe.rescored_tuples, &workers_, listener_.check, &in_.spill};
    const BlockSearchResult result = in_.recipe.search == SearchMode::NONE
                                         ? score_only(searchable, settings, Tuple(static_cast<size_t>(block.depth()), 0))
                                         : search_block(searchable, settings, on_score);
    BlockSearched event;
    event.first_site = block.first;
    event.last_site = block.last;
    event.layerwise_parameters = parameters_of(result.layerwise);
    event.joint_parameters = parameters_of(result.joint);
    event.layerwise_error = result.layerwise_error;
    event.joint_error = result.joint_error;
    event.unclipped_error = result.unclipped_error;
    event.spread = result.spread;
    event.search_has_effect = result.spread >= 0.01;
    event.site_forwards = result.site_forwards;
    forwards_ += result.site_forwards;
    listener_.on_forwards(forwards_);
    return event;
  }

  std::vector<float> parameters_of(const Tuple& tuple) const {
    std::vector<float> parameters;
    for (const int candidate : tuple) parameters.push_back(parameters_[static_cast<size_t>(candidate)]);
    return parameters;
  }

  // Fixes the chosen candidates, moves the quantized path behind the block, and writes the layers that are complete.
  void commit(const std::vector<SiteCandidates>& sites, const DecoderBlock& searchable, const Tuple& tuple) {
    // Each batch through the whole block, and its deviation behind each site.
    BatchStates behind(states_.size());
    std::vector<std::vector<Deviation>> deviations(states_.size()), of_tokens(states_.size());
    workers_.run(states_.size(), [&](size_t b) {
      const auto [set, part] = searchable.part_of(b);
      auto state = searchable.enter(set, part);
      const LayerState before = DecoderBlock::unpack(state);
      for (size_t i = 0; i < sites.size(); ++i) {
        state = searchable.step(state, static_cast<int>(i), tuple[i]);
        const bool ends_layer = sites[i].site.kind == SiteKind::DOWN_INPUT;
        deviations[b].push_back(ends_layer ? searchable.output_deviation(b, state, static_cast<int>(i)) : Deviation());
        of_tokens[b].push_back(ends_layer ? searchable.token_deviation(b, state, static_cast<int>(i)) : Deviation());
      }
      behind.set(b, DecoderBlock::unpack(state), states_, before, in_.spill);
    });
    for (size_t i = 0; i < sites.size(); ++i) {
      const SiteCandidates& site = sites[i];
      ResidentLayer& layer = resident_.at(site.site.layer);
      const auto kind = static_cast<size_t>(site.site.kind);
      layer.quantized.activations[kind] = site.quantizers[static_cast<size_t>(tuple[i])];
      layer.quantized.parameters[kind] = site.parameters[static_cast<size_t>(tuple[i])];
      for (const auto& [suffix, weight] : site.layers.weights_of(static_cast<size_t>(tuple[i]))) {
        layer.quantized.matrices[suffix] = weight.matrix();
        layer.count_error(suffix, weight.dequantize());
      }
      layer.release(site.site.kind);
      if (site.site.kind != SiteKind::DOWN_INPUT) continue;
      layer.output = layer.tokens = {};
      for (const auto& of_batch : deviations) layer.output = layer.output + of_batch[i];
      for (const auto& of_batch : of_tokens) layer.tokens = layer.tokens + of_batch[i];
    }
    states_ = std::move(behind);
    for (const SiteCandidates& site : sites) {
      if (site.site.kind != SiteKind::DOWN_INPUT) continue;
      if (site.site.layer >= written_layers_ && !approximate_) finish_layer(site.site.layer);
      resident_.erase(site.site.layer);
    }
  }

  void finish_layer(int index) {
    const ResidentLayer& layer = resident_.at(index);
    const std::filesystem::path path = in_.work / layer_file_name(index);
    LayerQuantized event;
    event.layer = index;
    event.file = "work/" + layer_file_name(index);
    event.hash = write_layer(path, layer.quantized);
    event.bytes = static_cast<int64_t>(std::filesystem::file_size(path));
    event.weight_error = layer.weight_energy > 0 ? layer.weight_error / layer.weight_energy : 0;
    event.output_error = layer.output.relative();
    event.token_error = layer.tokens.relative();
    event.seconds = seconds_since(layer.started);
    listener_.on_event(event);
    known_.layers[index] = event;
  }

  const SearchPassInputs& in_;
  const DecoderConfig& config_;
  Partition& partition_;
  KnownResults& known_;
  const SearchPassListener& listener_;
  std::unique_ptr<WeightMethod> method_;
  reference::RotaryTable rotary_;
  const reference::Workers& workers_;
  int sites_;
  std::vector<float> parameters_;
  std::map<int, ResidentLayer> resident_;
  BatchStates float_states_;  // the float path before site_
  BatchStates states_;        // the quantized path before site_
  BatchTensors entering_;     // the float path where prepare_sites stands: a layer loaded now begins here
  int site_ = 0;              // the first site of the block to be searched next
  int written_layers_ = 0;    // leading layers whose files stand as they are
  bool approximate_ = false;  // a block before site_ has parameters that were found on another stream
  int64_t forwards_ = 0;
  SearchPassCounts counts_;
};

}  // namespace

SearchPassCounts search_pass(const SearchPassInputs& inputs, Partition& partition, KnownResults& known, const SearchPassListener& listener) {
  const torch::NoGradGuard no_gradients;
  return Pass(inputs, partition, known, listener).run();
}

std::string layer_file_name(int layer) { return "layer_" + std::to_string(layer) + ".safetensors"; }

}  // namespace qvlm::quantization
