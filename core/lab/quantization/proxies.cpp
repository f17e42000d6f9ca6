// Scores of pairs of sites, and the comparison of the proxies with what joint search gains.
#include "core/lab/quantization/proxies.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "core/lab/calibration/entropy.h"
#include "core/lab/calibration/level_sampler.h"
#include "core/lab/calibration/statistics.h"
#include "core/lab/quantization/decoder_block.h"
#include "core/lab/quantization/weight_quantizer.h"
#include "core/lab/reference/decoder.h"

namespace qvlm::quantization {
namespace {

using calibration::Batches;
using reference::DecoderLayer;
using reference::LayerState;

constexpr int64_t kPositionsOfSample = 16384;

WeightGrid grid_of(const Recipe& recipe) { return {recipe.weight_bits, recipe.weight_group, recipe.weight_symmetric}; }

// Every sample a batch of its own, in the order of the calibration set.
Batches one_by_one(const Batches& batches) {
  std::vector<torch::Tensor> samples(static_cast<size_t>(batches.samples));
  for (const calibration::Batch& batch : batches.all) {
    for (size_t i = 0; i < batch.samples.size(); ++i) {
      samples[static_cast<size_t>(batch.samples[i])] =
          batch.hidden.narrow(0, static_cast<int64_t>(i), 1).narrow(1, 0, batch.lengths[i]);
    }
  }
  return calibration::make_batches(samples, batches.samples, 1);
}

// One site with weights rounded to nearest, at each of the recipe's candidates.
SiteCandidates candidates_at(const DecoderLayer& layer, Site site, const Recipe& recipe, const Batches& batches,
                             const calibration::BatchTensors& inputs) {
  SiteCandidates result;
  result.site = site;
  result.parameters = candidates_of(recipe);
  const bool quantizes = recipe.activation_bits < 16, is_static = recipe.activation_mode == ActivationMode::STATIC_TENSOR;
  const std::vector<float> percentiles = quantizes ? std::vector<float>{1} : result.parameters;
  std::vector<std::map<std::string, GridWeight>> rounded(percentiles.size());
  for (const auto suffix : linears_of(site.kind)) {
    const GroupedWeight grouped(layer.linear(suffix), grid_of(recipe), reference::decoder_weight_name(site.layer, suffix));
    for (size_t c = 0; c < percentiles.size(); ++c) rounded[c].emplace(suffix, grouped.quantize(percentiles[c]));
  }
  result.layers = CandidateLayers(layer, std::move(rounded));
  std::vector<std::pair<float, float>> bounds;
  if (quantizes && is_static) bounds = calibration::static_bounds(batches, inputs, result.parameters);
  for (size_t c = 0; c < result.parameters.size(); ++c) {
    ActivationQuantizer quantizer;
    if (quantizes) {
      quantizer = calibration::probe_of(recipe);
      if (is_static) {
        std::tie(quantizer.low, quantizer.high) = bounds[c];
      } else {
        quantizer.clip = result.parameters[c];
      }
    }
    result.quantizers.push_back(quantizer);
  }
  return result;
}

// (e_sequential - e_joint) / energy behind the second of two sites, on one part.
double difference_of(const DecoderBlock& block, size_t part) {
  const int candidates = block.candidates();
  const auto start = block.enter(SampleSet::SEARCH, part);
  double least_first = std::numeric_limits<double>::infinity(), sequential = 0, joint = std::numeric_limits<double>::infinity();
  double energy = 0;
  for (int a = 0; a < candidates; ++a) {
    const auto behind_first = block.step(start, 0, a);
    const double first = block.deviation(SampleSet::SEARCH, part, behind_first, 0).error;
    double least_second = std::numeric_limits<double>::infinity();
    for (int b = 0; b < candidates; ++b) {
      const Deviation second = block.deviation(SampleSet::SEARCH, part, block.step(behind_first, 1, b), 1);
      least_second = std::min(least_second, second.error);
      energy = second.energy;
    }
    joint = std::min(joint, least_second);
    if (first < least_first) {
      least_first = first;
      sequential = least_second;
    }
  }
  return energy > 0 ? (sequential - joint) / energy : 0;
}

// D and H of a pair of sites, and the second one's quantization error, on one sample alone.
struct ProxiesOfSample {
  double dependency = 0, entropy = 0, error = 0;
};

ProxiesOfSample proxies_of(const Batches& batches, size_t sample, const std::array<torch::Tensor, 2>& inputs, const Recipe& recipe) {
  Batches alone;
  alone.all = {batches.all[sample]};
  alone.all.front().samples = {0};
  alone.search_batches = 1;
  alone.search_samples = alone.samples = 1;
  alone.tokens = alone.longest = batches.all[sample].tokens();
  const calibration::LevelSampler sampler(alone, std::min(kPositionsOfSample, recipe.entropy_positions), recipe.seed);
  const int64_t first_width = inputs[0].size(-1), second_width = inputs[1].size(-1);
  ActivationQuantizer probe = calibration::probe_of(recipe);
  const int levels = 1 << probe.bits;
  const auto assign = [&](const torch::Tensor& x, const torch::Tensor& channels) {
    probe.low = x.min().item<float>();
    probe.high = x.max().item<float>();
    return calibration::soft_assignment(sampler.take(alone, {x}, channels, probe), levels);
  };
  ProxiesOfSample result;
  const auto first = assign(inputs[0], sampler.channels(first_width));
  const auto second = assign(inputs[1], sampler.paired_channels(first_width, second_width));
  result.dependency = calibration::normalised_conditional_entropy(calibration::joint_distribution(first, second));
  result.entropy = calibration::normalised_entropy(second.mean(0));
  result.error = calibration::quantization_error(alone, calibration::BatchTensors{inputs[1]}, probe, reference::Workers(1));
  return result;
}

}  // namespace

std::vector<double> hessian_errors(const Model& model, const Recipe& recipe, const std::vector<calibration::SiteStatistics>& statistics) {
  const torch::NoGradGuard no_gradients;
  std::vector<double> errors(statistics.size(), 0);
  reference::for_each_layer(model, torch::kFloat32, [&](int index, DecoderLayer& layer) {
    for (int kind = 0; kind < kSitesPerLayer; ++kind) {
      const Site site{index, static_cast<SiteKind>(kind)};
      const auto at = static_cast<size_t>(site.index());
      const double trace = statistics[at].mean_square.mean().item<double>();
      for (const auto suffix : linears_of(site.kind)) {
        const torch::Tensor& weight = layer.linear(suffix);
        const auto rounded = round_to_nearest(weight, grid_of(recipe), reference::decoder_weight_name(index, suffix)).dequantize();
        errors[at] += trace * (rounded - weight).square().sum(torch::kFloat64).item<double>();
      }
    }
  });
  return errors;
}

std::vector<double> partition_scores(const Model& model, const Recipe& recipe, const calibration::FloatPassResult& measured) {
  if (recipe.partition_proxy != PartitionProxy::HESSIAN_ERROR) return measured.scores(recipe.partition_proxy);
  const std::vector<double> errors = hessian_errors(model, recipe, measured.statistics);
  return {errors.begin() + 1, errors.end()};
}

void validate_proxies(const Model& model, const Batches& batches, const Recipe& recipe, std::span<const int> first_sites,
                      const reference::Workers& workers, const std::function<void(const ProxyValidated&)>& on_pair) {
  const DecoderConfig& config = model.config().decoder;
  const Batches samples = one_by_one(batches);
  const size_t count = samples.all.size();
  const auto rotary = reference::RotaryTable::make(config, samples.longest);
  std::vector<LayerState> states;  // before `site`, one a sample
  for (const calibration::Batch& batch : samples.all) states.push_back({batch.hidden, {}});
  std::map<int, DecoderLayer> layers;  // those of the pair at hand
  const auto layer_of = [&](Site site) -> const DecoderLayer& {
    auto found = layers.find(site.layer);
    if (found == layers.end()) {
      found = layers.emplace(site.layer, DecoderLayer::load(model, site.layer, torch::kFloat32)).first;
      reference::release_layer(model, site.layer);
    }
    return found->second;
  };
  const auto enter = [&](Site site) {
    if (site.kind != SiteKind::ATTENTION_INPUT) return;
    for (LayerState& state : states) state = reference::enter_layer(config, layer_of(site), state.residual);
  };
  const auto advance = [&](Site site) {
    workers.run(count, [&](size_t i) { states[i] = reference::advance(config, layer_of(site), site.kind, states[i], rotary); });
  };
  const auto inputs_of = [&] {
    std::vector<torch::Tensor> inputs;
    for (const LayerState& state : states) inputs.push_back(state.site_input);
    return inputs;
  };
  int site = 0;
  for (const int first_site : first_sites) {
    for (; site < first_site; ++site) {
      const Site at = Site::at(site);
      layers.erase(layers.begin(), layers.lower_bound(at.layer));
      layer_of(at);  // before threads share it
      enter(at);
      advance(at);
    }
    // Both sites: inputs, candidates and targets in float.
    std::array<std::vector<torch::Tensor>, 2> inputs;
    std::vector<SiteCandidates> sites;
    std::vector<LayerState> entering;
    for (int i = 0; i < 2; ++i, ++site) {
      const Site at = Site::at(site);
      layer_of(at);
      enter(at);
      if (i == 0) entering = states;
      inputs[static_cast<size_t>(i)] = inputs_of();
      sites.push_back(candidates_at(layer_of(at), at, recipe, samples, inputs[static_cast<size_t>(i)]));
      advance(at);
      std::vector<torch::Tensor> targets;
      for (const LayerState& state : states) targets.push_back(output_behind(at.kind, state));
      sites.back().targets = targets;
    }
    const calibration::BatchStates entered(entering);
    const DecoderBlock block(config, rotary, samples, entered, sites, workers);
    ProxyValidated event;
    event.site = first_site;
    event.difference.resize(count);
    event.dependency.resize(count);
    event.entropy.resize(count);
    event.quantization_error.resize(count);
    workers.run(count, [&](size_t i) {
      const auto sample = static_cast<size_t>(samples.all[i].samples.front());  // batches are sorted by length
      event.difference[sample] = difference_of(block, i);
      const ProxiesOfSample proxies = proxies_of(samples, i, {inputs[0][i], inputs[1][i]}, recipe);
      event.dependency[sample] = proxies.dependency;
      event.entropy[sample] = proxies.entropy;
      event.quantization_error[sample] = proxies.error;
    });
    on_pair(event);
  }
}

}  // namespace qvlm::quantization
