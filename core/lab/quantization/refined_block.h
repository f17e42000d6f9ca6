// A searched block of decoder sites under clip refinement, and where the refined bounds go.
#pragma once

#include "core/lab/quantization/clip_refinement.h"
#include "core/lab/quantization/decoder_block.h"
#include "core/run/events.h"

namespace qvlm::quantization {

/// The block with the weights of the candidates that `tuple` chose. References must live.
class ChosenBlock : public RefinableBlock {
 public:
  ChosenBlock(const DecoderConfig& config, const reference::RotaryTable& rotary, const calibration::Batches& batches,
              const calibration::BatchStates& states, const std::vector<SiteCandidates>& sites, const Tuple& tuple);

  int depth() const override { return static_cast<int>(sites_.size()); }
  int64_t samples() const override { return batches_.samples; }
  size_t parts() const override { return batches_.all.size(); }
  State enter(size_t part) const override { return {states_.residuals[part], states_.site_inputs[part]}; }
  State step(const State& state, int position, const Rounding& rounding) const override;
  Deviation deviation(size_t part, const State& state) const override;
  torch::Tensor squared_error(size_t part, const State& state) const override;

  /// Of the tuple's candidates, and of the unclipped ones. One a site.
  std::vector<ActivationQuantizer> chosen() const;
  std::vector<ActivationQuantizer> unclipped() const;

 private:
  const DecoderConfig& config_;
  const reference::RotaryTable& rotary_;
  const calibration::Batches& batches_;
  const calibration::BatchStates& states_;
  const std::vector<SiteCandidates>& sites_;
  const Tuple& tuple_;
};

/// Refines as the recipe says and adds the result to the block's event.
void refine(const ChosenBlock& block, const Recipe& recipe, const reference::Workers& workers, const std::function<void()>& check,
            BlockSearched& event);

/// The chosen candidates' quantizers with the bounds that an event holds; nothing where it holds none. Throws Error for a journal whose
/// bounds do not fit.
void take_refined(const BlockSearched& event, const Tuple& tuple, std::vector<SiteCandidates>& sites);

}  // namespace qvlm::quantization
