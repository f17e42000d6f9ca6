// Streams the float model by layer; at each site all batches stand side by side.
#include "core/lab/calibration/float_pass.h"

#include <cmath>
#include <tuple>

#include "core/base/error.h"
#include "core/lab/calibration/channel_scales.h"
#include "core/lab/calibration/level_sampler.h"
#include "core/lab/reference/activation.h"
#include "core/lab/reference/decoder.h"

namespace qvlm::calibration {
namespace {

using reference::DecoderLayer;
using reference::LayerState;

// Entropy of the levels within each calibration sample.
std::vector<float> entropy_by_sample(const torch::Tensor& assignment, const torch::Tensor& sample_of, int samples) {
  const auto sums = torch::zeros({samples, assignment.size(1)}).index_add_(0, sample_of, assignment);
  std::vector<float> entropies;
  for (int sample = 0; sample < samples; ++sample) {
    const double total = sums[sample].sum().item<double>();
    entropies.push_back(total > 0 ? static_cast<float>(normalised_entropy(sums[sample] / total)) : 0.0f);
  }
  return entropies;
}

}  // namespace

std::vector<double> FloatPassResult::scores(PartitionProxy proxy) const {
  std::vector<double> values;
  for (size_t site = 0; site + 1 < entropies.size(); ++site) {
    switch (proxy) {
      case PartitionProxy::DEPENDENCY: values.push_back(entropies[site].dependency); break;
      case PartitionProxy::ENTROPY: values.push_back(entropies[site + 1].entropy); break;
      case PartitionProxy::QUANTIZATION_ERROR: values.push_back(entropies[site + 1].quantization_error); break;
      case PartitionProxy::HESSIAN_ERROR: throw Error("float pass: the Hessian proxy needs the weights");
    }
  }
  return values;
}

double quantization_error(const Batches& batches, const BatchTensors& site_inputs, const ActivationQuantizer& quantizer,
                          const reference::Workers& workers, const torch::Tensor& scales) {
  std::vector<double> errors(site_inputs.size()), energies(site_inputs.size());
  workers.run(site_inputs.size(), [&](size_t b) {
    const auto x = real_rows(batches.all[b], site_inputs[b]);
    const auto rounded = scales.defined() ? reference::quantize_activations(x / scales, quantizer) * scales : reference::quantize_activations(x, quantizer);
    errors[b] = (rounded - x).square_().sum(torch::kFloat64).item<double>();
    energies[b] = x.square().sum(torch::kFloat64).item<double>();
  });
  double error = 0, energy = 0;
  for (size_t b = 0; b < errors.size(); ++b) {
    error += errors[b];
    energy += energies[b];
  }
  return energy > 0 ? error / energy : 0;
}

ActivationQuantizer probe_of(const Recipe& recipe) {
  ActivationQuantizer probe;
  probe.bits = recipe.activation_bits < 16 ? recipe.activation_bits : 4;
  probe.granularity = ActivationGranularity::DYNAMIC_TOKEN;
  if (recipe.activation_bits < 16 && recipe.activation_mode == ActivationMode::DYNAMIC_GROUP) {
    probe.granularity = ActivationGranularity::DYNAMIC_GROUP;
    probe.group = recipe.activation_group;
  } else if (recipe.activation_bits < 16 && is_static(recipe.activation_mode)) {
    probe.granularity = ActivationGranularity::STATIC_TENSOR;
  }
  return probe;
}

FloatPassResult float_pass(const Model& model, const Batches& batches, const Recipe& recipe, const FloatPassListener& listener,
                           const reference::Workers& workers, ActivationSpill& spill, Softness softness) {
  const torch::NoGradGuard no_gradients;
  const DecoderConfig& config = model.config().decoder;
  const auto rotary = reference::RotaryTable::make(config, batches.longest);
  const std::vector<float> percentiles = candidates_of(recipe);
  const LevelSampler sampler(batches, recipe.entropy_positions, recipe.seed);
  const int sites = config.layers * kSitesPerLayer;
  ActivationQuantizer probe = probe_of(recipe);
  const int levels = 1 << probe.bits;

  FloatPassResult result;
  result.statistics.resize(static_cast<size_t>(sites));
  result.entropies.resize(static_cast<size_t>(sites));
  BatchStates states(batches.all.size());
  for (size_t b = 0; b < states.size(); ++b) states.residuals.set(b, batches.all[b].hidden);
  torch::Tensor previous;  // soft assignment of the previous site at its own positions, [positions, levels]
  int64_t previous_width = 0;

  const auto emit_entropy = [&](int site) {
    if (listener.on_entropy) listener.on_entropy(site, result.entropies[static_cast<size_t>(site)]);
  };

  reference::for_each_layer(model, torch::kFloat32, [&](int layer_index, DecoderLayer& layer) {
    workers.run(states.size(), [&](size_t b) {
      const LayerState before = states[b];
      states.set(b, reference::enter_layer(config, layer, before.residual), states, before, spill);
    });
    for (int kind = 0; kind < kSitesPerLayer; ++kind) {
      const Site at{layer_index, static_cast<SiteKind>(kind)};
      const int site = at.index();
      const BatchTensors& inputs = states.site_inputs;  // one [samples, longest, width] a batch

      SiteStatistics& statistics = result.statistics[static_cast<size_t>(site)];
      statistics = measure_site(batches, inputs, percentiles, workers);
      if (listener.on_statistics) listener.on_statistics(site, statistics);

      probe.low = statistics.minimum;
      probe.high = statistics.maximum;
      const torch::Tensor scales = folds_channels(recipe) ? channel_scales(config, at.kind, statistics.largest) : torch::Tensor();
      BatchTensors probed = inputs;  // as the quantizer is going to see them
      if (scales.defined()) {
        for (size_t b = 0; b < probed.size(); ++b) probed.set(b, spill.keep(inputs[b] / scales));
        std::tie(probe.low, probe.high) = static_bounds(batches, probed, std::vector<float>{1}).front();
      }
      const int64_t width = width_of(config, at.kind);
      SiteEntropy& entropy = result.entropies[static_cast<size_t>(site)];
      torch::Tensor own;  // soft assignment, [positions, levels]
      workers.run(previous.defined() ? 2 : 1, [&](size_t part) {
        if (part == 0) {
          own = soft_assignment(sampler.take(batches, probed, sampler.channels(width), probe), levels, softness);
          entropy.entropy = normalised_entropy(own.mean(0));
          entropy.sample_entropy = entropy_by_sample(own, sampler.sample_of(), batches.samples);
        } else {
          const auto paired = soft_assignment(sampler.take(batches, probed, sampler.paired_channels(previous_width, width), probe), levels, softness);
          result.entropies[static_cast<size_t>(site - 1)].dependency = normalised_conditional_entropy(joint_distribution(previous, paired));
        }
      });
      entropy.quantization_error = quantization_error(batches, inputs, probe, workers, scales);
      if (previous.defined()) emit_entropy(site - 1);
      previous = own;
      previous_width = width;

      workers.run(states.size(), [&](size_t b) {
        const LayerState before = states[b];
        states.set(b, reference::advance(config, layer, at.kind, before, rotary), states, before, spill);
      });
    }
    if (layer_index + 1 == config.layers) emit_entropy(sites - 1);
    if (listener.on_layer) listener.on_layer(layer_index + 1);
  });
  return result;
}

FloatPassResult float_pass(const Model& model, const Batches& batches, const Recipe& recipe, const FloatPassListener& listener,
                           const reference::Workers& workers, Softness softness) {
  ActivationSpill memory({}, ActivationSpill::kUnlimited);
  return float_pass(model, batches, recipe, listener, workers, memory, softness);
}

}  // namespace qvlm::calibration
