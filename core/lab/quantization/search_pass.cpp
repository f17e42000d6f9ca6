// The search pass over the decoder.
#include "core/lab/quantization/search_pass.h"

#include <algorithm>
#include <chrono>

#include "core/base/error.h"
#include "core/base/hash.h"

namespace qvlm::quantization {
namespace {

using calibration::Batch;
using reference::DecoderLayer;
using reference::LayerState;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

int bits_of_site(const Partition& partition, int site, int recipe_bits) {
  const Block& block = partition.blocks[static_cast<size_t>(partition.block_of(site))];
  return block.bits != 0 ? block.bits : recipe_bits;
}

// A layer being quantized.
struct ResidentLayer {
  PreparedLayer prepared;
  QuantizedLayer quantized;
  std::vector<torch::Tensor> next_hidden;  // one a batch: the checkpoint layer's own output, where the prepared one differs; else empty
  double weight_error = 0, weight_energy = 0;
  Deviation output;
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
};

class Pass {
 public:
  Pass(const SearchPassInputs& in, Partition& partition, KnownResults& known, const SearchPassListener& listener)
      : in_(in),
        config_(in.model.config().decoder),
        partition_(partition),
        known_(known),
        listener_(listener),
        method_(make_weight_method(in.recipe.weight_method)),
        rotary_(reference::RotaryTable::make(config_, in.batches.longest)),
        workers_(in.workers),
        sites_(config_.layers * kSitesPerLayer) {
    parameters_ = in.recipe.search == SearchMode::NONE ? std::vector<float>{1} : candidates_of(in.recipe);
    // Candidate 0 is the unclipped one, as the search expects.
    std::stable_partition(parameters_.begin(), parameters_.end(), [](float p) { return p == 1.0f; });
  }

  SearchPassCounts run() {
    rewind();
    while (site_ < sites_) {
      listener_.poll();
      if (take_new_partition()) continue;
      search_block_at(partition_.block_of(site_));
    }
    return counts_;
  }

 private:
  // To the first site that no written layer covers, streams recomputed through the layers before it.
  void rewind() {
    resident_.clear();
    float_states_.clear();
    states_.clear();
    for (const Batch& batch : in_.batches.all) {
      float_states_.push_back({batch.hidden, {}});
      states_.push_back({batch.quantized_input(), {}});
    }
    site_ = 0;
    const int layers = reusable_layers();
    for (int layer = 0; layer < layers; ++layer) {
      listener_.poll();
      const LayerQuantized& event = known_.layers.at(layer);
      const QuantizedLayer quantized = read_layer(in_.work / layer_file_name(layer), event.hash);
      const DecoderLayer runs = quantized.dequantize();
      const DecoderLayer original = DecoderLayer::load(in_.model, layer, torch::kFloat32);
      reference::release_layer(in_.model, layer);
      workers_.run(states_.size(), [&](size_t b) {
        for (int kind = 0; kind < kSitesPerLayer; ++kind) {
          states_[b] = run_site(config_, runs, static_cast<SiteKind>(kind), states_[b], quantized.activations[static_cast<size_t>(kind)], rotary_);
        }
        float_states_[b] = {reference::decoder_layer(config_, original, float_states_[b].residual, rotary_, layer), {}};
      });
      site_ += kSitesPerLayer;
    }
    counts_.layers_reused = layers;
    counts_.blocks_reused = 0;
    forwards_ = 0;
    for (const Block& block : partition_.blocks) {
      if (block.last >= site_) break;
      ++counts_.blocks_reused;
      forwards_ += known_.blocks.at(block.first).site_forwards;
    }
    if (forwards_ > 0) listener_.on_forwards(forwards_);
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
        const Block& block = partition_.blocks[static_cast<size_t>(partition_.block_of(site))];
        const auto result = known_.blocks.find(block.first);
        all_known = all_known && result != known_.blocks.end() && result->second.last_site == block.last;
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
    ResidentLayer fresh;
    const DecoderLayer original = DecoderLayer::load(in_.model, layer, torch::kFloat32);
    reference::release_layer(in_.model, layer);
    std::vector<torch::Tensor> hidden;  // the layer's float input, one a batch
    for (const LayerState& state : entering_) hidden.push_back(state.residual);
    LayerCalibration calibration{config_, rotary_, in_.batches, hidden, {}, {}, "decoder." + std::to_string(layer)};
    for (int kind = 0; kind < kSitesPerLayer; ++kind) {
      const int site = layer * kSitesPerLayer + kind;
      calibration.statistics[static_cast<size_t>(kind)] = in_.statistics.empty() ? nullptr : &in_.statistics[static_cast<size_t>(site)];
      calibration.grids[static_cast<size_t>(kind)] = grid_of(site);
    }
    fresh.prepared = method_->prepare(original, calibration);
    if (fresh.prepared.folded) {
      fresh.next_hidden.resize(hidden.size());
      workers_.run(hidden.size(), [&](size_t b) { fresh.next_hidden[b] = reference::decoder_layer(config_, original, hidden[b], rotary_, layer); });
    }
    const DecoderLayer& prepared = fresh.prepared.layer;
    fresh.quantized.index = layer;
    fresh.quantized.attention_norm = prepared.attention_norm;
    fresh.quantized.mlp_norm = prepared.mlp_norm;
    fresh.quantized.query_bias = prepared.query_bias;
    fresh.quantized.key_bias = prepared.key_bias;
    fresh.quantized.value_bias = prepared.value_bias;
    return resident_.emplace(layer, std::move(fresh)).first->second;
  }

