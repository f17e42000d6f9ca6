// Estimates of time and memory: the steps of a run counted, each at the speed that was measured.
#include "core/lab/quantization/plan.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#ifndef _WIN32
#include <sys/resource.h>
#include <unistd.h>
#endif

#include "core/lab/calibration/batches.h"
#include "core/lab/calibration/statistics.h"
#include "core/lab/quantization/methods/awq.h"
#include "core/lab/quantization/clip_refinement.h"
#include "core/lab/quantization/search_pass.h"
#include "core/run/bit_budget.h"
#include "core/run/search_cost.h"

namespace qvlm {
namespace {

// Elementwise passes over a value. Counted from the code of the steps; a pass reads and writes, a sum counts as one.
constexpr double kNormPasses = 5, kResidualPasses = 1, kRotaryPasses = 6, kActivationPasses = 3, kDeviationPasses = 3, kStatisticsPasses = 9;
// Products and sums that run on one thread each beside others reach less than a lone product of the same size.
constexpr double kBusy = 1.15;

// Widths of one decoder layer.
struct Widths {
  double hidden, heads, kv, ffn;

  explicit Widths(const DecoderConfig& c)
      : hidden(static_cast<double>(c.hidden)), heads(static_cast<double>(c.heads) * c.head_dim), kv(static_cast<double>(c.kv_heads) * c.head_dim),
        ffn(static_cast<double>(c.ffn)) {}
  double input(int kind) const { return kind == 1 ? heads : kind == 3 ? ffn : hidden; }
  double output(int kind) const { return kind == 0 ? heads : kind == 2 ? ffn : hidden; }  // what the site's error is taken on
  double weights(int kind) const { return kind == 0 ? hidden * (heads + 2 * kv) : kind == 1 ? heads * hidden : kind == 2 ? 2 * hidden * ffn : hidden * ffn; }
  double weights() const { return weights(0) + weights(1) + weights(2) + weights(3); }
  double widest() const { return std::max({hidden, heads, ffn}); }
};

// Rows of some samples, as their batches hold them.
struct Load {
  double samples = 0, rows = 0, pairs = 0;  // padding included; pairs: positions squared
  double longest_part = 0;                  // of the rows: what one thread has when every thread takes the next batch
  double largest_batch = 0;                 // rows

