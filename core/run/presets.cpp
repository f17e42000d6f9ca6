// The table of presets.
#include "core/run/presets.h"

#include <vector>

#include "core/base/error.h"

namespace qvlm {
namespace {

Recipe bits(int weights, int activations) {
  Recipe recipe;
  recipe.weight_bits = weights;
  recipe.activation_bits = activations;
  return recipe;
}

Recipe with(Recipe recipe, WeightMethod method, SearchMode search) {
  recipe.weight_method = method;
  recipe.search = search;
  return recipe;
}

Recipe fast() {
  Recipe recipe = with(bits(4, 16), WeightMethod::OPT_RTN, SearchMode::NONE);
  recipe.samples = 16;
  return recipe;
}

// What a 4-bit model loses is mostly in its weights' rounding: GPTAQ rounds them on the quantized model's own activations, behind rotations
// that are folded away, so that any runtime of the model's architecture takes the result.
Recipe best() {
  Recipe recipe = with(bits(4, 16), WeightMethod::GPTAQ, SearchMode::JOINT);
  recipe.rotation = RotationMode::R1R2;
  recipe.gptaq_validated = true;
  return recipe;
}

// The strongest for quantized activations; the online transforms need a runtime that knows them. Clip bounds are learned with the transforms,
// so nothing is searched.
Recipe best_activations() {
  Recipe recipe = with(bits(4, 4), WeightMethod::GPTAQ, SearchMode::NONE);
  recipe.rotation = RotationMode::PRINCIPAL;
  recipe.transform = TransformMode::LEARNED;
  recipe.gptaq_validated = true;
  return recipe;
}

Recipe nf4(int activations) {
  Recipe recipe = with(bits(4, activations), WeightMethod::NF4, SearchMode::NONE);
  recipe.weight_group = 64;
  return recipe;
}

Recipe smoothquant() {
  Recipe recipe = with(bits(8, 8), WeightMethod::SMOOTHQUANT, SearchMode::NONE);
  recipe.weight_group = 0;
  recipe.weight_symmetric = true;
  return recipe;
}

std::vector<Preset> make_presets() {
  constexpr auto RTN = WeightMethod::RTN, AWQ = WeightMethod::AWQ, GPTQ = WeightMethod::GPTQ;
  constexpr auto NONE = SearchMode::NONE, LAYERWISE = SearchMode::LAYERWISE, JOINT = SearchMode::JOINT;
  return {
      {"balanced", "W4A16 in groups of 32, GPTQ and the joint search over 64 pairs", with(bits(4, 16), GPTQ, JOINT)},
      {"fast", "W4A16 in groups of 32, rounded by importance without a search, over 16 pairs", fast()},
      {"best", "W4A16 in groups of 32, rotated (folded), GPTAQ and the joint search", best()},
      {"best-w4a4", "W4A4 a token, transforms and clip bounds learned along principal axes (online), GPTAQ", best_activations()},
      {"w4a16", "Q-VLM on weights rounded to nearest, activations not quantized", bits(4, 16)},
      {"w4a8", "Q-VLM at W4A8 a token", bits(4, 8)},
      {"w4a6", "Q-VLM at W4A6 a token", bits(4, 6)},
      {"w4a4", "Q-VLM at W4A4 a token", bits(4, 4)},
      {"w8a8", "Q-VLM at W8A8 a token", bits(8, 8)},
      {"w3a16", "Q-VLM at W3A16", bits(3, 16)},
      {"w6a6", "Q-VLM at W6A6 a token (Q-VLM, Tables 1 and 2)", bits(6, 6)},
      {"rtn-w6a6", "Rounding to nearest, no search (W6A6)", with(bits(6, 6), RTN, NONE)},
      {"rtn-w4a4", "Rounding to nearest, no search (W4A4)", with(bits(4, 4), RTN, NONE)},
      {"awq-w6a6", "AWQ, no search (Q-VLM, Table 2)", with(bits(6, 6), AWQ, NONE)},
      {"awq-w4a4", "AWQ, no search (Q-VLM, Table 2)", with(bits(4, 4), AWQ, NONE)},
      {"qlora-w4a16", "NF4 with double quantization, as QLoRA stores it", nf4(16)},
      {"qlora-w4a4", "NF4 with double quantization, activations of 4 bits, no search (Q-VLM, Tables 1 and 2)", nf4(4)},
      {"layerwise-w6a6", "Each site searched alone (Q-VLM, Eq. 2)", with(bits(6, 6), RTN, LAYERWISE)},
      {"layerwise-w4a4", "Each site searched alone (Q-VLM, Eq. 2)", with(bits(4, 4), RTN, LAYERWISE)},
      {"smoothquant-w8a8", "SmoothQuant, one scale a row, activations a token", smoothquant()},
  };
}

}  // namespace

std::span<const Preset> presets() {
  static const std::vector<Preset> kPresets = make_presets();
  return kPresets;
}

const Preset& preset_named(std::string_view name) {
  std::string known;
  for (const Preset& preset : presets()) {
    if (preset.name == name) return preset;
    known += (known.empty() ? "" : ", ") + std::string(preset.name);
  }
  throw Error::in("", "preset", "one of " + known, "\"" + std::string(name) + "\"");
}

}  // namespace qvlm
