// Everything that decides a run's result. recipe.json is its strict image: an unknown key is an error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/vision_activation.h"
#include "core/run/latency_table.h"

namespace qvlm {

enum class WeightMethod { RTN, AWQ, OPT_RTN, GPTQ, GPTAQ, AUTOROUND, NF4, SMOOTHQUANT };
/// Nothing is clipped; each site by the error of its own output (Eq. 2); a block's sites together, by the error of what leaves the block (Eq. 3).
enum class SearchMode { NONE, LAYERWISE, JOINT };
/// How blocks are formed from the pairs' scores: Eq. 7 step by step, or the best partition of all.
enum class PartitionRule { GREEDY, EXACT };
/// What a pair of neighbouring sites is scored by: D, the second site's entropy, its activations' relative quantization error, or the
/// weights' expected output error tr(H) ||Q(W) - W||^2 behind it (H of the site's inputs).
enum class PartitionProxy { DEPENDENCY, ENTROPY, QUANTIZATION_ERROR, HESSIAN_ERROR };
/// How much a token counts where a weight method has a loss over tokens: all the same, or picture rows against text rows as the gradient
/// of the answer's loss says (MBQ), or each by one over its squared norm in the float stream. The last counts in the search, too: few tokens
/// of a huge norm (attention sinks) do not hide the others' errors, which the norms behind them see at full size.
enum class TokenWeighting { UNIFORM, MODALITY, RELATIVE };
/// The losses of a block at the widths that a budget chooses from: measured at weight_bits and modelled at the others (BAQ's closed form), or
/// measured at each.
enum class BudgetLosses { MODELLED, MEASURED };
/// When activation_bits < 16. STATIC_CHANNEL: one range a channel, symmetric, folded into what makes the channel and what reads it, so that
/// the model runs with one static range a site (core/lab/quantization/methods/channel_scales.h).
enum class ActivationMode { DYNAMIC_TOKEN, DYNAMIC_GROUP, STATIC_TENSOR, STATIC_CHANNEL };
/// What is done to the sites' clip bounds behind a block's search, on the block's own output error: nothing, coordinate descent, or Adam on
/// gradients that pass through the rounding.
enum class ClipRefinement { NONE, COORDINATE, GRADIENT };

/// What is done to the float model before anything is measured (algorithms.md 3.2). FOLD: norm gains go into the linears
/// behind them; R1R2: that, and rotations of the residual stream and of each head's values, fused into the weights;
/// R1R2R4: that, and a Hadamard transform of what mlp.down reads, applied online. PRINCIPAL: as R1R2, the residual stream along its principal
/// axes, which are measured (core/lab/quantization/principal_axes.h).
enum class RotationMode { NONE, FOLD, R1R2, R1R2R4, PRINCIPAL };

/// What is learned before a layer's weights are rounded. LEARNED: an invertible online transform of what each site reads, and clip bounds
/// (FlatQuant; core/lab/quantization/methods/learned_transform.h).
enum class TransformMode { NONE, LEARNED };

std::string_view name_of(WeightMethod method);
std::string_view name_of(SearchMode mode);
std::string_view name_of(ActivationMode mode);
std::string_view name_of(PartitionRule rule);    // "greedy", "exact"
std::string_view name_of(PartitionProxy proxy);  // "dependency", "entropy", "quantization-error", "hessian-error"
std::string_view name_of(RotationMode mode);
std::string_view name_of(TokenWeighting weighting);
std::string_view name_of(BudgetLosses losses);  // "modelled", "measured"
std::string_view name_of(TransformMode mode);  // "none", "learned"
std::string_view name_of(ClipRefinement refinement);  // "none", "coordinate", "gradient"
/// As recipes spell it: "dynamic-token", "static-position".
std::string_view recipe_name_of(VisionRange range);
/// The inverse: "rtn", "awq", "opt-rtn", "gptq", "gptaq", "autoround", "nf4", "smoothquant"; "uniform", "modality"; "none", "layerwise",
/// "joint"; "dynamic-token", "dynamic-group", "static-tensor", "static-channel"; "none", "fold", "r1r2", "r1r2r4". Throws Error listing the known names.
WeightMethod weight_method_from(std::string_view name);
SearchMode search_mode_from(std::string_view name);
ActivationMode activation_mode_from(std::string_view name);
PartitionRule partition_rule_from(std::string_view name);
PartitionProxy partition_proxy_from(std::string_view name);
RotationMode rotation_mode_from(std::string_view name);
TokenWeighting token_weighting_from(std::string_view name);
BudgetLosses budget_losses_from(std::string_view name);
TransformMode transform_mode_from(std::string_view name);
ClipRefinement clip_refinement_from(std::string_view name);
VisionRange vision_range_from(std::string_view name);
/// "rtn, awq, ..."
std::string weight_method_names();

struct Recipe {
  RotationMode rotation = RotationMode::NONE;  // its random signs are drawn by `seed`
  TransformMode transform = TransformMode::NONE;
  int transform_epochs = 6;  // LEARNED: passes over the calibration set a layer
  WeightMethod weight_method = WeightMethod::RTN;
  SearchMode search = SearchMode::JOINT;
  int weight_bits = 4;
  int64_t weight_group = 32;  // 0: one group a row
  bool weight_symmetric = false;
  /// Mixed precision (core/run/bit_budget.h): at most one of the three is above 0. Blocks to which the partition gives no bits get theirs from
  /// {3, 4, 5, 6, 8}, so that the decoder's linears, with scales and zeros, stay within it.
  double budget_bits_per_weight = 0;
  double budget_megabytes = 0;    // 10^6 bytes
  double budget_milliseconds = 0; // of one decoded token, by latency_table
  BudgetLosses budget_losses = BudgetLosses::MODELLED;
  LatencyTable latency_table = {};  // whole, so that the recipe alone says what was searched; empty: none
  int residual_rank = 0;         // of a low-rank residual after the weight method (LoRC); 0: none
  TokenWeighting token_weighting = TokenWeighting::UNIFORM;
  bool awq_clip = true;          // AWQ: clamp outliers after scaling
  bool awq_duo = false;          // AWQ: scales divided by the weights' own magnitude too
  double gptq_damping = 0.01;    // GPTQ, GPTAQ: of the Hessian's mean diagonal, added to it
  double gptaq_alpha = 1;        // GPTAQ: how far the float path's inputs are followed; 0: GPTQ
  bool gptaq_validated = false;  // GPTAQ: alpha is multiplied, site by site, by what of it holds on samples that it was not measured on
  int autoround_iterations = 200;
  int activation_bits = 16;
  ActivationMode activation_mode = ActivationMode::DYNAMIC_TOKEN;
  int64_t activation_group = 32;  // DYNAMIC_GROUP
  int vision_bits = 16;           // of the tower's linears: 16, 8 (one scale a row, symmetric) or 4 (in groups)
  int64_t vision_group = 32;      // at 4 bits; 0: one group a row
  int vision_activation_bits = 16;  // 16, 8, 6 or 4
  VisionRange vision_activation_mode = VisionRange::DYNAMIC_TOKEN;
  int projector_bits = 16;        // 16 or 8, weights only
  bool veo = false;               // visual-encoder optimisation by gradient (Q-VLM Eq. 8-10)
  int veo_epochs = 10;
  double veo_eta = 1;             // weight of the decoder's part in L_err
  double veo_lambda1 = 0.01;      // of L_ent
  double veo_lambda2 = 1;         // of L_err
  ClipRefinement clip_refinement = ClipRefinement::NONE;
  int refinement_epochs = 10;
  int samples = 64;
  int search_samples = 8;   // tuples are scored on these, the best are scored again on all samples
  int rescored_tuples = 8;
  int max_depth = 3;
  PartitionRule partition_rule = PartitionRule::GREEDY;
  PartitionProxy partition_proxy = PartitionProxy::DEPENDENCY;
  double partition_gain = 1;  // EXACT: what a standard deviation of the proxy above h0 is worth (core/run/partition.h)
  int validated_depths = 0;   // decoder depths at which the proxies are compared with the discretization error difference
  double threshold = 0;     // h0; 0: the mean of the proxy
  double threshold_quantile = 0;  // > 0: h0 is this quantile of the proxy instead
  int64_t entropy_positions = 65536;  // (token, channel) positions a site
  uint64_t seed = 0;
  int threads = 0;          // 0: all; the resolved number is what the recipe file holds
  std::string torch_version;  // filled when the run starts
  std::vector<float> candidates;  // empty: the defaults of the activation mode (DESIGN 5)

  bool operator==(const Recipe&) const = default;
};

/// True where a site's quantizer has bounds of its own, not those of each token or group.
bool is_static(ActivationMode mode);
/// True where activations are quantized with a range a channel, folded into the weights.
bool folds_channels(const Recipe& recipe);

/// The candidate grid that `recipe` means: static and A16 weights' percentiles {1, .995, .99, .985, .98}; dynamic clip ratios {1, .95, .9, .85, .8}.
std::vector<float> candidates_of(const Recipe& recipe);

std::string to_json(const Recipe& recipe);  // pretty-printed
/// Strict: unknown key, wrong type, bits that the grid cannot hold -> Error naming origin and key.
Recipe recipe_from_json(const std::string& text, const std::string& origin);
Recipe read_recipe(const std::filesystem::path& path);
void validate(const Recipe& recipe, const std::string& origin);

}  // namespace qvlm
