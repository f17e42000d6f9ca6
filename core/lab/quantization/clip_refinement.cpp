// Coordinate descent and Adam over a block's clip bounds.
#include "core/lab/quantization/clip_refinement.h"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/lab/reference/activation.h"

namespace qvlm::quantization {
namespace {

using State = RefinableBlock::State;

bool has_bounds(const ActivationQuantizer& q) { return q.granularity == ActivationGranularity::STATIC_TENSOR; }
size_t bounds_count(const ActivationQuantizer& q) { return has_bounds(q) ? 2 : 1; }

// Where a bound may lie.
struct Limits {
  float least, most;
  float clamp(double bound) const { return std::clamp(static_cast<float>(bound), least, most); }
};

std::vector<Limits> limits_of(const std::vector<ActivationQuantizer>& unclipped) {
  std::vector<Limits> limits;
  for (const ActivationQuantizer& q : unclipped) {
    if (!has_bounds(q)) {
      limits.push_back({kLeastRatio, 1});
      continue;
    }
    // A bound keeps its sign; on the wrong side of zero it does not act at all.
    for (const float bound : {q.low, q.high}) {
      const float a = bound * kLeastRatio, b = bound * kMostRatio;
      limits.push_back({std::min(a, b), std::max(a, b)});
    }
  }
  return limits;
}

double comparable(double loss) { return std::isnan(loss) ? std::numeric_limits<double>::infinity() : loss; }

class Refiner {
 public:
  Refiner(const RefinableBlock& block, const std::vector<ActivationQuantizer>& chosen, const std::vector<ActivationQuantizer>& unclipped,
          const RefinementSettings& settings)
      : block_(block), chosen_(chosen), limits_(limits_of(unclipped)), settings_(settings) {}

  Refinement run() {
    std::vector<float> best = bounds_of(chosen_);
    if (best.size() != limits_.size()) throw Error("clip refinement: quantizers of two kinds");
    result_.error_before = result_.error = error_of(best);
    const std::vector<float> found = settings_.mode == ClipRefinement::GRADIENT ? by_gradient(best) : by_coordinates(best);
    if (comparable(result_.error) < comparable(result_.error_before)) result_.bounds = found;
    return result_;
  }

 private:
  void side_by_side(size_t count, const std::function<void(size_t)>& work) const {
    const auto checked = [&](size_t i) {
      if (settings_.check) settings_.check();
      work(i);
    };
    if (settings_.workers) {
      settings_.workers->run(count, checked);
    } else {
      for (size_t i = 0; i < count; ++i) checked(i);
    }
  }

  // By the quantizers as they run.
  double error_of(const std::vector<float>& bounds) {
    const auto quantizers = with_bounds(chosen_, bounds, "clip refinement");
    std::vector<Deviation> deviations(block_.parts());
    side_by_side(deviations.size(), [&](size_t part) {
      State state = block_.enter(part);
      for (int position = 0; position < block_.depth(); ++position) {
        const ActivationQuantizer& quantizer = quantizers[static_cast<size_t>(position)];
        state = block_.step(state, position, [&](const torch::Tensor& x) { return reference::quantize_activations(x, quantizer); });
      }
      deviations[part] = block_.deviation(part, state);
    });
    result_.site_forwards += block_.depth() * block_.samples();
    Deviation sum;
    for (const Deviation& deviation : deviations) sum = sum + deviation;
    return sum.relative();
  }

  std::vector<float> by_coordinates(std::vector<float> bounds) {
    double step = kFirstStep;
    for (int epoch = 0; epoch < settings_.epochs && step >= kLeastStep; ++epoch) {
      bool moved = false;
      for (size_t i = 0; i < bounds.size(); ++i) {
        for (const double factor : {1 - step, 1 + step}) {
          std::vector<float> trial = bounds;
          trial[i] = limits_[i].clamp(static_cast<double>(bounds[i]) * factor);
          if (trial[i] == bounds[i]) continue;
          if (const double error = error_of(trial); comparable(error) < comparable(result_.error)) {
            result_.error = error;
            bounds = std::move(trial);
            moved = true;
            break;
          }
        }
      }
      if (!moved) step /= 2;
    }
    return bounds;
  }

  // Of the parts' summed squared error by the logarithm of every bound.
  std::vector<double> gradient_of(const std::vector<float>& bounds, size_t first, size_t count) {
    const auto quantizers = with_bounds(chosen_, bounds, "clip refinement");
    std::vector<torch::Tensor> gradients(count);
    side_by_side(count, [&](size_t i) {
      const torch::AutoGradMode mode(true);
      // The derivative by a factor at 1 is that by its logarithm.
      const auto factors = torch::ones({static_cast<int64_t>(bounds.size())}, torch::requires_grad());
      State state = block_.enter(first + i);
      int64_t at = 0;
      for (int position = 0; position < block_.depth(); ++position) {
        const ActivationQuantizer& quantizer = quantizers[static_cast<size_t>(position)];
        const auto own = factors.narrow(0, at, static_cast<int64_t>(bounds_count(quantizer)));
        at += own.size(0);
        state = block_.step(state, position, [&](const torch::Tensor& x) { return round_with_gradient(x, quantizer, own); });
      }
      gradients[i] = torch::autograd::grad({block_.squared_error(first + i, state)}, {factors})[0].to(torch::kFloat64);
    });
    std::vector<double> sum(bounds.size(), 0);
    for (const torch::Tensor& gradient : gradients) {
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += gradient[static_cast<int64_t>(i)].item<double>();
    }
    return sum;
  }

