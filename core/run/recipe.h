// Everything that decides a run's result. recipe.json is its strict image: an unknown key is an error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace qvlm {

enum class WeightMethod { RTN, AWQ, OPT_RTN, GPTQ, GPTAQ, AUTOROUND, NF4, SMOOTHQUANT };
enum class SearchMode { NONE, LAYERWISE, JOINT };
/// How much a token counts where a weight method has a loss over tokens: all the same, or picture rows against text rows as the gradient
/// of the answer's loss says (MBQ).
enum class TokenWeighting { UNIFORM, MODALITY };
enum class ActivationMode { DYNAMIC_TOKEN, DYNAMIC_GROUP, STATIC_TENSOR };  // when activation_bits < 16

std::string_view name_of(WeightMethod method);
std::string_view name_of(SearchMode mode);
std::string_view name_of(ActivationMode mode);
std::string_view name_of(TokenWeighting weighting);
/// The inverse: "rtn", "awq", "opt-rtn", "gptq", "gptaq", "autoround", "nf4", "smoothquant"; "uniform", "modality"; "none", "layerwise", "joint"; "dynamic-token", "dynamic-group", "static-tensor". Throws Error listing the known names.
WeightMethod weight_method_from(std::string_view name);
SearchMode search_mode_from(std::string_view name);
ActivationMode activation_mode_from(std::string_view name);
TokenWeighting token_weighting_from(std::string_view name);
/// "rtn, awq, ..."
std::string weight_method_names();

struct Recipe {
  WeightMethod weight_method = WeightMethod::RTN;
  SearchMode search = SearchMode::JOINT;
  int weight_bits = 4;
  int64_t weight_group = 32;  // 0: one group a row
  bool weight_symmetric = false;
  int residual_rank = 0;         // of a low-rank residual after the weight method (LoRC); 0: none
  TokenWeighting token_weighting = TokenWeighting::UNIFORM;
  bool awq_clip = true;          // AWQ: clamp outliers after scaling
  bool awq_duo = false;          // AWQ: scales divided by the weights' own magnitude too
  double gptq_damping = 0.01;    // GPTQ, GPTAQ: of the Hessian's mean diagonal, added to it
  double gptaq_alpha = 1;        // GPTAQ: how far the float path's inputs are followed; 0: GPTQ
  int autoround_iterations = 200;
  int activation_bits = 16;
  ActivationMode activation_mode = ActivationMode::DYNAMIC_TOKEN;
  int64_t activation_group = 32;  // DYNAMIC_GROUP
  int vision_bits = 16;           // 16 only, until the visual-encoder optimisation comes
  int samples = 64;
  int search_samples = 8;   // tuples are scored on these, the best are scored again on all samples
  int rescored_tuples = 8;
  int max_depth = 3;
  double threshold = 0;     // h0; 0: the mean dependency
  double threshold_quantile = 0;  // > 0: h0 is this quantile of the dependencies instead
  int64_t entropy_positions = 65536;  // (token, channel) positions a site
  uint64_t seed = 0;
  int threads = 0;          // 0: all; the resolved number is what the recipe file holds
  std::string torch_version;  // filled when the run starts
  std::vector<float> candidates;  // empty: the defaults of the activation mode (DESIGN 5)

  bool operator==(const Recipe&) const = default;
};

/// The candidate grid that `recipe` means: static and A16 weights' percentiles {1, .995, .99, .985, .98}; dynamic clip ratios {1, .95, .9, .85, .8}.
std::vector<float> candidates_of(const Recipe& recipe);

std::string to_json(const Recipe& recipe);  // pretty-printed
/// Strict: unknown key, wrong type, bits that the grid cannot hold -> Error naming origin and key.
Recipe recipe_from_json(const std::string& text, const std::string& origin);
Recipe read_recipe(const std::filesystem::path& path);
void validate(const Recipe& recipe, const std::string& origin);

}  // namespace qvlm
