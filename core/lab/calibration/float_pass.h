// The first pass: the model in float over the calibration set, one decoder layer at a time, measuring every site.
#pragma once

#include <functional>
#include <vector>

#include "core/lab/calibration/batches.h"
#include "core/lab/calibration/entropy.h"
#include "core/lab/calibration/statistics.h"
#include "core/lab/reference/threads.h"
#include "core/model/model.h"
#include "core/run/recipe.h"

namespace qvlm::calibration {

/// One site's entropies, divided by ln(levels).
struct SiteEntropy {
  double entropy = 0;
  double dependency = 0;              // D(site, site + 1); 0 at the last site
  std::vector<float> sample_entropy;  // one a calibration sample
  double quantization_error = 0;      // relative squared error of the site's input on the probe's grid
};

struct FloatPassResult {
  std::vector<SiteStatistics> statistics;  // [sites]
  std::vector<SiteEntropy> entropies;      // [sites]
  /// The scores of the pairs (k, k + 1), [sites - 1]: D, or what is known of site k + 1. HESSIAN_ERROR needs the weights
  /// (core/lab/quantization/proxies.h) and is refused.
  std::vector<double> scores(PartitionProxy proxy) const;
};

/// What the pass tells while it runs; any may be empty. A site's entropy comes once the next site is known.
struct FloatPassListener {
  std::function<void(int site, const SiteStatistics&)> on_statistics;
  std::function<void(int site, const SiteEntropy&)> on_entropy;
  std::function<void(int layers_done)> on_layer;  // may throw Cancelled
};

/// Relative squared error of a site's inputs, one [samples, longest, width] a batch, under `quantizer`; 0 for inputs that are all zero.
/// With `scales` [width] the quantizer rounds x / scales.
double quantization_error(const Batches& batches, const BatchTensors& site_inputs, const ActivationQuantizer& quantizer,
                          const reference::Workers& workers, const torch::Tensor& scales = {});

/// The quantizer whose grid the entropies are probed on: the recipe's activation quantizer, at 4 bits where the recipe keeps 16. Of
/// STATIC_CHANNEL what runs: a static one, of inputs divided by their channels' scales.
ActivationQuantizer probe_of(const Recipe& recipe);

/// The result does not depend on what `spill` keeps in memory.
FloatPassResult float_pass(const Model& model, const Batches& batches, const Recipe& recipe, const FloatPassListener& listener,
                           const reference::Workers& workers, ActivationSpill& spill, Softness softness = Softness::UNIT_FREE);
/// With all activations in memory.
FloatPassResult float_pass(const Model& model, const Batches& batches, const Recipe& recipe, const FloatPassListener& listener,
                           const reference::Workers& workers, Softness softness = Softness::UNIT_FREE);

}  // namespace qvlm::calibration
