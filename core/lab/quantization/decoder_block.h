// A block of decoder sites as the search sees it: candidates are either weights clipped at percentiles or activation quantizers.
#pragma once

#include <torch/types.h>

#include <string>
#include <utility>
#include <vector>

#include "core/lab/calibration/batch_tensors.h"
#include "core/lab/calibration/batches.h"
#include "core/lab/quantization/block_search.h"
#include "core/lab/quantization/candidate_layers.h"
#include "core/lab/quantization/methods/weight_method.h"
#include "core/lab/reference/decoder.h"
#include "core/lab/reference/threads.h"
#include "core/model/activation_quantizer.h"

namespace qvlm::quantization {

/// One site with its candidates, in the order of the recipe's grid.
struct SiteCandidates {
  Site site;
  std::vector<float> parameters;                        // what the candidates mean
  std::vector<ActivationQuantizer> quantizers;          // one a candidate; inactive at A16
  CandidateLayers layers;                               // the layer with the site's linears rounded; one a candidate, or one for all
  calibration::BatchTensors targets;                    // the float path's output behind the site
  TokenWeights token_weights = {};                      // of its error
  // Where the site ends a block inside a sublayer that is compared by what leaves it (block_end() below):
  torch::Tensor carry = {};                 // the float linear that reads the output, [hidden, width]
  calibration::BatchTensors residuals = {}; // the float path's residual, which passes the site by

  const torch::Tensor& weights_of(const calibration::Batches& batches, size_t batch) const {
    return token_weights.empty() ? batches.all[batch].mask : token_weights[batch];
  }
};

/// The output is read by another linear of the same sublayer; behind the other sites it is the residual.
inline bool ends_within_sublayer(SiteKind kind) { return kind == SiteKind::ATTENTION_INPUT || kind == SiteKind::MLP_INPUT; }

/// What a site's error is measured on: the next site's input where it lies in the same sublayer, else the residual. [samples, tokens, width]
const torch::Tensor& output_behind(SiteKind kind, const reference::LayerState& state);

/// What leaves a block behind its last site on batch `batch`, and what the float path has in its place. [samples, tokens, width] each.
/// With `carry`, on the residual: the output's error as the float linear carries it there, on top of the residual that passes the site by.
/// Rounding parameters before the last site reach the rest of the model by the residual most of all. Else output and target.
std::pair<torch::Tensor, torch::Tensor> block_end(const SiteCandidates& last, size_t batch, const reference::LayerState& behind);

class DecoderBlock : public SearchableBlock {
 public:
  /// states: where the block is entered on the quantized path; site inputs empty at a layer's start. References must live.
  DecoderBlock(const DecoderConfig& config, const reference::RotaryTable& rotary, const calibration::Batches& batches,
               const calibration::BatchStates& states, const std::vector<SiteCandidates>& sites, const reference::Workers& workers);

  int depth() const override { return static_cast<int>(sites_.size()); }
  int candidates() const override { return static_cast<int>(sites_.front().parameters.size()); }
  int64_t samples(SampleSet set) const override;
  size_t parts(SampleSet set) const override;  // a part is a batch
  State enter(SampleSet set, size_t part) const override;
  State step(const State& state, int position, int candidate) const override;
  Deviation deviation(SampleSet set, size_t part, const State& state, int position) const override;
  Deviation end_deviation(SampleSet set, size_t part, const State& state) const override;

  /// Of batch `index` behind site `position`, every token counting 1.
  Deviation output_deviation(size_t index, const State& state, int position) const;
  /// Sum over the tokens of batch `index` of their relative squared errors behind site `position`, and how many tokens there are.
  Deviation token_deviation(size_t index, const State& state, int position) const;
  /// The set and the part that batch `index` is.
  std::pair<SampleSet, size_t> part_of(size_t index) const;
  static reference::LayerState unpack(const State& state) { return {state[0], state[1]}; }

 private:
  size_t first_batch(SampleSet set) const { return set == SampleSet::SEARCH ? 0 : batches_.search_batches; }

  const DecoderConfig& config_;
  const reference::RotaryTable& rotary_;
  const calibration::Batches& batches_;
  const calibration::BatchStates& states_;
  const std::vector<SiteCandidates>& sites_;
  std::vector<std::vector<double>> energies_;  // of the targets, by site and batch
  std::vector<double> end_energies_;           // of what leaves the block, by batch
};

/// One site of one batch: enters the layer if need be, quantizes the site's input, advances.
reference::LayerState run_site(const DecoderConfig& config, const reference::DecoderLayer& layer, SiteKind kind,
                               const reference::LayerState& state, const ActivationQuantizer& quantizer,
                               const reference::RotaryTable& rotary);

}  // namespace qvlm::quantization