  std::vector<float> by_gradient(const std::vector<float>& start) {
    constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-30;
    std::vector<float> bounds = start, best = start;
    std::vector<double> mean(bounds.size(), 0), square(bounds.size(), 0);
    double decay1 = 1, decay2 = 1;
    for (int epoch = 0; epoch < settings_.epochs; ++epoch) {
      for (size_t first = 0; first < block_.parts(); first += kPartsAStep) {
        const std::vector<double> gradient = gradient_of(bounds, first, std::min(kPartsAStep, block_.parts() - first));
        decay1 *= kBeta1;
        decay2 *= kBeta2;
        for (size_t i = 0; i < bounds.size(); ++i) {
          if (!std::isfinite(gradient[i])) continue;
          mean[i] = kBeta1 * mean[i] + (1 - kBeta1) * gradient[i];
          square[i] = kBeta2 * square[i] + (1 - kBeta2) * gradient[i] * gradient[i];
          const double move = mean[i] / (1 - decay1) / (std::sqrt(square[i] / (1 - decay2)) + kEpsilon);
          bounds[i] = limits_[i].clamp(static_cast<double>(bounds[i]) * std::exp(-kAdamRate * move));
        }
      }
      result_.site_forwards += 3 * block_.depth() * block_.samples();
      if (const double error = error_of(bounds); comparable(error) < comparable(result_.error)) {
        result_.error = error;
        best = bounds;
      }
    }
    return best;
  }

  const RefinableBlock& block_;
  const std::vector<ActivationQuantizer>& chosen_;
  std::vector<Limits> limits_;
  const RefinementSettings& settings_;
  Refinement result_;
};

// Rounds with gradient 1.
torch::Tensor straight_round(const torch::Tensor& x) { return x + (torch::round(x) - x).detach(); }

}  // namespace

std::vector<float> bounds_of(const std::vector<ActivationQuantizer>& quantizers) {
  std::vector<float> bounds;
  for (const ActivationQuantizer& q : quantizers) {
    if (has_bounds(q)) {
      bounds.insert(bounds.end(), {q.low, q.high});
    } else {
      bounds.push_back(q.clip);
    }
  }
  return bounds;
}

std::vector<ActivationQuantizer> with_bounds(std::vector<ActivationQuantizer> quantizers, const std::vector<float>& bounds, const std::string& origin) {
  size_t expected = 0;
  for (const ActivationQuantizer& q : quantizers) expected += bounds_count(q);
  if (bounds.size() != expected) throw Error::in(origin, "refined bounds", std::to_string(expected), std::to_string(bounds.size()));
  for (const float bound : bounds) {
    if (!std::isfinite(bound)) throw Error::in(origin, "refined bounds", "finite numbers", std::to_string(bound));
  }
  auto bound = bounds.begin();
  for (ActivationQuantizer& q : quantizers) {
    if (has_bounds(q)) {
      q.low = *bound++;
      q.high = *bound++;
    } else {
      q.clip = *bound++;
    }
  }
  return quantizers;
}

Refinement refine_clips(const RefinableBlock& block, const std::vector<ActivationQuantizer>& chosen,
                        const std::vector<ActivationQuantizer>& unclipped, const RefinementSettings& settings) {
  return Refiner(block, chosen, unclipped, settings).run();
}

int64_t refinement_forwards(const Recipe& recipe, int depth, int64_t samples) {
  const int64_t pass = depth * samples;
  switch (recipe.clip_refinement) {
    case ClipRefinement::NONE: return 0;
    case ClipRefinement::COORDINATE: return pass * (1 + int64_t{recipe.refinement_epochs} * depth * 2 * (is_static(recipe.activation_mode) ? 2 : 1));
    case ClipRefinement::GRADIENT: return pass * (1 + int64_t{recipe.refinement_epochs} * 4);
  }
  return 0;
}

torch::Tensor round_with_gradient(const torch::Tensor& x, const ActivationQuantizer& quantizer, const torch::Tensor& factors) {
  const double top = static_cast<double>((1 << quantizer.bits) - 1);
  torch::Tensor values = x, low, high;
  if (has_bounds(quantizer)) {
    low = factors.select(0, 0) * std::min(quantizer.low, 0.0f);
    high = factors.select(0, 1) * std::max(quantizer.high, 0.0f);
  } else {
    if (quantizer.granularity == ActivationGranularity::DYNAMIC_GROUP) {
      auto shape = x.sizes().vec();
      shape.back() /= quantizer.group;
      shape.push_back(quantizer.group);
      values = x.reshape(shape);
    }
    const auto own = values.detach();
    low = own.amin(-1, true).clamp_max(0) * quantizer.clip * factors;
    high = own.amax(-1, true).clamp_min(0) * quantizer.clip * factors;
  }
  const auto scale = ((high - low) / top).clamp_min(1e-8);
  const auto zero = straight_round(-low / scale).clamp(0, top);
  const auto codes = straight_round(torch::minimum(torch::maximum(values / scale, -zero), top - zero));
  return (codes * scale).reshape(x.sizes());
}

}  // namespace qvlm::quantization
