// Estimates of time and memory.
#include "core/lab/quantization/plan.h"

#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#ifndef _WIN32
#include <sys/resource.h>
#endif

#include "core/lab/quantization/clip_refinement.h"
#include "core/lab/quantization/search_pass.h"
#include "core/run/bit_budget.h"

namespace qvlm {
namespace {

constexpr int64_t kLibraryBytes = int64_t{300} << 20;  // libtorch and the program before any work

double layer_weights(const DecoderConfig& c) {
  const double width = static_cast<double>(c.heads) * c.head_dim, kv = static_cast<double>(c.kv_heads) * c.head_dim;
  return c.hidden * (2 * width + 2 * kv + 3.0 * c.ffn);
}

}  // namespace

namespace {

// What a weight method adds to a layer. `per_row`: FLOP of a row through the layer.
double method_flops(const DecoderConfig& c, const Recipe& recipe, int samples, double rows, double per_row) {
  const double searched = std::min<double>(recipe.search_samples, samples) * rows / std::max(samples, 1);  // rows
  const double candidates = recipe.activation_bits < 16 || recipe.search == SearchMode::NONE ? 1 : static_cast<double>(candidates_of(recipe).size());
  const double heads = static_cast<double>(c.heads) * c.head_dim, hidden = static_cast<double>(c.hidden), ffn = static_cast<double>(c.ffn);
  const double squares = 2 * hidden * hidden + heads * heads + ffn * ffn;  // of the four sites' widths
  // Each weight against its row's others, once a candidate; and the factors.
  const double kv = static_cast<double>(c.kv_heads) * c.head_dim;
  const double columns = candidates * 2 * (hidden * hidden * (heads + 2 * kv + 2 * ffn) + heads * heads * hidden + ffn * ffn * hidden) +
                         2 * (2 * hidden * hidden * hidden + heads * heads * heads + ffn * ffn * ffn);
  double flops = 0;
  switch (recipe.weight_method) {
    case WeightMethod::RTN:
    case WeightMethod::NF4: break;
    case WeightMethod::OPT_RTN: flops = 3000 * layer_weights(c) * candidates; break;  // 49 scales, elementwise
    case WeightMethod::AWQ: flops = 25 * searched * per_row; break;
    case WeightMethod::SMOOTHQUANT: flops = 23 * searched * per_row; break;
    case WeightMethod::GPTQ: flops = rows * (per_row + 2 * squares) + columns; break;
    case WeightMethod::GPTAQ: flops = rows * (per_row + 4 * squares) + 2 * columns; break;
    case WeightMethod::AUTOROUND: {
      const double batch = rows * std::min(8.0 / std::max(samples, 1), 1.0);
      flops = rows * per_row + candidates * (recipe.autoround_iterations * 3 * batch + 9 * rows) * per_row;
      break;
    }
  }
  if (recipe.transform == TransformMode::LEARNED) {
    // Forward and backward of every row; the weights once a step, elementwise work that takes as long as some 300 FLOP each.
    const double steps = recipe.transform_epochs * std::ceil(samples / 8.0);
    flops += (3 * recipe.transform_epochs + 4) * 2 * rows * per_row + 300 * steps * layer_weights(c);
  }
  if (recipe.residual_rank > 0) flops += 2 * rows * squares + candidates * 20 * (recipe.residual_rank + 8) * layer_weights(c);
  return flops;
}

}  // namespace

int64_t planned_forwards(const Partition& partition, const Recipe& recipe, int samples) {
  int64_t forwards = 0;
  const int search_samples = std::min(recipe.search_samples, samples);
  for (const Block& block : partition.blocks) {
    forwards += quantization::planned_forwards(block.depth(), static_cast<int>(candidates_of(recipe).size()), samples, search_samples,
                                               recipe.rescored_tuples, recipe.search) +
                quantization::refinement_forwards(recipe, block.depth(), samples);
  }
  return forwards;
}

RunPlan plan_run(const VlmConfig& config, const Recipe& recipe, int samples, int64_t rows, int64_t longest, int64_t pictures,
                 double flops_per_second) {
  const DecoderConfig& c = config.decoder;
  const double per_row = 2 * layer_weights(c) + 2.0 * c.heads * c.head_dim * static_cast<double>(longest);  // FLOP a layer
  const int depth = recipe.search == SearchMode::LAYERWISE ? 1 : recipe.max_depth;
  const int sites = c.layers * kSitesPerLayer;
  Partition partition;
  for (int site = 0; site < sites; site += depth) partition.blocks.push_back({site, std::min(site + depth, sites) - 1});
  const double rows_per_sample = static_cast<double>(rows) / std::max(samples, 1);
  // Elementwise work, norms and the quantizers double the time of the products on small widths.
  double flops = 2 * static_cast<double>(planned_forwards(partition, recipe, samples)) * rows_per_sample * per_row / kSitesPerLayer;
  flops += 4 * static_cast<double>(rows) * per_row * c.layers;  // float pass, targets, committing
  flops += method_flops(c, recipe, samples, static_cast<double>(rows), per_row) * c.layers;
  if (has_budget(recipe)) {
    // Each block alone, at one width or at all of them, from its layer to the end; and the head.
    const double widths = recipe.budget_losses == BudgetLosses::MEASURED ? static_cast<double>(budget_widths().size()) : 1;
    const double searched = std::min(recipe.search_samples, samples) * rows_per_sample;
    flops += 2 * widths * static_cast<double>(partition.blocks.size()) * searched * (0.5 * c.layers * per_row + 2.0 * c.hidden * c.vocabulary);
  }
  if (config.vision) {
    const VisionConfig& v = *config.vision;
    const double of_picture = 2.0 * v.positions() * v.layers * v.hidden * (4.0 * v.hidden + 2.0 * v.ffn);
    flops += static_cast<double>(pictures) * of_picture;
    if (recipe.vision_bits < 16) {
      // Both streams, errors and features; and the candidates on the searched pictures.
      flops += (6.0 * static_cast<double>(pictures) + 2 * 26.0 * recipe.search_samples) * of_picture;
    }
    if (recipe.veo) {
      // Forward, backward by the input, and what surrounds the products: measured as three times the forward products.
      const double passes = recipe.veo_epochs + 2.0;
      flops += passes * 3 * (static_cast<double>(rows) * per_row * c.layers + static_cast<double>(pictures) * of_picture);
    }
  }
  RunPlan plan;
  plan.seconds = flops / std::max(flops_per_second, 1.0);

  const double widest = std::max({c.hidden, c.heads * c.head_dim, c.ffn});
  double bytes = 4.0 * static_cast<double>(rows) * (5.0 * c.hidden + (2.0 + depth) * widest);  // streams, targets
  const auto candidates = static_cast<double>(candidates_of(recipe).size());
  bytes += 4.0 * layer_weights(c) * (4 + (recipe.activation_bits < 16 ? 1 : candidates));       // layers and candidates
  if (recipe.transform == TransformMode::LEARNED) bytes += 4.0 * 8 * layer_weights(c);           // folded, rounded, gradients; in double
  double ends = 4.0 * c.vocabulary * c.hidden;
  if (config.vision) ends += 4.0 * config.vision->layers * config.vision->hidden * (4.0 * config.vision->hidden + 2.0 * config.vision->ffn);
  plan.bytes = kLibraryBytes + static_cast<int64_t>(std::max(bytes, ends));
  return plan;
}

double measure_flops_per_second() {
  const torch::NoGradGuard no_gradients;
  const auto a = torch::full({512, 512}, 0.5f), b = torch::full({512, 512}, 0.25f);
  torch::mm(a, b);  // the first product sets the library up
  const auto start = std::chrono::steady_clock::now();
  constexpr int kProducts = 4;
  for (int i = 0; i < kProducts; ++i) torch::mm(a, b);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return kProducts * 2.0 * 512 * 512 * 512 / std::max(seconds, 1e-9);
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

}  // namespace qvlm
