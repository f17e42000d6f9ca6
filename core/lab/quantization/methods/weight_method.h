// What a weight method is, in two steps: it turns a layer into one of the same function whose weights round better, and it rounds the
// linears of one site, given what that site reads on the float path and on the quantized path.
#pragma once

#include <torch/types.h>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/lab/calibration/batch_tensors.h"
#include "core/lab/calibration/batches.h"
#include "core/lab/calibration/statistics.h"
#include "core/lab/quantization/weight_quantizer.h"
#include "core/lab/reference/decoder.h"
#include "core/lab/reference/threads.h"
#include "core/model/activation_quantizer.h"
#include "core/model/sites.h"
#include "core/run/recipe.h"

namespace qvlm::quantization {

/// How much each token counts in a loss: one tensor a batch, [samples, longest], float32, 0 on padding. Empty: every token counts 1.
using TokenWeights = std::vector<torch::Tensor>;

/// What a method may look at before rounding: the float model's inputs of this layer.
struct LayerCalibration {
  const DecoderConfig& config;
  const reference::RotaryTable& rotary;
  const calibration::Batches& batches;
  calibration::BatchTensors hidden;                                           // the layer's float input
  std::array<const calibration::SiteStatistics*, kSitesPerLayer> statistics;  // of the layer's sites in float
  std::array<WeightGrid, kSitesPerLayer> grids;                               // of the linears reading each site
  std::string name;                                                           // "decoder.3", for messages
  std::array<TokenWeights, kSitesPerLayer> token_weights = {};                // of the losses behind each site
  ActivationQuantizer quantizer = {};  // unclipped, as the sites' inputs are going to be rounded; inactive at A16
  const reference::Workers* workers = nullptr;  // share independent parts; none: all on the calling thread
  std::function<void()> poll = {};              // called between steps; may throw Cancelled

  const torch::Tensor& weights_of(SiteKind kind, size_t batch) const {
    const TokenWeights& weights = token_weights[static_cast<size_t>(kind)];
    return weights.empty() ? batches.all[batch].mask : weights[batch];
  }
};

/// The layer that is quantized in the place of the checkpoint's.
struct PreparedLayer {
  reference::DecoderLayer layer;                    // the same function as the checkpoint's layer, in float
  std::map<std::string, torch::Tensor> to_round;    // by canonical suffix; a linear that is absent is rounded as layer has it
  bool folded = false;                              // layer differs from the checkpoint's
  std::array<float, kSitesPerLayer> clips{1, 1, 1, 1};  // of the sites' activation ranges, beside what the search chooses
  const torch::Tensor& weight_to_round(std::string_view suffix) const;
};

/// What a method may look at when it rounds the linears that read one site. States are in the prepared layer's coordinates; they may lie on
/// the disk, so each access is a read: take one batch after the other, and only what is needed of it.
struct SiteInputs {
  const DecoderConfig& config;
  const reference::RotaryTable& rotary;
  const calibration::Batches& batches;
  SiteKind kind;
  WeightGrid grid;
  std::string layer_name;                             // "decoder.3"
  calibration::BatchStates exact;                     // the float path before the site's linears
  /// The quantized path there: earlier blocks as searched, earlier sites of this block unclipped, site_input as the linears read it, that
  /// is with rounded activations. Empty unless needs_quantized_inputs().
  calibration::BatchStates rounded;
  calibration::BatchTensors targets;                  // the float path's output_behind(kind)
  const TokenWeights& token_weights;
  std::function<void(const std::string& text)> notice = {};  // hears what was done instead of what was asked for
  std::function<void()> poll = {};                           // called between steps; may throw Cancelled
  const reference::Workers* workers = nullptr;               // share independent parts; none: all on the calling thread

  const torch::Tensor& weights_of(size_t batch) const { return token_weights.empty() ? batches.all[batch].mask : token_weights[batch]; }
  /// "decoder.3.mlp.up.weight"
  std::string name(std::string_view suffix) const { return layer_name + "." + std::string(suffix) + ".weight"; }
};

/// The linears of one site on their grids, by canonical suffix.
using RoundedSite = std::map<std::string, GridWeight>;

class WeightMethod {
 public:
  virtual ~WeightMethod() = default;
  /// Does not change `layer`'s tensors. The default leaves the layer as it is.
  virtual PreparedLayer prepare(const reference::DecoderLayer& layer, const LayerCalibration& calibration) const;
  /// The site's linears, rounded at each clip percentile of their groups' values: one a percentile. The default rounds to nearest.
  virtual std::vector<RoundedSite> round(const PreparedLayer& prepared, const SiteInputs& inputs, std::span<const float> percentiles) const;
  /// True if a site's bits may change what other sites of its layer round (other than through the quantized stream).
  virtual bool couples_sites() const { return false; }
  /// True if round() looks at SiteInputs::rounded; making it costs a forward of each site.
  virtual bool needs_quantized_inputs() const { return false; }
};

/// work(0) .. work(parts - 1), by the workers where there are some.
void side_by_side(const reference::Workers* workers, size_t parts, const std::function<void(size_t part)>& work);

/// The method that a recipe asks for, with its options, its residual, its transforms, and the channels' scales where activations have a range a
/// channel.
std::unique_ptr<WeightMethod> make_weight_method(const Recipe& recipe);

/// Sum over tokens of weight * |x - y|^2, in double. x, y [samples, longest, width], weights [samples, longest].
double weighted_error(const torch::Tensor& weights, const torch::Tensor& x, const torch::Tensor& y);
/// The same of x against zero.
double weighted_energy(const torch::Tensor& weights, const torch::Tensor& x);

/// mask / |x|^2, by token. mask [samples, longest], 0 on padding; x [samples, longest, width] -> [samples, longest]
torch::Tensor relative_token_weights(const torch::Tensor& mask, const torch::Tensor& x);

}  // namespace qvlm::quantization
