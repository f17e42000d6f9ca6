// Clip bounds moved on from where a block's search left them, on the block's own output error over all samples (algorithms.md 1.4, "Then
// refine"): the search's grid is coarse, the best bounds lie between its points. Weights stay as they are.
#pragma once

#include <torch/types.h>

#include <functional>
#include <string>
#include <vector>

#include "core/lab/quantization/block_search.h"
#include "core/lab/reference/threads.h"
#include "core/model/activation_quantizer.h"
#include "core/run/recipe.h"

namespace qvlm::quantization {

/// A block whose weights are fixed, and the rounding of whose sites' inputs comes from outside. Parts are those of both sample sets, in their
/// order; all functions are called from several threads at once.
class RefinableBlock {
 public:
  using State = SearchableBlock::State;
  using Rounding = std::function<torch::Tensor(const torch::Tensor& site_input)>;

  virtual ~RefinableBlock() = default;
  virtual int depth() const = 0;
  virtual int64_t samples() const = 0;
  virtual size_t parts() const = 0;
  virtual State enter(size_t part) const = 0;
  /// Behind site `position`, its input [samples, tokens, width] replaced by what `rounding` makes of it. Differentiable where that is.
  virtual State step(const State& state, int position, const Rounding& rounding) const = 0;
  /// Behind the last site, against the float path.
  virtual Deviation deviation(size_t part, const State& state) const = 0;
  /// Its error, differentiable. A scalar.
  virtual torch::Tensor squared_error(size_t part, const State& state) const = 0;
};

struct RefinementSettings {
  ClipRefinement mode = ClipRefinement::COORDINATE;
  int epochs = 10;
  const reference::Workers* workers = nullptr;  // share the parts; none: all on the calling thread
  std::function<void()> check;                  // before each piece of work, on any thread; may throw Cancelled
};

/// The bounds of a block's sites in one row, as journals keep them: of a dynamic quantizer its clip ratio, of a static one low and high.
std::vector<float> bounds_of(const std::vector<ActivationQuantizer>& quantizers);
/// The quantizers with other bounds. Throws Error naming `origin` unless there are as many as these quantizers have, all finite.
std::vector<ActivationQuantizer> with_bounds(std::vector<ActivationQuantizer> quantizers, const std::vector<float>& bounds, const std::string& origin);

struct Refinement {
  std::vector<float> bounds;  // empty: none were found that are better
  double error_before = 0, error = 0;  // relative, over all samples, by the quantizers as they run
  int64_t site_forwards = 0;           // a gradient pass counts as three
};

/// From `chosen`, the quantizers (active ones) of the search's tuple; ratios stay within [kLeastRatio, 1], static bounds within the same
/// and kMostRatio of the site's `unclipped` ones. A result is taken only if its error is lower: never worse.
///   COORDINATE: bound by bound, times 1 -+ the step (kFirstStep), what lowers the error stays; the step is halved after an epoch without
///     any gain, the end is its falling below kLeastStep.
///   GRADIENT: Adam on the logarithms of the bounds (kAdamRate, beta 0.9 and 0.999), one step every kPartsAStep parts; the gradient passes
///     the rounding as in round_with_gradient. The best epoch's bounds count.
/// Deterministic, whatever the number of workers.
Refinement refine_clips(const RefinableBlock& block, const std::vector<ActivationQuantizer>& chosen,
                        const std::vector<ActivationQuantizer>& unclipped, const RefinementSettings& settings);

/// Upper bound of what refine_clips counts.
int64_t refinement_forwards(const Recipe& recipe, int depth, int64_t samples);

/// The quantizer's formula (core/model/activation_quantizer.h) with gradients for x and for the logarithms of its bounds:
///   x^ = s (round(clamp(x / s, -z, top - z))),  round with gradient 1, z = -lo / s rounded with gradient 1;
/// so d x^ / d x = 1 between the bounds, else 0; d x^ / d log(ratio) = x^ - x between the bounds, else x^. A token's or group's own extremes
/// are constants. x [..., channels]; factors [1] or, of a static quantizer, [2] (low, high): what its bounds are times.
torch::Tensor round_with_gradient(const torch::Tensor& x, const ActivationQuantizer& quantizer, const torch::Tensor& factors);

inline constexpr float kLeastRatio = 0.25f, kMostRatio = 1.25f;
inline constexpr double kFirstStep = 0.02, kLeastStep = 0.001;
inline constexpr double kAdamRate = 5e-3;
inline constexpr size_t kPartsAStep = 2;

}  // namespace qvlm::quantization
