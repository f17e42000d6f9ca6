// What is kept of every calibration batch: one tensor each, or where each stands in a decoder layer; in memory or spilled.
#pragma once

#include <torch/types.h>

#include <utility>
#include <vector>

#include "core/lab/calibration/activation_spill.h"
#include "core/lab/reference/decoder.h"

namespace qvlm::calibration {

/// One tensor a batch. Copies share the values. Reading is thread-safe; batches may be set by different threads.
class BatchTensors {
 public:
  BatchTensors() = default;
  explicit BatchTensors(size_t batches) : kept_(batches) {}
  BatchTensors(const std::vector<torch::Tensor>& tensors) : kept_(tensors.begin(), tensors.end()) {}  // NOLINT: in memory
  BatchTensors(std::initializer_list<torch::Tensor> tensors) : kept_(tensors.begin(), tensors.end()) {}

  size_t size() const { return kept_.size(); }
  bool empty() const { return kept_.empty(); }
  /// The values: read from the disk where they lie there.
  torch::Tensor operator[](size_t batch) const { return kept_[batch].get(); }
  const KeptTensor& kept(size_t batch) const { return kept_[batch]; }
  void set(size_t batch, KeptTensor tensor) { kept_[batch] = std::move(tensor); }
  /// Elements of the last dimension, the same for all batches.
  int64_t width() const { return kept_.front().size(-1); }

 private:
  std::vector<KeptTensor> kept_;
};

/// One LayerState a batch, likewise.
class BatchStates {
 public:
  BatchStates() = default;
  explicit BatchStates(size_t batches) : residuals(batches), site_inputs(batches) {}
  BatchStates(const std::vector<reference::LayerState>& states) : BatchStates(states.size()) {  // NOLINT: in memory
    for (size_t b = 0; b < states.size(); ++b) {
      residuals.set(b, states[b].residual);
      site_inputs.set(b, states[b].site_input);
    }
  }

  size_t size() const { return residuals.size(); }
  bool empty() const { return residuals.empty(); }
  reference::LayerState operator[](size_t batch) const { return {residuals[batch], site_inputs[batch]}; }

  /// `now` was made from `before`, the state of this batch in `from`: a tensor that is still the same is not kept twice.
  void set(size_t batch, const reference::LayerState& now, const BatchStates& from, const reference::LayerState& before, ActivationSpill& spill) {
    residuals.set(batch, now.residual.is_same(before.residual) ? from.residuals.kept(batch) : spill.keep(now.residual));
    site_inputs.set(batch, now.site_input.is_same(before.site_input) ? from.site_inputs.kept(batch) : spill.keep(now.site_input));
  }

  BatchTensors residuals, site_inputs;  // site inputs are empty at a layer's start
};

}  // namespace qvlm::calibration
