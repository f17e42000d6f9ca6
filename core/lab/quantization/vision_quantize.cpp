// Two streams through the tower.
#include "core/lab/quantization/vision_quantize.h"

#include "core/base/error.h"
#include "core/lab/quantization/vision_layer_quantizer.h"
#include "core/lab/reference/tensors.h"
#include "core/lab/reference/vision_activation.h"

namespace qvlm::quantization {
namespace {

// The tower without its layers.
reference::VisionTower load_entrance(const Model& model) {
  const VisionConfig& config = *model.config().vision;
  reference::VisionTower tower;
  const auto load = [&](const std::string& name) { return reference::load_tensor(model, name, torch::kFloat32); };
  tower.patch = {load("vision.patch.weight"), reference::load_optional(model, "vision.patch.bias", torch::kFloat32)};
  if (config.class_token) tower.class_token = load("vision.class");
  tower.position = load("vision.position.weight");
  if (config.pre_norm) tower.pre_norm = {load("vision.pre_norm.weight"), load("vision.pre_norm.bias")};
  return tower;
}

void release(const Model& model, int layer) {
  for (const ExpectedTensor& tensor : expected_tensors(model.config())) {
    if (tensor.name.starts_with(vision_name(layer, "")) && model.has(tensor.name)) model.release(tensor.name);
  }
}

}  // namespace

bool quantizes_vision(const Recipe& recipe) { return recipe.vision_bits < 16 || recipe.projector_bits < 16; }

VisionQuantization quantize_vision(const Model& model, const Recipe& recipe, const torch::Tensor& pixels, const reference::Workers& workers,
                                   const std::function<void(int)>& on_layer) {
  const torch::NoGradGuard no_gradients;
  if (!model.config().vision) throw Error(model.path().string() + ": the model has no vision tower; expected vision_bits and projector_bits of 16");
  const VisionConfig& config = *model.config().vision;
  VisionQuantization result;
  if (recipe.vision_bits < 16) {
    const reference::VisionTower entrance = load_entrance(model);
    torch::Tensor float_x = by_pictures(workers, pixels, [&](const torch::Tensor& part) { return reference::vision_embed(config, entrance, part); });
    if (!torch::isfinite(float_x).all().item<bool>()) throw Error(model.path().string() + ": vision.patch or vision.position: has values that are not finite");
    torch::Tensor quantized_x = float_x;
    Deviation weights;
    for (int index = 0; index < config.layers; ++index) {
      const auto layer = reference::VisionLayer::load(model, index, torch::kFloat32);
      release(model, index);
      const auto done = quantize_vision_layer(config, layer, index, recipe, float_x, quantized_x, "vision." + std::to_string(index), workers);
      for (const auto& [suffix, matrix] : done.matrices) result.vision.matrices[vision_name(index, suffix) + ".weight"] = matrix;
      for (const auto& [suffix, norm] : {std::pair{"attention_norm", &done.layer.attention_norm}, {"mlp_norm", &done.layer.mlp_norm}}) {
        result.vision.vectors[vision_name(index, suffix) + ".weight"] = norm->weight;
        result.vision.vectors[vision_name(index, suffix) + ".bias"] = norm->bias;
      }
      if (recipe.vision_activation_bits < 16) {
        result.vision.activations.insert(result.vision.activations.end(), done.activations.begin(), done.activations.end());
      }
      weights = weights + done.weights;
      float_x = done.float_output;
      quantized_x = done.quantized_output;
      result.layer_errors.push_back(static_cast<float>(relative_squared_error(quantized_x, float_x)));
      if (on_layer) on_layer(index + 1);
    }
    result.weight_error = weights.relative();
  }
  if (recipe.projector_bits < 16) {
    for (const char* name : {"projector.0.weight", "projector.2.weight"}) {
      const auto weight = reference::load_tensor(model, name, torch::kFloat32);
      result.vision.matrices[name] = round_to_nearest(weight, {recipe.projector_bits, 0, true}, name).matrix();
    }
  }
  return result;
}

VisionOutput run_vision(const Model& model, const QuantizedVision* vision, const torch::Tensor& pixels, const reference::Workers& workers) {
  const torch::NoGradGuard no_gradients;
  const VlmConfig& config = model.config();
  auto tower = reference::VisionTower::load(model, torch::kFloat32);
  auto projector = reference::Projector::load(model, torch::kFloat32);
  reference::VisionHook hook;
  if (vision != nullptr) {
    vision->apply(tower, projector);
    hook = reference::quantizing_vision_hook(vision->activations);
  }
  VisionOutput output;
  output.tower = by_pictures(workers, pixels, [&](const torch::Tensor& part) { return reference::encode(*config.vision, tower, part, hook); });
  output.projected = by_pictures(workers, output.tower, [&](const torch::Tensor& part) { return reference::project(config.projector, projector, part); });
  return output;
}

double relative_squared_error(const torch::Tensor& x, const torch::Tensor& y) {
  return Deviation{(x - y).square().sum(torch::kFloat64).item<double>(), y.square().sum(torch::kFloat64).item<double>()}.relative();
}

}  // namespace qvlm::quantization
