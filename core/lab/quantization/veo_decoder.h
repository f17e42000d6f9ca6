// The float decoder behind the tower that is being optimised: its losses, and their gradient by its input, with at most two layers'
// weights in memory (a layer, and the norm of the one behind it).
#pragma once

#include <torch/types.h>

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "core/lab/quantization/layer_chain.h"
#include "core/lab/quantization/veo_batch.h"
#include "core/lab/reference/decoder.h"
#include "core/model/activation_quantizer.h"
#include "core/model/model.h"

namespace qvlm::quantization {

/// What the decoder's part of the loss is made of.
struct VeoDecoderWeights {
  double token = 1;             // of the answers' mean negative log-likelihood
  double hidden_error = 1;      // of |X - X_r| / |X_r| over the last hidden states (Eq. 9)
  std::vector<double> entropy;  // of D(k, k + 1), one a site (Eq. 8); empty: none
};

struct VeoDecoderLosses {
  double token = 0, hidden_error = 0;  // unweighted
  double entropy = 0;                  // weighted sum of the dependencies
  torch::Tensor input_gradient;        // of the weighted sum of all, [samples, longest, hidden]; undefined without gradients
};

/// How much memory the optimisation may keep.
struct VeoMemory {
  int64_t weight_bytes = int64_t{1} << 29;  // where all the decoder's layers fit, they stay; else one at a time is loaded
  int64_t graph_bytes = int64_t{1} << 29;   // where the graphs of all layers over a batch fit, they are kept; else layers are run again
  int64_t spill_bytes = int64_t{1} << 30;   // of activations in memory, beyond it in files
};

/// The float decoder's weights, shared by those that run it. Thread-safe.
class DecoderSource {
 public:
  DecoderSource(const Model& model, int64_t longest, int64_t weight_bytes);

  const DecoderConfig& config() const { return config_; }
  const reference::DecoderEnds& ends() const { return ends_; }
  const reference::RotaryTable& rotary() const { return rotary_; }
  /// [hidden]
  const torch::Tensor& attention_norm(int layer) const { return norms_.at(static_cast<size_t>(layer)); }
  /// In memory as long as it is held (or for good, where all layers fit).
  std::shared_ptr<const reference::DecoderLayer> layer(int index) const;
  /// True where all layers stay in memory.
  bool keeps_layers() const { return keep_; }
  /// Most layers that were held at once.
  int most_resident() const;

 private:
  const Model& model_;
  const DecoderConfig& config_;
  reference::DecoderEnds ends_;
  reference::RotaryTable rotary_;
  std::vector<torch::Tensor> norms_;
  bool keep_;
  struct Count {
    std::mutex mutex;
    int now = 0, most = 0;
  };
  std::shared_ptr<Count> count_ = std::make_shared<Count>();
  mutable std::mutex mutex_;
  mutable std::vector<std::shared_ptr<const reference::DecoderLayer>> kept_;
};

/// One run through the decoder at a time; several of them share a source.
class VeoDecoder {
 public:
  /// `probe`: the grid that entropies look at (calibration::probe_of). `rows`: of the largest batch, padding included; `longest`: of one sample.
  VeoDecoder(const DecoderSource& source, const ActivationQuantizer& probe, int64_t rows, int64_t longest, ActivationSpill& spill, int64_t graph_bytes);

  /// The last layer's output, without gradients. hidden [samples, longest, hidden] -> the same shape.
  torch::Tensor last_hidden(const torch::Tensor& hidden);

  /// Losses against the float path's last hidden states, [real rows, hidden].
  VeoDecoderLosses losses(const VeoBatch& batch, const torch::Tensor& hidden, const torch::Tensor& float_last, const VeoDecoderWeights& weights,
                          bool gradients);

  /// |dE/dX_k| of E = |X - X_r|^2 over the last hidden states by every site's input, Frobenius norm within a sample, mean over samples.
  struct Sensitivity {
    std::vector<double> sites;     // [4 * layers]
    torch::Tensor input_gradient;  // dE by the decoder's input
  };
  Sensitivity sensitivity(const VeoBatch& batch, const torch::Tensor& hidden, const torch::Tensor& float_last);

  /// True where layers are run again backward, false where their graphs are kept.
  bool recomputes() const { return recompute_; }

 private:
  ChainStep run(int index, const torch::Tensor& input, const VeoBatch* batch, std::span<const double> entropy);
  torch::Tensor site_loss(int index, const torch::Tensor& output, const VeoBatch& batch, std::span<const double> entropy) const;

  const DecoderSource& source_;
  const DecoderConfig& config_;
  ActivationQuantizer probe_;
  bool recompute_ = false, keep_sites_ = false;
  std::vector<std::vector<torch::Tensor>> sites_;  // [layers][4]: inputs of the sites of the last run
  LayerChain chain_;
};

/// sum of w_k D(k, k + 1) over the decoder's or tower's neighbouring sites: `sites` are flattened to rows, `ranges` their grids' ranges.
struct SiteView {
  torch::Tensor x;          // [rows, width]
  torch::Tensor low, high;  // [rows, groups]
};
torch::Tensor weighted_dependency(const SiteView& site, const SiteView& next, int bits, double weight);

}  // namespace qvlm::quantization
