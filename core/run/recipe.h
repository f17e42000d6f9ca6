// Everything that decides a run's result. recipe.json is its strict image: an unknown key is an error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/vision_activation.h"

namespace qvlm {

enum class WeightMethod { RTN, AWQ };
enum class SearchMode { NONE, LAYERWISE, JOINT };
enum class ActivationMode { DYNAMIC_TOKEN, DYNAMIC_GROUP, STATIC_TENSOR };  // when activation_bits < 16

std::string_view name_of(WeightMethod method);
std::string_view name_of(SearchMode mode);
std::string_view name_of(ActivationMode mode);
/// As recipes spell it: "dynamic-token", "static-position".
std::string_view recipe_name_of(VisionRange range);
/// The inverse: "rtn", "awq"; "none", "layerwise", "joint"; "dynamic-token", "dynamic-group", "static-tensor". Throws Error listing the known names.
WeightMethod weight_method_from(std::string_view name);
SearchMode search_mode_from(std::string_view name);
ActivationMode activation_mode_from(std::string_view name);
VisionRange vision_range_from(std::string_view name);

struct Recipe {
  WeightMethod weight_method = WeightMethod::RTN;
  SearchMode search = SearchMode::JOINT;
  int weight_bits = 4;
  int64_t weight_group = 32;  // 0: one group a row
  bool weight_symmetric = false;
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
