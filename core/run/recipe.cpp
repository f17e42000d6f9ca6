// Recipe: names, defaults, and its strict JSON image.
#include "core/run/recipe.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "core/base/error.h"
#include "core/run/json_fields.h"
#include "core/run/partition.h"

namespace qvlm {
namespace {

constexpr std::pair<WeightMethod, std::string_view> kWeightMethods[] = {
    {WeightMethod::RTN, "rtn"},     {WeightMethod::AWQ, "awq"},           {WeightMethod::OPT_RTN, "opt-rtn"},
    {WeightMethod::GPTQ, "gptq"},   {WeightMethod::GPTAQ, "gptaq"},       {WeightMethod::AUTOROUND, "autoround"},
    {WeightMethod::NF4, "nf4"},     {WeightMethod::SMOOTHQUANT, "smoothquant"}};
constexpr std::pair<TokenWeighting, std::string_view> kTokenWeightings[] = {{TokenWeighting::UNIFORM, "uniform"},
                                                                            {TokenWeighting::MODALITY, "modality"},
                                                                            {TokenWeighting::RELATIVE, "relative"}};
constexpr std::pair<BudgetLosses, std::string_view> kBudgetLosses[] = {{BudgetLosses::MODELLED, "modelled"},
                                                                      {BudgetLosses::MEASURED, "measured"}};
constexpr std::pair<SearchMode, std::string_view> kSearchModes[] = {
    {SearchMode::NONE, "none"}, {SearchMode::LAYERWISE, "layerwise"}, {SearchMode::JOINT, "joint"}};
constexpr std::pair<ActivationMode, std::string_view> kActivationModes[] = {
    {ActivationMode::DYNAMIC_TOKEN, "dynamic-token"},
    {ActivationMode::DYNAMIC_GROUP, "dynamic-group"},
    {ActivationMode::STATIC_TENSOR, "static-tensor"},
    {ActivationMode::STATIC_CHANNEL, "static-channel"}};
constexpr std::pair<ClipRefinement, std::string_view> kClipRefinements[] = {
    {ClipRefinement::NONE, "none"}, {ClipRefinement::COORDINATE, "coordinate"}, {ClipRefinement::GRADIENT, "gradient"}};

constexpr std::pair<PartitionRule, std::string_view> kPartitionRules[] = {{PartitionRule::GREEDY, "greedy"},
                                                                          {PartitionRule::EXACT, "exact"}};
constexpr std::pair<PartitionProxy, std::string_view> kPartitionProxies[] = {
    {PartitionProxy::DEPENDENCY, "dependency"},
    {PartitionProxy::ENTROPY, "entropy"},
    {PartitionProxy::QUANTIZATION_ERROR, "quantization-error"},
    {PartitionProxy::HESSIAN_ERROR, "hessian-error"}};
constexpr std::pair<RotationMode, std::string_view> kRotationModes[] = {{RotationMode::NONE, "none"},
                                                                        {RotationMode::FOLD, "fold"},
                                                                        {RotationMode::R1R2, "r1r2"},
                                                                        {RotationMode::R1R2R4, "r1r2r4"},
                                                                        {RotationMode::PRINCIPAL, "principal"}};
constexpr std::pair<TransformMode, std::string_view> kTransformModes[] = {{TransformMode::NONE, "none"}, {TransformMode::LEARNED, "learned"}};
constexpr std::pair<VisionRange, std::string_view> kVisionRanges[] = {
    {VisionRange::DYNAMIC_TOKEN, "dynamic-token"}, {VisionRange::STATIC_POSITION, "static-position"}};

template <class Enum, size_t count>
std::string_view find_name(Enum value, const std::pair<Enum, std::string_view> (&names)[count]) {
  for (const auto& [candidate, name] : names) {
    if (candidate == value) return name;
  }
  return "?";
}

template <class Enum, size_t count>
Enum find_value(std::string_view text, const std::pair<Enum, std::string_view> (&names)[count], std::string_view what) {
  std::string known;
  for (const auto& [candidate, name] : names) {
    if (name == text) return candidate;
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  throw Error::in("", what, "one of " + known, "\"" + std::string(text) + "\"");
}

void latency_field(json_fields::Writer& writer, const char* key, const LatencyTable& table) {
  writer.json(key, table.rows.empty() ? json_fields::Json(nullptr) : json_fields::parse(to_json(table), key));
}

void latency_field(json_fields::Reader& reader, const char* key, LatencyTable& table) {
  const json_fields::Json* found = reader.take(key);
  if (found != nullptr && !found->is_null()) table = latency_table_from_json(found->dump(), reader.origin() + ": " + key);
}

template <class V, class R>
void list_fields(V& v, R& r) {
  v.choice("rotation", r.rotation, std::span(kRotationModes));
  v.choice("transform", r.transform, std::span(kTransformModes));
  v("transform_epochs", r.transform_epochs);
  v.choice("weight_method", r.weight_method, std::span(kWeightMethods));
  v.choice("search", r.search, std::span(kSearchModes));
  v("weight_bits", r.weight_bits);
  v("weight_group", r.weight_group);
  v("weight_symmetric", r.weight_symmetric);
  v("budget_bits_per_weight", r.budget_bits_per_weight);
  v("budget_megabytes", r.budget_megabytes);
  v("budget_milliseconds", r.budget_milliseconds);
  v.choice("budget_losses", r.budget_losses, std::span(kBudgetLosses));
  latency_field(v, "latency_table", r.latency_table);
  v("residual_rank", r.residual_rank);
  v.choice("token_weighting", r.token_weighting, std::span(kTokenWeightings));
  v("awq_clip", r.awq_clip);
  v("awq_duo", r.awq_duo);
  v("gptq_damping", r.gptq_damping);
  v("gptaq_alpha", r.gptaq_alpha);
  v("gptaq_validated", r.gptaq_validated);
  v("autoround_iterations", r.autoround_iterations);
  v("activation_bits", r.activation_bits);
  v.choice("activation_mode", r.activation_mode, std::span(kActivationModes));
  v("activation_group", r.activation_group);
  v("vision_bits", r.vision_bits);
  v("vision_group", r.vision_group);
  v("vision_activation_bits", r.vision_activation_bits);
  v.choice("vision_activation_mode", r.vision_activation_mode, std::span(kVisionRanges));
  v("projector_bits", r.projector_bits);
  v("veo", r.veo);
  v("veo_epochs", r.veo_epochs);
  v("veo_eta", r.veo_eta);
  v("veo_lambda1", r.veo_lambda1);
  v("veo_lambda2", r.veo_lambda2);
  v.choice("clip_refinement", r.clip_refinement, std::span(kClipRefinements));
  v("refinement_epochs", r.refinement_epochs);
  v("samples", r.samples);
  v("search_samples", r.search_samples);
  v("rescored_tuples", r.rescored_tuples);
  v("max_depth", r.max_depth);
  v.choice("partition_rule", r.partition_rule, std::span(kPartitionRules));
  v.choice("partition_proxy", r.partition_proxy, std::span(kPartitionProxies));
  v("partition_gain", r.partition_gain);
  v("validated_depths", r.validated_depths);
  v("threshold", r.threshold);
  v("threshold_quantile", r.threshold_quantile);
  v("entropy_positions", r.entropy_positions);
  v("seed", r.seed);
  v("threads", r.threads);
  v("torch_version", r.torch_version);
  v("candidates", r.candidates);
}

}  // namespace

std::string_view name_of(WeightMethod method) { return find_name(method, kWeightMethods); }
std::string_view name_of(SearchMode mode) { return find_name(mode, kSearchModes); }
std::string_view name_of(ActivationMode mode) { return find_name(mode, kActivationModes); }
std::string_view name_of(PartitionRule rule) { return find_name(rule, kPartitionRules); }
std::string_view name_of(PartitionProxy proxy) { return find_name(proxy, kPartitionProxies); }
std::string_view name_of(RotationMode mode) { return find_name(mode, kRotationModes); }
std::string_view name_of(TokenWeighting weighting) { return find_name(weighting, kTokenWeightings); }
std::string_view name_of(BudgetLosses losses) { return find_name(losses, kBudgetLosses); }
BudgetLosses budget_losses_from(std::string_view name) { return find_value(name, kBudgetLosses, "budget losses"); }
std::string_view name_of(TransformMode mode) { return find_name(mode, kTransformModes); }
std::string_view name_of(ClipRefinement refinement) { return find_name(refinement, kClipRefinements); }
std::string_view recipe_name_of(VisionRange range) { return find_name(range, kVisionRanges); }
VisionRange vision_range_from(std::string_view name) { return find_value(name, kVisionRanges, "vision activation mode"); }
WeightMethod weight_method_from(std::string_view name) { return find_value(name, kWeightMethods, "weight method"); }
SearchMode search_mode_from(std::string_view name) { return find_value(name, kSearchModes, "search"); }
ActivationMode activation_mode_from(std::string_view name) {
  return find_value(name, kActivationModes, "activation mode");
}

PartitionRule partition_rule_from(std::string_view name) { return find_value(name, kPartitionRules, "partition rule"); }
PartitionProxy partition_proxy_from(std::string_view name) {
  return find_value(name, kPartitionProxies, "partition proxy");
}
TransformMode transform_mode_from(std::string_view name) { return find_value(name, kTransformModes, "transform"); }
TokenWeighting token_weighting_from(std::string_view name) { return find_value(name, kTokenWeightings, "token weighting"); }

ClipRefinement clip_refinement_from(std::string_view name) { return find_value(name, kClipRefinements, "clip refinement"); }

std::string weight_method_names() {
  std::string names;
  for (const auto& [method, name] : kWeightMethods) names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

bool is_static(ActivationMode mode) { return mode == ActivationMode::STATIC_TENSOR || mode == ActivationMode::STATIC_CHANNEL; }

bool folds_channels(const Recipe& recipe) { return recipe.activation_bits < 16 && recipe.activation_mode == ActivationMode::STATIC_CHANNEL; }

std::vector<float> candidates_of(const Recipe& recipe) {
  if (!recipe.candidates.empty()) return recipe.candidates;
  const bool dynamic = recipe.activation_bits < 16 && !is_static(recipe.activation_mode);
  if (dynamic) return {1.0f, 0.95f, 0.9f, 0.85f, 0.8f};
  return {1.0f, 0.995f, 0.99f, 0.985f, 0.98f};
}

RotationMode rotation_mode_from(std::string_view name) { return find_value(name, kRotationModes, "rotation"); }

std::string to_json(const Recipe& recipe) {
  json_fields::Json root;
  json_fields::Writer writer(root);
  list_fields(writer, recipe);
  return root.dump(2) + "\n";
}

Recipe recipe_from_json(const std::string& text, const std::string& origin) {
  const json_fields::Json root = json_fields::parse(text, origin);
  json_fields::Reader reader(root, origin, false);
  Recipe recipe;
  list_fields(reader, recipe);
  reader.finish();
  validate(recipe, origin);
  return recipe;
}

Recipe read_recipe(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw Error(path.string() + ": cannot be opened");
  std::stringstream text;
  text << file.rdbuf();
  return recipe_from_json(text.str(), path.string());
}

void validate(const Recipe& r, const std::string& origin) {
  const auto demand = [&origin](bool holds, const char* key, const std::string& expected, auto found) {
    if (holds) return;
    std::ostringstream text;
    text << found;
    throw Error::in(origin, key, expected, text.str());
  };
  demand(r.weight_bits >= 2 && r.weight_bits <= 8, "weight_bits", "2 to 8", r.weight_bits);
  demand(r.weight_group == 0 || r.weight_group == 32 || r.weight_group == 64 || r.weight_group == 128, "weight_group",
         "32, 64, 128, or 0 for one group a row", r.weight_group);
  demand(r.weight_method != WeightMethod::NF4 || r.weight_bits == 4, "weight_bits", "4 with nf4, whose codebook has 16 values", r.weight_bits);
  demand(r.weight_method != WeightMethod::NF4 || !r.weight_symmetric, "weight_symmetric", "false with nf4, whose codebook is its grid", "true");
  int budgets = 0;
  for (const auto& [key, value] : {std::pair{"budget_bits_per_weight", r.budget_bits_per_weight},
                                   {"budget_megabytes", r.budget_megabytes},
                                   {"budget_milliseconds", r.budget_milliseconds}}) {
    demand(value >= 0 && value <= 1e12, key, "a number above 0, or 0 for no budget", value);
    demand(value == 0 || ++budgets == 1, key, "0 beside another budget", value);
    demand(value == 0 || r.weight_method != WeightMethod::NF4, key, "0 with nf4, which has 4 bits alone", value);
  }
  demand(r.budget_milliseconds == 0 || !r.latency_table.rows.empty(), "latency_table", "a measured table for budget_milliseconds", "none");
  demand(r.budget_milliseconds > 0 || r.latency_table.rows.empty(), "latency_table", "none without budget_milliseconds", "a table");
  const bool learned = r.transform == TransformMode::LEARNED;
  demand(r.transform_epochs >= 1 && r.transform_epochs <= 1000, "transform_epochs", "1 to 1000", r.transform_epochs);
  demand(!learned || r.rotation != RotationMode::R1R2R4, "rotation",
         "none, fold, r1r2 or principal with learned transforms (r4 stands where mlp.down's learned transform does)", name_of(r.rotation));
  demand(learned || r.rotation != RotationMode::PRINCIPAL, "rotation",
         "principal only with learned transforms (it gathers the stream's energy in few channels, which they spread again)", name_of(r.rotation));
  demand(!learned || (r.weight_method != WeightMethod::AWQ && r.weight_method != WeightMethod::SMOOTHQUANT), "weight_method",
         "rtn, opt-rtn, gptq, gptaq or autoround with learned transforms (they stand between a norm and the channels that awq and smoothquant scale)",
         name_of(r.weight_method));
  demand(!learned || r.activation_bits == 16 || r.activation_mode != ActivationMode::STATIC_CHANNEL, "activation_mode",
         "another than static-channel with learned transforms (both stand between a norm and the linears behind it)", name_of(r.activation_mode));
  demand(!learned || r.weight_method != WeightMethod::NF4, "weight_method",
         "rtn, opt-rtn, gptq, gptaq or autoround with learned transforms (they are trained for a grid of integers)", name_of(r.weight_method));
  demand(r.residual_rank >= 0 && r.residual_rank <= 256, "residual_rank", "0 to 256", r.residual_rank);
  demand(r.gptq_damping > 0 && r.gptq_damping <= 0.2, "gptq_damping", "above 0, to 0.2", r.gptq_damping);
  demand(r.gptaq_alpha >= 0 && r.gptaq_alpha <= 1, "gptaq_alpha", "0 to 1", r.gptaq_alpha);
  demand(r.autoround_iterations >= 1 && r.autoround_iterations <= 10000, "autoround_iterations", "1 to 10000", r.autoround_iterations);
  demand(r.activation_bits == 16 || (r.activation_bits >= 2 && r.activation_bits <= 8), "activation_bits",
         "2 to 8, or 16 for activations that are not quantized", r.activation_bits);
  demand(r.activation_group >= 1, "activation_group", "a positive number of channels", r.activation_group);
  if (folds_channels(r)) {
    demand(r.rotation != RotationMode::R1R2R4, "rotation",
           "none, fold or r1r2 with static-channel activations (mlp.down's scales are folded into mlp.up, and an online transform stands between)",
           name_of(r.rotation));
    demand(r.weight_method != WeightMethod::SMOOTHQUANT, "weight_method",
           "another one with static-channel activations, which fold their scales into the same places", name_of(r.weight_method));
    const bool awq = r.weight_method == WeightMethod::AWQ;
    demand(!awq || r.awq_clip, "awq_clip", "true with static-channel activations (the channels' scales are theirs, AWQ only clips)", "false");
    demand(!awq || !r.awq_duo, "awq_duo", "false with static-channel activations (the channels' scales are theirs, AWQ only clips)", "true");
    demand(r.validated_depths == 0, "validated_depths", "0 with static-channel activations", r.validated_depths);
  }
  const bool refines = r.clip_refinement != ClipRefinement::NONE;
  demand(!refines || r.activation_bits < 16, "clip_refinement", "none while activation_bits is 16 (no activation is clipped)", name_of(r.clip_refinement));
  demand(!refines || r.search != SearchMode::NONE, "clip_refinement", "none while search is none (no bounds are chosen)", name_of(r.clip_refinement));
  demand(r.refinement_epochs >= 1 && r.refinement_epochs <= 1000, "refinement_epochs", "1 to 1000", r.refinement_epochs);
  demand(r.vision_bits == 16 || r.vision_bits == 8 || r.vision_bits == 4, "vision_bits", "16, 8 or 4", r.vision_bits);
  demand(r.vision_group == 0 || r.vision_group == 32 || r.vision_group == 64 || r.vision_group == 128, "vision_group",
         "32, 64, 128, or 0 for one group a row", r.vision_group);
  const int vision_activations = r.vision_activation_bits;
  demand(vision_activations == 16 || vision_activations == 8 || vision_activations == 6 || vision_activations == 4,
         "vision_activation_bits", "16, 8, 6 or 4", vision_activations);
  demand(vision_activations == 16 || r.vision_bits < 16, "vision_activation_bits", "16 while vision_bits is 16", vision_activations);
  demand(r.projector_bits == 16 || r.projector_bits == 8, "projector_bits", "16 or 8", r.projector_bits);
  demand(!r.veo || r.vision_bits < 16, "veo", "false while vision_bits is 16 (the tower is not quantized: there is nothing to optimise)", "true");
  demand(r.veo_epochs >= 1 && r.veo_epochs <= 1000, "veo_epochs", "1 to 1000", r.veo_epochs);
  for (const auto& [key, value] : {std::pair{"veo_eta", r.veo_eta}, {"veo_lambda1", r.veo_lambda1}, {"veo_lambda2", r.veo_lambda2}}) {
    demand(value >= 0 && value <= 1000, key, "0 to 1000", value);
  }
  demand(r.samples >= 1, "samples", "at least 1", r.samples);
  demand(r.search_samples >= 1, "search_samples", "at least 1", r.search_samples);
  demand(r.rescored_tuples >= 1, "rescored_tuples", "at least 1", r.rescored_tuples);
  demand(r.max_depth >= 1 && r.max_depth <= kMaxBlockDepth, "max_depth", "1 to " + std::to_string(kMaxBlockDepth),
         r.max_depth);
  demand(r.partition_gain > 0 && r.partition_gain <= 1e6, "partition_gain", "above 0, at most 1000000", r.partition_gain);
  demand(r.validated_depths >= 0 && r.validated_depths <= 64, "validated_depths", "0 to 64", r.validated_depths);
  demand(r.threshold >= 0, "threshold", "0 or more (0: the mean of the proxy)", r.threshold);
  demand(r.threshold_quantile >= 0 && r.threshold_quantile <= 1, "threshold_quantile", "0 to 1", r.threshold_quantile);
  demand(r.entropy_positions >= 256 && r.entropy_positions <= (int64_t{1} << 24), "entropy_positions",
         "256 to 16777216", r.entropy_positions);
  demand(r.threads >= 0 && r.threads <= 1024, "threads", "0 to 1024", r.threads);
  demand(r.candidates.size() <= 16, "candidates", "at most 16 values", r.candidates.size());
  for (const float candidate : r.candidates) demand(candidate > 0.5f && candidate <= 1.0f, "candidates", "values in (0.5, 1]", candidate);
  if (!r.candidates.empty()) {
    demand(std::find(r.candidates.begin(), r.candidates.end(), 1.0f) != r.candidates.end(), "candidates",
           "1 (not clipped) among the values", "none");
    auto sorted = r.candidates;
    std::sort(sorted.begin(), sorted.end());
    demand(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end(), "candidates", "values that differ", "a repetition");
  }
}

}  // namespace qvlm
