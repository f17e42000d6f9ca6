// From options to a recipe.
#include "app/cli/recipe_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <utility>

#include "core/base/error.h"
#include "core/run/presets.h"

namespace qvlm::cli {

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
  CLI::Option* file = app.add_option("--recipe", file_, "A recipe file; the options below override it");
  std::vector<std::string> names;
  for (const Preset& preset : presets()) names.emplace_back(preset.name);
  app.add_option("--preset", preset_, "A recipe by name, which single options override: " + fmt::format("{}", fmt::join(names, ", ")))
      ->check(CLI::IsMember(names))
      ->excludes(file);
  add(app, "--rotation", std::string(name_of(d.rotation)),
      "none, fold (norm gains only), r1r2 (fused), r1r2r4 (with an online Hadamard before mlp.down), or principal (fused: the residual stream "
      "along its principal axes, for learned transforms)",
      [](Recipe& r, const std::string& v) { r.rotation = rotation_mode_from(v); });
  add(app, "--transform", std::string(name_of(d.transform)),
      "none, or learned: invertible online transforms and clip bounds trained layer by layer (FlatQuant)",
      [](Recipe& r, const std::string& v) { r.transform = transform_mode_from(v); });
  add(app, "--transform-epochs", d.transform_epochs, "Their training: passes over the calibration set a layer",
      [](Recipe& r, int v) { r.transform_epochs = v; });
  add(app, "--weight-method", std::string(name_of(d.weight_method)), weight_method_names(),
      [](Recipe& r, const std::string& v) { r.weight_method = weight_method_from(v); });
  add(app, "--search", std::string(name_of(d.search)), "none, layerwise or joint (Q-VLM)",
      [](Recipe& r, const std::string& v) { r.search = search_mode_from(v); });
  add(app, "--weights", d.weight_bits, "Bits of the decoder's weights", [](Recipe& r, int v) { r.weight_bits = v; });
  add(app, "--group", d.weight_group, "Weights that share a scale; 0: a whole row",
      [](Recipe& r, int64_t v) { r.weight_group = v; });
  add(app, "--symmetric", d.weight_symmetric, "A grid without zero points",
      [](Recipe& r, bool v) { r.weight_symmetric = v; });
  add(app, "--budget-bits", d.budget_bits_per_weight, "Mixed precision: bits a weight of the decoder's linears, with scales and zeros; 0: none",
      [](Recipe& r, double v) { r.budget_bits_per_weight = v; });
  add(app, "--budget-mb", d.budget_megabytes, "Mixed precision: megabytes of the decoder's linears",
      [](Recipe& r, double v) { r.budget_megabytes = v; });
  add(app, "--budget-ms", d.budget_milliseconds, "Mixed precision: milliseconds of one decoded token, by --latency-table",
      [](Recipe& r, double v) { r.budget_milliseconds = v; });
  app.add_option("--latency-table", latency_file_, "What `qvlm bench --latency-table` measured on the device that will run the model");
  add(app, "--budget-losses", std::string(name_of(d.budget_losses)),
      "modelled (a block measured at one width), or measured (at every width)",
      [](Recipe& r, const std::string& v) { r.budget_losses = budget_losses_from(v); });
  add(app, "--residual-rank", d.residual_rank, "Rank of a low-rank residual beside the rounded weights; 0: none",
      [](Recipe& r, int v) { r.residual_rank = v; });
  add(app, "--token-weighting", std::string(name_of(d.token_weighting)),
      "uniform; modality: picture tokens count as the gradient of the answers' loss says (MBQ); or relative: each by one over its squared norm, in the search too",
      [](Recipe& r, const std::string& v) { r.token_weighting = token_weighting_from(v); });
  add(app, "--awq-no-clip", false, "AWQ: scale only, clamp nothing", [](Recipe& r, bool v) { r.awq_clip = !v; });
  add(app, "--awq-duo", d.awq_duo, "AWQ: scales by activations and weights", [](Recipe& r, bool v) { r.awq_duo = v; });
  add(app, "--gptq-damping", d.gptq_damping, "GPTQ, GPTAQ: added to the Hessian, of its mean diagonal",
      [](Recipe& r, double v) { r.gptq_damping = v; });
  add(app, "--gptaq-alpha", d.gptaq_alpha, "GPTAQ: how far the float path's inputs are followed, 0 to 1",
      [](Recipe& r, double v) { r.gptaq_alpha = v; });
  add(app, "--gptaq-validated", false, "GPTAQ: alpha times what of it holds on a quarter of the samples, site by site: few samples do no harm",
      [](Recipe& r, bool v) { r.gptaq_validated = v; });
  add(app, "--autoround-iterations", d.autoround_iterations, "AutoRound: steps a site",
      [](Recipe& r, int v) { r.autoround_iterations = v; });
  add(app, "--activations", d.activation_bits, "Bits of the activations; 16: not quantized",
      [](Recipe& r, int v) { r.activation_bits = v; });
  add(app, "--activation-mode", std::string(name_of(d.activation_mode)),
      "dynamic-token, dynamic-group, static-tensor, or static-channel (a range a channel, folded into the weights)",
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
  add(app, "--clip-refinement", std::string(name_of(d.clip_refinement)),
      "none, coordinate or gradient: moves a searched block's clip bounds on while its error falls (quantized activations)",
      [](Recipe& r, const std::string& v) { r.clip_refinement = clip_refinement_from(v); });
  add(app, "--refinement-epochs", d.refinement_epochs, "Its passes at most", [](Recipe& r, int v) { r.refinement_epochs = v; });
  add(app, "--samples", d.samples, "Calibration pairs", [](Recipe& r, int v) { r.samples = v; });
  add(app, "--search-samples", d.search_samples, "Pairs on which every candidate is scored",
      [](Recipe& r, int v) { r.search_samples = v; });
  add(app, "--max-depth", d.max_depth, "Longest block, sites", [](Recipe& r, int v) { r.max_depth = v; });
  add(app, "--partition-rule", std::string(name_of(d.partition_rule)), "greedy (Eq. 7) or exact",
      [](Recipe& r, const std::string& v) { r.partition_rule = partition_rule_from(v); });
  add(app, "--proxy", std::string(name_of(d.partition_proxy)),
      "What blocks are formed by: dependency, entropy, quantization-error or hessian-error",
      [](Recipe& r, const std::string& v) { r.partition_proxy = partition_proxy_from(v); });
  add(app, "--validate-proxies", d.validated_depths,
      "Decoder depths at which the proxies are compared with the discretization error difference",
      [](Recipe& r, int v) { r.validated_depths = v; });
  add(app, "--threshold", d.threshold, "h0 of the partition; 0: the mean of the proxy",
      [](Recipe& r, double v) { r.threshold = v; });
  add(app, "--threshold-quantile", d.threshold_quantile, "h0 as this quantile of the proxy",
      [](Recipe& r, double v) { r.threshold_quantile = v; });
  add(app, "--seed", d.seed, "Of what is drawn", [](Recipe& r, uint64_t v) { r.seed = v; });
  add(app, "--threads", d.threads, "CPU threads; 0: all", [](Recipe& r, int v) { r.threads = v; });
}

bool RecipeOptions::given() const {
  if (!file_.empty() || !preset_.empty() || !latency_file_.empty()) return true;
  for (const auto& given : given_) {
    if (given()) return true;
  }
  return false;
}

Recipe RecipeOptions::recipe() const {
  Recipe recipe = file_.empty() ? Recipe{} : read_recipe(file_);
  if (!preset_.empty()) recipe = preset_named(preset_).recipe;
  if (!latency_file_.empty()) recipe.latency_table = read_latency_table(latency_file_);
  try {
    for (const auto& apply : overrides_) apply(recipe);
    validate(recipe, "the options");
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
  return recipe;
}

}  // namespace qvlm::cli
