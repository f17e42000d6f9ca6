// Checks in the order in which a user can mend what they name.
#include "core/lab/quantization/run_request.h"

#include <algorithm>
#include <string>
#include <thread>
#include <variant>

#include "core/base/error.h"
#include "core/data/calibration_set.h"
#include "core/lab/reference/threads.h"
#include "core/model/kronecker.h"
#include "core/model/quantized_matrix.h"
#include "core/model/sites.h"
#include "core/run/bit_budget.h"

namespace qvlm {
namespace quantization {
namespace {

// The group sizes that divide every row of the decoder's linears.
void check_groups(const VlmConfig& config, const Recipe& recipe) {
  for (int kind = 0; kind < kSitesPerLayer; ++kind) {
    const auto site = static_cast<SiteKind>(kind);
    const int64_t width = width_of(config.decoder, site);
    const auto demand = [&](int64_t group, const char* key) {
      if (group == 0 || width % group == 0) return;
      std::string legal;
      for (const int64_t size : legal_groups(width)) legal += (legal.empty() ? "" : ", ") + std::to_string(size);
      throw Error::in("recipe", key,
                      "a group that divides the rows of " + std::string(linears_of(site).front()) + ", " + std::to_string(width) + " wide (" + legal + ")",
                      std::to_string(group));
    };
    demand(recipe.weight_group, "weight_group");
    if (recipe.activation_bits < 16 && recipe.activation_mode == ActivationMode::DYNAMIC_GROUP) demand(recipe.activation_group, "activation_group");
  }
}

// Widths that a Kronecker transform suits.
void check_transforms(const VlmConfig& config, const Recipe& recipe) {
  if (recipe.transform == TransformMode::NONE) return;
  for (int kind = 0; kind < kSitesPerLayer; ++kind) {
    const auto site = static_cast<SiteKind>(kind);
    const int width = width_of(config.decoder, site);
    if (const KroneckerShape shape = kronecker_shape(width); shape.right > kLargestKroneckerFactor) {
      throw Error::in("recipe", "transform", "none: " + std::to_string(width) + " channels before " + std::string(linears_of(site).front()) +
                      " have no factors up to " + std::to_string(kLargestKroneckerFactor), "learned");
    }
  }
}

// A budget that no partition can keep: nothing is cheaper than each site for itself.
void check_budget(const VlmConfig& config, const QuantizeRequest& request, const Recipe& recipe) {
  const Partition partition = request.partition.value_or(layerwise_partition(config.decoder.layers * kSitesPerLayer));
  const std::vector<std::vector<double>> no_losses(open_blocks(partition).size(), std::vector<double>(budget_widths().size(), 0));
  allocate_bits(config.decoder, recipe, partition, no_losses);
}

}  // namespace

Recipe resolve(Recipe recipe) {
  if (recipe.threads == 0) recipe.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  if (recipe.torch_version.empty()) recipe.torch_version = reference::torch_version();
  return recipe;
}

void check_model(const Model* model) {
  if (model == nullptr) throw Error("quantize: no model");
  const std::string path = model->path().string();
  if (model->config().decoder.site_transforms) throw Error(path + ": has learned transforms, so it is quantized already");
  if (!model->activations().empty() || !model->vision_activations().empty()) throw Error(path + ": is quantized already");
}

void check_recipe(const QuantizeRequest& request, const Recipe& recipe) {
  const VlmConfig& config = request.model->config();
  validate(recipe, "recipe");
  check_groups(config, recipe);
  check_transforms(config, recipe);
  if (request.partition && recipe.search == SearchMode::LAYERWISE) {
    throw Error("quantize: a layer-wise search has one block a site; a given partition does not fit it");
  }
  if (request.partition) validate(*request.partition, config.decoder.layers * kSitesPerLayer, "partition");
  if (has_budget(recipe) && !request.resume) check_budget(config, request, recipe);
}

std::vector<calibration::CalibrationPrompt> read_prompts(const QuantizeRequest& request, const Recipe& recipe) {
  CalibrationOptions options;
  options.images = request.calibration_images;
  options.prompt = request.calibration_prompt;
  options.samples = recipe.samples;
  options.seed = recipe.seed;
  return calibration::build_prompts(*request.model, read_calibration_set(request.calibration, options));
}

RunPlan plan_of(const QuantizeRequest& request, const Recipe& recipe, const std::vector<calibration::CalibrationPrompt>& prompts) {
  const VlmConfig& config = request.model->config();
  PlannedRun planned;
  for (const auto& prompt : prompts) {
    planned.lengths.push_back(prompt.rows);
    for (const PromptPart& part : prompt.parts) planned.pictures += std::holds_alternative<PixelTensor>(part) ? 1 : 0;
  }
  planned.layers = request.stop_after_layers;
  if (request.partition) planned.partition = &*request.partition;
  planned.activation_bytes = request.memory_bytes;
  planned.resident_bytes = resident_memory();
  const int64_t longest = *std::max_element(planned.lengths.begin(), planned.lengths.end());
  return plan_run(config, recipe, planned, measure_speed(config.decoder, 4 * longest, longest, recipe.weight_group, recipe.threads));
}

}  // namespace quantization

PlannedQuantization plan_quantization(const QuantizeRequest& request) {
  using namespace quantization;
  check_model(request.model.get());
  const Recipe recipe = resolve(request.recipe.value_or(Recipe{}));
  check_recipe(request, recipe);
  reference::set_threads(recipe.threads);
  const auto prompts = read_prompts(request, recipe);
  const RunPlan plan = plan_of(request, recipe, prompts);
  const int layers = request.model->config().decoder.layers;
  return {layers, layers * kSitesPerLayer, static_cast<int>(prompts.size()), plan.seconds, plan.bytes};
}

}  // namespace qvlm