  // Seconds of the whole over seconds of `threads` threads that share its batches, 1 .. threads.
  double speed_up(int threads) const { return rows > 0 ? std::clamp(rows / longest_part, 1.0, static_cast<double>(threads)) : 1; }
};

Load load_of(const calibration::BatchLayout& layout, size_t first, size_t last, const std::vector<int64_t>& lengths, int threads) {
  Load load;
  std::vector<double> busy(static_cast<size_t>(std::max(threads, 1)));
  for (size_t b = first; b < last; ++b) {
    int64_t longest = 0;
    for (const int sample : layout.samples[b]) longest = std::max(longest, lengths[static_cast<size_t>(sample)]);
    const double count = static_cast<double>(layout.samples[b].size()), rows = count * static_cast<double>(longest);
    load.samples += count;
    load.rows += rows;
    load.pairs += rows * static_cast<double>(longest);
    load.largest_batch = std::max(load.largest_batch, rows);
    *std::min_element(busy.begin(), busy.end()) += rows;
  }
  load.longest_part = *std::max_element(busy.begin(), busy.end());
  return load;
}

// Distinct prefixes of `length` sites among `tuples` that are drawn from all.
double prefixes(double candidates, int length, double tuples) {
  const double all = std::pow(candidates, length);
  return all * (1 - std::pow(1 - 1 / all, tuples));
}

// The search of one block, in forwards of a site over one sample.
struct BlockCost {
  double search = 0, rest = 0, all = 0;   // forwards on the search's samples, on the others, on all
  double deviations_search = 0, deviations_rest = 0, deviations_all = 0;
};

BlockCost cost_of_block(const Recipe& recipe, int depth) {
  BlockCost cost;
  if (recipe.search == SearchMode::NONE) {
    cost.all = depth;
    cost.deviations_all = 1;
    return cost;
  }
  const auto candidates = static_cast<double>(candidates_of(recipe).size());
  const double tuples = std::pow(candidates, depth), finalists = std::min(tuples, static_cast<double>(recipe.rescored_tuples) + 2);
  for (int i = 1; i <= depth; ++i) {
    cost.search += std::pow(candidates, i);
    cost.rest += i == depth ? finalists : prefixes(candidates, i, finalists);
  }
  cost.deviations_search = tuples;
  cost.deviations_rest = finalists;
  if (depth > 1 || tuples > recipe.rescored_tuples) cost.all = cost.deviations_all = depth * candidates;
  if (recipe.activation_bits < 16) cost.all += static_cast<double>(quantization::refinement_forwards(recipe, depth, 1));
  return cost;
}

// Share of blocks of each depth, [1 .. max_depth].
std::vector<double> expected_depths(const Recipe& recipe, const PlannedRun& run, int sites) {
  const int most = recipe.search == SearchMode::LAYERWISE ? 1 : std::max(recipe.max_depth, 1);
  std::vector<double> share(static_cast<size_t>(most) + 1, 0);
  if (run.partition != nullptr) {
    for (const Block& block : run.partition->blocks) {
      if (block.first >= sites) break;
      if (static_cast<size_t>(block.depth()) >= share.size()) share.resize(static_cast<size_t>(block.depth()) + 1, 0);
      share[static_cast<size_t>(block.depth())] += 1;
    }
    return share;
  }
  // A block goes on at a pair above h0, and ends at its greatest depth.
  const double goes_on = recipe.threshold_quantile > 0 ? 1 - recipe.threshold_quantile : 0.5;
  double left = 1;
  for (int depth = 1; depth < most; ++depth) {
    share[static_cast<size_t>(depth)] = left * (1 - goes_on);
    left *= goes_on;
  }
  share[static_cast<size_t>(most)] = left;
  return share;
}

class Planner {
 public:
  Planner(const VlmConfig& config, const Recipe& recipe, const PlannedRun& run, const MachineSpeed& speed)
      : config_(config), c_(config.decoder), recipe_(recipe), run_(run), speed_(speed), w_(config.decoder), threads_(std::max(recipe.threads, 1)) {
    const auto layout = calibration::batch_layout(run.lengths, recipe.search_samples);
    search_ = load_of(layout, 0, layout.search_batches, run.lengths, threads_);
    rest_ = load_of(layout, layout.search_batches, layout.samples.size(), run.lengths, threads_);
    all_ = load_of(layout, 0, layout.samples.size(), run.lengths, threads_);
    layers_ = run.layers > 0 ? std::min(run.layers, c_.layers) : c_.layers;
    candidates_ = recipe.search == SearchMode::NONE ? 1 : static_cast<double>(candidates_of(recipe).size());
    rounded_ = quantizes_activations() ? 1 : candidates_;
    depths_ = expected_depths(recipe, run, layers_ * kSitesPerLayer);
  }

  RunPlan plan() const {
    RunPlan plan;
    plan.seconds = (turns() ? axes_seconds() : 0) + vision_seconds() + c_.layers * statistics_seconds() + layers_ * (prepare_seconds() + search_seconds());
    if (layers_ == c_.layers) plan.seconds += write_seconds();
    if (has_budget(recipe_)) plan.seconds += budget_seconds();
    plan.bytes = run_.resident_bytes + static_cast<int64_t>(kHeld * std::max({encoding_bytes(), turns() ? axes_bytes() : 0, streamed_bytes()}));
    return plan;
  }

 private:
  bool turns() const { return recipe_.rotation == RotationMode::PRINCIPAL; }
  bool quantizes_activations() const { return recipe_.activation_bits < 16; }
  bool folds() const { return recipe_.weight_method == WeightMethod::AWQ || recipe_.weight_method == WeightMethod::SMOOTHQUANT; }
  bool walks_quantized() const {
    return recipe_.weight_method == WeightMethod::GPTQ || recipe_.weight_method == WeightMethod::GPTAQ || recipe_.weight_method == WeightMethod::AUTOROUND;
  }