  // Rounds the linears of a site at each percentile that matters, and pairs them with the activation quantizers.
  SiteCandidates candidates_at(int index, const std::vector<torch::Tensor>& float_inputs) {
    const Site site = Site::at(index);
    ResidentLayer& layer = resident(site.layer);
    SiteCandidates result;
    result.site = site;
    result.parameters = parameters_;
    const bool quantizes_activations = in_.recipe.activation_bits < 16;
    const std::vector<float> percentiles = quantizes_activations ? std::vector<float>{1} : parameters_;
    result.weights.resize(percentiles.size());
    std::vector<DecoderLayer> rounded(percentiles.size(), layer.prepared.layer);
    for (const auto suffix_view : linears_of(site.kind)) {
      const std::string suffix(suffix_view);
      const GroupedWeight grouped(layer.prepared.weight_to_round(suffix), grid_of(index), reference::decoder_weight_name(site.layer, suffix));
      for (size_t c = 0; c < percentiles.size(); ++c) {
        const GridWeight weight = grouped.quantize(percentiles[c]);
        rounded[c].linear(suffix) = weight.dequantize();
        result.weights[c].emplace(suffix, weight);
      }
    }
    std::vector<std::pair<float, float>> bounds;
    const bool is_static = quantizes_activations && in_.recipe.activation_mode == ActivationMode::STATIC_TENSOR;
    if (is_static) bounds = calibration::static_bounds(in_.batches, float_inputs, parameters_);
    for (size_t c = 0; c < parameters_.size(); ++c) {
      result.layers.push_back(rounded.size() == 1 ? rounded.front() : rounded[c]);
      ActivationQuantizer quantizer;
      if (quantizes_activations) {
        quantizer = calibration::probe_of(in_.recipe);
        if (is_static) {
          std::tie(quantizer.low, quantizer.high) = bounds[c];
        } else {
          quantizer.clip = parameters_[c];
        }
      }
      result.quantizers.push_back(quantizer);
    }
    return result;
  }

