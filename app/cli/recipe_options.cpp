// From options to a recipe.
#include "app/cli/recipe_options.h"

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <utility>

#include "core/base/error.h"

namespace qvlm::cli {

namespace {

/// Bits of weights and activations.
const std::map<std::string, std::pair<int, int>> kPresets{{"w4a16", {4, 16}}, {"w4a8", {4, 8}}, {"w4a6", {4, 6}},
                                                          {"w4a4", {4, 4}},   {"w8a8", {8, 8}}, {"w3a16", {3, 16}}};

}  // namespace

template <class T, class Set>
void RecipeOptions::add(CLI::App& app, const std::string& name, T example, const std::string& help, Set set) {
  auto value = std::make_shared<T>(std::move(example));
  CLI::Option* option = nullptr;
  if constexpr (std::is_same_v<T, bool>) {
    option = app.add_flag(name, *value, help);
  } else {
    option = app.add_option(name, *value, help)->capture_default_str();
  }
  given_.push_back([option] { return option->count() > 0; });
  overrides_.push_back([option, value, set](Recipe& recipe) {
    if (option->count() > 0) set(recipe, *value);
  });
}

void RecipeOptions::add_to(CLI::App& app) {
  const Recipe d;
  app.add_option("--recipe", file_, "A recipe file; the options below override it");
  app.add_option("--preset", preset_, "Bits of weights and activations: w4a16, w4a8, w4a6, w4a4, w8a8, w3a16")
      ->check(CLI::IsMember(kPresets));
  add(app, "--weight-method", std::string(name_of(d.weight_method)), "rtn or awq",
      [](Recipe& r, const std::string& v) { r.weight_method = weight_method_from(v); });
  add(app, "--search", std::string(name_of(d.search)), "none, layerwise or joint (Q-VLM)",
      [](Recipe& r, const std::string& v) { r.search = search_mode_from(v); });
  add(app, "--weights", d.weight_bits, "Bits of the decoder's weights", [](Recipe& r, int v) { r.weight_bits = v; });
  add(app, "--group", d.weight_group, "Weights that share a scale; 0: a whole row",
      [](Recipe& r, int64_t v) { r.weight_group = v; });
  add(app, "--symmetric", d.weight_symmetric, "A grid without zero points",
      [](Recipe& r, bool v) { r.weight_symmetric = v; });
  add(app, "--activations", d.activation_bits, "Bits of the activations; 16: not quantized",
      [](Recipe& r, int v) { r.activation_bits = v; });
  add(app, "--activation-mode", std::string(name_of(d.activation_mode)),
      "dynamic-token, dynamic-group or static-tensor",
      [](Recipe& r, const std::string& v) { r.activation_mode = activation_mode_from(v); });
  add(app, "--activation-group", d.activation_group, "Channels a group",
      [](Recipe& r, int64_t v) { r.activation_group = v; });
  add(app, "--vision-bits", d.vision_bits, "Bits of the vision tower's weights: 16, 8 or 4", [](Recipe& r, int v) { r.vision_bits = v; });
  add(app, "--vision-group", d.vision_group, "Weights of the tower that share a scale at 4 bits; 0: a whole row",
      [](Recipe& r, int64_t v) { r.vision_group = v; });
  add(app, "--vision-activations", d.vision_activation_bits, "Bits of the tower's activations: 16, 8, 6 or 4",
      [](Recipe& r, int v) { r.vision_activation_bits = v; });
  add(app, "--vision-activation-mode", std::string(recipe_name_of(d.vision_activation_mode)),
      "dynamic-token, or static-position (ranges stored for each token position)",
      [](Recipe& r, const std::string& v) { r.vision_activation_mode = vision_range_from(v); });
  add(app, "--projector-bits", d.projector_bits, "Bits of the projector's weights: 16 or 8",
      [](Recipe& r, int v) { r.projector_bits = v; });
  add(app, "--veo", d.veo, "Visual-encoder optimisation: trains the tower's clip bounds and norms (needs --vision-bits 8 or 4)",
      [](Recipe& r, bool v) { r.veo = v; });
  add(app, "--veo-epochs", d.veo_epochs, "Its epochs", [](Recipe& r, int v) { r.veo_epochs = v; });
  add(app, "--veo-eta", d.veo_eta, "Weight of the decoder's error beside the tower's", [](Recipe& r, double v) { r.veo_eta = v; });
  add(app, "--veo-lambda1", d.veo_lambda1, "Weight of the entropy", [](Recipe& r, double v) { r.veo_lambda1 = v; });
  add(app, "--veo-lambda2", d.veo_lambda2, "Weight of the errors", [](Recipe& r, double v) { r.veo_lambda2 = v; });
  add(app, "--samples", d.samples, "Calibration pairs", [](Recipe& r, int v) { r.samples = v; });
  add(app, "--search-samples", d.search_samples, "Pairs on which every candidate is scored",
      [](Recipe& r, int v) { r.search_samples = v; });
  add(app, "--max-depth", d.max_depth, "Longest block, sites", [](Recipe& r, int v) { r.max_depth = v; });
  add(app, "--threshold", d.threshold, "h0 of the partition; 0: the mean dependency",
      [](Recipe& r, double v) { r.threshold = v; });
  add(app, "--threshold-quantile", d.threshold_quantile, "h0 as this quantile of the dependencies",
      [](Recipe& r, double v) { r.threshold_quantile = v; });
  add(app, "--seed", d.seed, "Of what is drawn", [](Recipe& r, uint64_t v) { r.seed = v; });
  add(app, "--threads", d.threads, "CPU threads; 0: all", [](Recipe& r, int v) { r.threads = v; });
}

bool RecipeOptions::given() const {
  if (!file_.empty() || !preset_.empty()) return true;
  for (const auto& given : given_) {
    if (given()) return true;
  }
  return false;
}

Recipe RecipeOptions::recipe() const {
  Recipe recipe = file_.empty() ? Recipe{} : read_recipe(file_);
  if (!preset_.empty()) std::tie(recipe.weight_bits, recipe.activation_bits) = kPresets.at(preset_);
  try {
    for (const auto& apply : overrides_) apply(recipe);
    validate(recipe, "the options");
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
  return recipe;
}

}  // namespace qvlm::cli