  // One thread's seconds for a site's forward over a load, and for its deviation from float.
  double forward(int kind, const Load& load) const {
    double seconds = load.rows * w_.weights(kind) * speed_.product * kBusy;
    double passes = 0;  // values a row
    if (kind == 0) {
      seconds += load.pairs * static_cast<double>(c_.heads) * speed_.attention;
      passes = kRotaryPasses * (w_.heads + w_.kv) + kNormPasses * w_.hidden;
    }
    if (kind == 1) passes = (kResidualPasses + kNormPasses) * w_.hidden;
    if (kind == 2) passes = kActivationPasses * w_.ffn;
    if (kind == 3) passes = kResidualPasses * w_.hidden;
    seconds += load.rows * passes * speed_.element;
    if (kind == 2 && (recipe_.rotation == RotationMode::R1R2R4)) seconds += load.rows * w_.ffn * std::log2(w_.ffn) * speed_.element;
    return seconds;
  }
  double rounding(int kind, const Load& load) const {  // of the site's input
    return quantizes_activations() ? load.rows * w_.input(kind) * speed_.round_activation : 0;
  }
  double deviation(int kind, const Load& load) const { return load.rows * w_.output(kind) * kDeviationPasses * speed_.element; }
  // Of what leaves a block: an output inside a sublayer goes through the linear that reads it.
  double end_deviation(int kind, const Load& load) const {
    const bool carried = recipe_.search == SearchMode::JOINT && kind % 2 == 0;
    return deviation(kind, load) + (carried ? load.rows * (w_.weights(kind + 1) * speed_.product * kBusy + 2 * w_.hidden * speed_.element) : 0);
  }
  double layer_forward(const Load& load) const {
    double seconds = 0;
    for (int kind = 0; kind < kSitesPerLayer; ++kind) seconds += forward(kind, load);
    return seconds;
  }

  double vision_seconds() const {
    if (!config_.vision) return 0;
    const VisionConfig& v = *config_.vision;
    const double positions = static_cast<double>(v.positions()), hidden = static_cast<double>(v.hidden);
    const double of_picture = v.layers * (positions * hidden * (4.0 * hidden + 2.0 * static_cast<double>(v.ffn)) * speed_.product +
                                          positions * positions * v.heads * speed_.attention + positions * (30.0 * hidden + 3.0 * static_cast<double>(v.ffn)) * speed_.element);
    const auto pictures = static_cast<double>(run_.pictures);
    double units = pictures;
    // Both streams, errors and features; and the candidates on the searched pictures.
    if (recipe_.vision_bits < 16) units += 6 * pictures + 2 * 26.0 * recipe_.search_samples;
    double seconds = units * of_picture / threads_;
    if (recipe_.veo) {
      // Forward, backward by the input, and what surrounds the products: measured as three times the forward products.
      seconds += (recipe_.veo_epochs + 2.0) * 3 * (c_.layers * layer_forward(all_) + pictures * of_picture) / threads_;
    }
    return seconds;
  }

  // The float pass over one layer.
  double statistics_seconds() const {
    double seconds = layer_forward(all_) / all_.speed_up(threads_);
    const double positions = std::min(static_cast<double>(recipe_.entropy_positions), 1e9), levels = quantizes_activations() ? std::exp2(recipe_.activation_bits) : 16;
    for (int kind = 0; kind < kSitesPerLayer; ++kind) {
      const double values = all_.rows * w_.input(kind);
      const double sorted = std::min(values, static_cast<double>(calibration::kPercentileValues));
      const double counted = values * (kStatisticsPasses * speed_.element + speed_.bin + speed_.round_activation);
      // Extremes first, by one thread.
      seconds += (counted + sorted * speed_.sort_value) / threads_ + 2 * values * speed_.element;
      // A site's own levels and those paired with the site before, side by side.
      seconds += (1 + 1.0 / threads_) * positions * levels * speed_.level / std::min(threads_, 2);
    }
    return seconds + load_seconds();
  }
  // Reading a layer and turning it into floats.
  double load_seconds() const {
    const double turned = turns() ? w_.weights() * w_.hidden * speed_.product / threads_ : 0;  // by a dense matrix
    return 3 * w_.weights() * speed_.element + turned;
  }

  // Principal axes: a forward pass, moments of what both sublayers read, and an eigendecomposition.
  double axes_seconds() const {
    const double square = w_.hidden * w_.hidden;
    return c_.layers * (layer_forward(all_) / all_.speed_up(threads_) + 2 * all_.rows * square * speed_.product / threads_ + 3 * w_.weights() * speed_.element) +
           10 * square * w_.hidden * speed_.product;
  }