  // The block's sites from site_ on, with the float path's outputs behind each; float_states_ end behind the block.
  std::vector<SiteCandidates> prepare_sites(const Block& block) {
    std::vector<SiteCandidates> sites;
    for (int index = site_; index <= block.last; ++index) {
      const Site at = Site::at(index);
      entering_ = float_states_;
      ResidentLayer& layer = resident(at.layer);
      std::vector<torch::Tensor> inputs;
      for (LayerState& state : float_states_) {
        if (at.kind == SiteKind::ATTENTION_INPUT) state = reference::enter_layer(config_, layer.prepared.layer, state.residual);
        inputs.push_back(state.site_input);
      }
      SiteCandidates site = candidates_at(index, inputs);
      site.targets.resize(float_states_.size());
      workers_.run(float_states_.size(), [&](size_t b) {
        float_states_[b] = reference::advance(config_, layer.prepared.layer, at.kind, float_states_[b], rotary_);
        site.targets[b] = output_behind(at.kind, float_states_[b]);
        if (at.kind == SiteKind::DOWN_INPUT && !layer.next_hidden.empty()) float_states_[b].residual = layer.next_hidden[b];
      });
      sites.push_back(std::move(site));
      listener_.poll();
    }
    entering_.clear();
    return sites;
  }

  std::string input_hash() const {
    Hasher hasher;
    for (const LayerState& state : states_) {
      for (const torch::Tensor& tensor : {state.residual, state.site_input}) {
        if (!tensor.defined()) continue;
        const auto x = tensor.contiguous();
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
    const std::vector<SiteCandidates> sites = prepare_sites(block);
    const DecoderBlock searchable(config_, rotary_, in_.batches, states_, sites, workers_);

    BlockSearched event;
    const auto found = known_.blocks.find(block.first);
    const bool known = found != known_.blocks.end() && found->second.last_site == block.last;
    Tuple tuple;  // of the sites from site_ on
    if (site_ > block.first) {
      // The block began in a layer that is already written: its parameters are in the journal.
      if (!known) throw Error("journal: layer " + std::to_string(site_ / kSitesPerLayer - 1) + " is written, but its last block has no result");
      event = found->second;
    } else {
      const std::string hash = input_hash();
      if (known && found->second.input_hash == hash) {
        event = found->second;
      } else {
        event = search(index, block, searchable);
        event.input_hash = hash;
        event.seconds = seconds_since(start);
      }
    }
    if (known && event.input_hash == found->second.input_hash) {
      ++counts_.blocks_reused;
      forwards_ += event.site_forwards;
      listener_.on_forwards(forwards_);
    }
    event.block = index;
    for (int site = site_; site <= block.last; ++site) {
      tuple.push_back(index_of(event.joint_parameters.at(static_cast<size_t>(site - block.first))));
    }
    listener_.on_event(event);
    known_.blocks[block.first] = event;
    commit(sites, searchable, tuple);
    site_ = block.last + 1;
  }

  BlockSearched search(int index, const Block& block, const DecoderBlock& searchable) {
    const auto on_score = [&](const Tuple& tuple, double loss, int64_t samples) {
      listener_.poll();
      listener_.on_event(CandidateScored{index, parameters_of(tuple), loss, static_cast<int>(samples)});
    };
    const SearchSettings settings{in_.recipe.rescored_tuples, &workers_, listener_.check};
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
    std::vector<LayerState> behind(states_.size());
    std::vector<std::vector<Deviation>> deviations(states_.size());
    workers_.run(states_.size(), [&](size_t b) {
      const auto [set, part] = searchable.part_of(b);
      auto state = searchable.enter(set, part);
      for (size_t i = 0; i < sites.size(); ++i) {
        state = searchable.step(state, static_cast<int>(i), tuple[i]);
        deviations[b].push_back(searchable.deviation(set, part, state, static_cast<int>(i)));
      }
      behind[b] = DecoderBlock::unpack(state);
    });
    for (size_t i = 0; i < sites.size(); ++i) {
      const SiteCandidates& site = sites[i];
      ResidentLayer& layer = resident_.at(site.site.layer);
      const auto kind = static_cast<size_t>(site.site.kind);
      layer.quantized.activations[kind] = site.quantizers[static_cast<size_t>(tuple[i])];
      layer.quantized.parameters[kind] = site.parameters[static_cast<size_t>(tuple[i])];
      for (const auto& [suffix, weight] : site.weights_of(tuple[i])) {
        layer.quantized.matrices[suffix] = weight.matrix();
        const torch::Tensor& exact = layer.prepared.layer.linear(suffix);
        layer.weight_error += (weight.dequantize() - exact).square().sum(torch::kFloat64).item<double>();
        layer.weight_energy += exact.square().sum(torch::kFloat64).item<double>();
      }
      if (site.site.kind != SiteKind::DOWN_INPUT) continue;
      layer.output = {};
      for (const auto& of_batch : deviations) layer.output = layer.output + of_batch[i];
    }
    states_ = std::move(behind);
    for (const SiteCandidates& site : sites) {
      if (site.site.kind == SiteKind::DOWN_INPUT) finish_layer(site.site.layer);
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
    event.seconds = seconds_since(layer.started);
    listener_.on_event(event);
    known_.layers[index] = event;
    resident_.erase(index);
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
  std::vector<LayerState> float_states_;  // one a batch: the float path before site_
  std::vector<LayerState> states_;        // one a batch: the quantized path before site_
  std::vector<LayerState> entering_;      // the float path where prepare_sites stands: a layer loaded now begins here
  int site_ = 0;
  int64_t forwards_ = 0;
  SearchPassCounts counts_;
};

}  // namespace

void KnownResults::add(const Event& event) {
  if (const auto* block = std::get_if<BlockSearched>(&event)) blocks[block->first_site] = *block;
  if (const auto* layer = std::get_if<LayerQuantized>(&event)) layers[layer->layer] = *layer;
}

int KnownResults::partition_changed(const Partition& before, const Partition& after, bool method_couples_sites) {
  const int sites = after.sites();
  const int common = common_blocks(before, after);
  int first = common < static_cast<int>(after.blocks.size()) ? after.blocks[static_cast<size_t>(common)].first : sites;
  for (int site = 0; site < sites && site < before.sites(); ++site) {
    if (bits_of_site(before, site, 0) == bits_of_site(after, site, 0)) continue;
    // What is rounded differs here, and with it all that the method ties to this site.
    const int begin = method_couples_sites ? site / kSitesPerLayer * kSitesPerLayer : site;
    const int end = method_couples_sites ? begin + kSitesPerLayer - 1 : site;
    for (auto it = blocks.begin(); it != blocks.end();) {
      const bool touched = it->second.first_site <= end && it->second.last_site >= begin;
      if (touched) first = std::min(first, it->second.first_site);
      it = touched ? blocks.erase(it) : std::next(it);
    }
    first = std::min(first, begin);
  }
  layers.erase(layers.lower_bound(first / kSitesPerLayer), layers.end());
  return first;
}

SearchPassCounts search_pass(const SearchPassInputs& inputs, Partition& partition, KnownResults& known, const SearchPassListener& listener) {
  const torch::NoGradGuard no_gradients;
  return Pass(inputs, partition, known, listener).run();
}

int64_t planned_forwards(int depth, int candidates, int samples, int search_samples, int rescored_tuples, SearchMode mode) {
  if (mode == SearchMode::NONE) return static_cast<int64_t>(depth) * samples;
  const int64_t rest = samples - search_samples;
  int64_t tuples = 1, tree = 0;
  for (int i = 0; i < depth; ++i) {
    tuples *= candidates;
    tree += tuples;
  }
  const int64_t layerwise = depth > 1 || tuples > rescored_tuples ? static_cast<int64_t>(depth) * candidates * samples : 0;
  return tree * search_samples + layerwise + std::min<int64_t>(tuples, rescored_tuples + 2) * depth * rest;
}

std::string layer_file_name(int layer) { return "layer_" + std::to_string(layer) + ".safetensors"; }

}  // namespace qvlm::quantization