  // Loading a layer, the weight method, the float path, and what fixes the chosen candidates.
  double prepare_seconds() const {
    double seconds = load_seconds() + method_seconds();
    const double streams = 1 + (folds() ? 1 : 0) + (walks_quantized() ? 1 : 0) + 1;  // targets, own output, provisional, commit
    seconds += streams * layer_forward(all_) / all_.speed_up(threads_);
    for (int kind = 0; kind < kSitesPerLayer; ++kind) {
      seconds += (2 * rounding(kind, all_) + deviation(kind, all_)) / all_.speed_up(threads_);
      seconds += 2 * all_.rows * (w_.input(kind) + w_.output(kind)) * speed_.element;  // finite, energies, the stream's hash
    }
    return seconds + 8 * w_.weights() * speed_.element;  // errors, packing, the layer's file and its hash
  }

  double method_seconds() const {
    const double weights = w_.weights(), per_thread = 1.0 / threads_;
    // Rounding to nearest at each percentile, by one thread as all elementwise work outside of the workers' parts.
    const bool sorts = !quantizes_activations() || recipe_.weight_method != WeightMethod::RTN;
    double seconds = weights * (rounded_ * speed_.round_weight + (sorts ? speed_.sort_weight : 0));
    switch (recipe_.weight_method) {
      case WeightMethod::RTN:
      case WeightMethod::NF4: break;
      case WeightMethod::OPT_RTN: seconds += rounded_ * 49 * weights * 8 * speed_.element; break;
      case WeightMethod::AWQ: {
        const double ratio = quantization::kAwqRatios, shrinks = quantization::kAwqShrinks;
        const double sublayers = forward(0, search_) + 2 * forward(1, search_) + forward(2, search_) + 2 * forward(3, search_);
        seconds += ratio * (sublayers + weights * (speed_.round_weight + 3 * speed_.element)) * per_thread + 3 * layer_forward(search_) * per_thread;
        if (recipe_.awq_clip) {
          const double clipped = weights - w_.hidden * (w_.heads + w_.kv), group = recipe_.weight_group > 0 ? static_cast<double>(recipe_.weight_group) : w_.hidden;
          seconds += shrinks * clipped * (speed_.round_weight + 8 * speed_.element + group * speed_.product * 2) * per_thread;
        }
        break;
      }
      case WeightMethod::SMOOTHQUANT:
        seconds += 23 * (layer_forward(search_) + weights * (speed_.round_weight + 2 * speed_.element)) * per_thread;
        break;
      case WeightMethod::GPTQ:
      case WeightMethod::GPTAQ: {
        const double pulls = recipe_.weight_method == WeightMethod::GPTAQ ? 2 : 1;
        for (int kind = 0; kind < kSitesPerLayer; ++kind) {
          const double width = w_.input(kind), lines = rounded_ * w_.weights(kind) / width;
          seconds += pulls * all_.rows * width * width * speed_.product * per_thread;                    // moments
          seconds += (2 + 2 * (pulls - 1)) * width * width * width * speed_.product * per_thread;        // factors
          seconds += lines * width * (pulls * speed_.column + pulls * 0.5 * width * speed_.product * per_thread);  // columns; behind each block
          if (pulls > 1 && recipe_.gptaq_validated) {  // a factor, its answer, and both shifts of the held-out quarter
            seconds += (1.2 * width * width * width + 0.25 * all_.rows * (width * width + 2 * w_.weights(kind))) * speed_.product * per_thread;
          }
        }
        break;
      }
      case WeightMethod::AUTOROUND: {
        const double batch = std::min(1.0, 4 / std::max(all_.samples, 1.0));
        seconds += rounded_ * (recipe_.autoround_iterations * batch * 3 + 9) * layer_forward(all_) * per_thread;
        break;
      }
    }
    if (recipe_.transform == TransformMode::LEARNED) seconds += learning_seconds() * per_thread;
    if (recipe_.residual_rank > 0) {
      double squares = 0;
      for (int kind = 0; kind < kSitesPerLayer; ++kind) squares += w_.input(kind) * w_.input(kind);
      seconds += (all_.rows * squares + rounded_ * (w_.widest() + 10.0 * (recipe_.residual_rank + 8)) * weights) * speed_.product * per_thread;
    }
    return seconds;
  }

  // One thread's: the eight starts on the search's rows, three losses over all rows, and every epoch forward and backward over three quarters of
  // them and forward over the rest, the linears folded and rounded once a start or step.
  double learning_seconds() const {
    constexpr double kStarts = 8, kLosses = 3, kHeldOut = 0.25, kBackward = 2;
    constexpr double kFold = 6;                // a weight through a step, as roundings of a weight
    constexpr double kTransformPasses = 30;    // a Kronecker factor is too small for a product's speed: counted by values
    const double epochs = recipe_.transform_epochs, steps = epochs * std::ceil((1 - kHeldOut) * all_.samples / 8);
    const auto forward_of = [&](const Load& load) {
      double seconds = layer_forward(load);
      for (int kind = 0; kind < kSitesPerLayer; ++kind) seconds += 2 * rounding(kind, load) + load.rows * w_.input(kind) * kTransformPasses * speed_.element;
      return seconds;
    };
    const double passes = kLosses + epochs * ((1 - kHeldOut) * kBackward + kHeldOut);
    return layer_forward(all_) + kStarts * forward_of(search_) + passes * forward_of(all_) +
           (kStarts / 2 + steps) * w_.weights() * kFold * speed_.round_weight;
  }

  // The searches of one layer's sites, by the blocks that are expected.
  double search_seconds() const {
    double seconds = 0, sites = 0;
    for (size_t depth = 1; depth < depths_.size(); ++depth) {
      if (depths_[depth] == 0) continue;
      const BlockCost cost = cost_of_block(recipe_, static_cast<int>(depth));
      // Where a block begins is not known: a site stands for the layer's mean.
      double block = 0;
      for (int kind = 0; kind < kSitesPerLayer; ++kind) {
        const auto step = [&](const Load& load) { return forward(kind, load) + rounding(kind, load); };
        block += (cost.search * step(search_) + cost.deviations_search * end_deviation(kind, search_)) / threads_;
        block += (cost.rest * step(rest_) + cost.deviations_rest * end_deviation(kind, rest_)) / rest_.speed_up(threads_);
        block += (cost.all * step(all_) + cost.deviations_all * deviation(kind, all_)) / all_.speed_up(threads_);
      }
      seconds += depths_[depth] * block / kSitesPerLayer;
      sites += depths_[depth] * static_cast<double>(depth);
    }
    return sites > 0 ? seconds / sites * kSitesPerLayer : 0;
  }

  // The losses that a budget chooses by: each block alone, at one width or at all of them, from its layer to the end; and the head.
  double budget_seconds() const {
    const double widths = recipe_.budget_losses == BudgetLosses::MEASURED ? static_cast<double>(budget_widths().size()) : 1;
    double blocks = 0, sites = 0;
    for (size_t depth = 1; depth < depths_.size(); ++depth) {
      blocks += depths_[depth];
      sites += depths_[depth] * static_cast<double>(depth);
    }
    blocks *= sites > 0 ? c_.layers * kSitesPerLayer / sites : 0;
    const double head = search_.rows * w_.hidden * static_cast<double>(c_.vocabulary) * speed_.product;
    return widths * blocks * (0.5 * c_.layers * layer_forward(search_) + head) / search_.speed_up(threads_);
  }

  double write_seconds() const {
    const double ends = 2.0 * static_cast<double>(c_.vocabulary) * w_.hidden;
    return (10 * w_.weights() * c_.layers + 4 * ends) * speed_.element;
  }

  // Embedding and tower in float, and the decoder's inputs.
  double encoding_bytes() const {
    double bytes = 6.0 * static_cast<double>(c_.vocabulary) * w_.hidden + 8.0 * all_.rows * w_.hidden;
    if (config_.vision) {
      const VisionConfig& v = *config_.vision;
      const double positions = static_cast<double>(v.positions()), hidden = static_cast<double>(v.hidden);
      bytes += 4.0 * v.layers * hidden * (4.0 * hidden + 2.0 * static_cast<double>(v.ffn));
      bytes += threads_ * 4.0 * (3.0 * positions * positions * v.heads + 6.0 * positions * static_cast<double>(v.ffn));
    }
    return bytes;
  }

  // Moments, the decomposition in double with its work space, and one layer with what both its readers see.
  double axes_bytes() const {
    const double inputs = 4.0 * all_.rows * w_.hidden;
    return 48.0 * w_.hidden * w_.hidden + 4 * inputs + 4 * w_.weights() + at_work(all_.largest_batch);
  }

  // While layers are streamed: the inputs, the streams as far as they may stay, the weights of the layer at hand, and what threads work on.
  double streamed_bytes() const {
    const double axes = turns() ? 4.0 * w_.hidden * w_.hidden : 0;  // R1 is dense
    const double inputs = axes + 4.0 * all_.rows * w_.hidden * (recipe_.vision_bits < 16 ? 2 : 1);
    const double state = 4.0 * all_.rows * (w_.hidden + w_.widest());
    const double budget = static_cast<double>(run_.activation_bytes);
    size_t deepest = 1;
    for (size_t depth = 1; depth < depths_.size(); ++depth) deepest = depths_[depth] > 0 ? depth : deepest;
    const auto depth = static_cast<double>(deepest);
    // Float and quantized path, each with its successor; targets; the layer-wise search's best and next states.
    const double streams = std::min(budget, state * (4 + (walks_quantized() ? 1 : 0)) + 4.0 * all_.rows * w_.widest() * depth);
    const double waiting = std::min(budget, 2 * state);  // of the streams, while a layer is prepared

    const double layer = 4 * w_.weights();
    const double block = std::min(w_.weights(), w_.weights() * depth / kSitesPerLayer * 1.5);  // of the widest sites
    const double group = recipe_.weight_group > 0 ? static_cast<double>(recipe_.weight_group) : w_.hidden;
    const double codes = rounded_ * block * (1 + 5 / group), floats = std::min(budget, 4 * rounded_ * block);
    const double widest_site = 4 * w_.weights(2);
    const double done = w_.weights() * (1 + 3 / group);  // the layer's codes
    double preparing = layer + widest_site, rounding = layer + 4 * widest_site;
    if (folds()) preparing = (recipe_.weight_method == WeightMethod::AWQ && recipe_.awq_clip ? 2.84 : 2) * layer + threads_ * widest_site + 4 * w_.weights(3);
    if (recipe_.weight_method == WeightMethod::AWQ && recipe_.awq_clip) rounding += 0.84 * layer;
    if (recipe_.transform == TransformMode::LEARNED) preparing += 8 * layer;  // folded, rounded, gradients; in double
    if (walks_quantized() && recipe_.weight_method != WeightMethod::AUTOROUND) {
      const double squares = recipe_.weight_method == WeightMethod::GPTAQ ? 9 : 6;  // moments, ordered, factors both ways
      rounding += 4 * squares * w_.widest() * w_.widest() + 3 * rounded_ * widest_site;
    }
    const double searching = layer * (recipe_.weight_method == WeightMethod::AWQ ? 1.5 : 1) + codes + floats + threads_ * widest_site;
    const double largest = std::max(search_.largest_batch, rest_.largest_batch);
    return inputs + done + std::max({waiting + at_work(folds() ? search_.largest_batch : 0) + preparing, waiting + at_work(largest) + rounding + codes,
                                     streams + at_work(largest) + searching});
  }
  // What threads need that each move a batch of so many rows: in the attention or in the widest linears.
  double at_work(double rows) const {
    int64_t longest = 0;
    for (const int64_t length : run_.lengths) longest = std::max(longest, length);
    return threads_ * 4.0 * rows * std::max(3.0 * static_cast<double>(longest) * c_.heads, 2 * w_.hidden + 3 * w_.widest());
  }

  // Allocators hold some of what was given back: measured peaks were 2 to 22 % above what is in use (plans.py, large_shapes.py).
  static constexpr double kHeld = 1.1;

  const VlmConfig& config_;
  const DecoderConfig& c_;
  const Recipe& recipe_;
  const PlannedRun& run_;
  const MachineSpeed& speed_;
  Widths w_;
  int threads_, layers_ = 0;
  Load search_, rest_, all_;
  double candidates_ = 1, rounded_ = 1;  // of a site; of them with weights of their own
  std::vector<double> depths_;
};

}  // namespace

int64_t planned_forwards(const Partition& partition, const Recipe& recipe, int samples) {
  int64_t forwards = 0;
  const int search_samples = std::min(recipe.search_samples, samples);
  for (const Block& block : partition.blocks) {
    forwards += planned_forwards(block.depth(), static_cast<int>(candidates_of(recipe).size()), samples, search_samples, recipe.rescored_tuples,
                                 recipe.search) +
                quantization::refinement_forwards(recipe, block.depth(), samples);
  }
  return forwards;
}

RunPlan plan_run(const VlmConfig& config, const Recipe& recipe, const PlannedRun& run, const MachineSpeed& speed) {
  return Planner(config, recipe, run, speed).plan();
}

int64_t peak_memory() {
#ifdef _WIN32
  return 0;
#else
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
#endif
}

int64_t resident_memory() {
#ifdef _WIN32
  return 0;
#else
  int64_t all = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * sysconf(_SC_PAGESIZE);
#endif
}

}  // namespace qvlm
