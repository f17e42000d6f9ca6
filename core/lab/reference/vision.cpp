// The vision tower, top to bottom.
#include "core/lab/reference/vision.h"

#include "core/base/error.h"
#include "core/lab/reference/functions.h"
#include "core/lab/reference/tensors.h"

namespace qvlm::reference {

namespace {

Linear load_linear(const Model& model, const std::string& name, torch::ScalarType type) {
  return {load_tensor(model, name + ".weight", type), load_optional(model, name + ".bias", type)};
}

LayerNorm load_norm(const Model& model, const std::string& name, torch::ScalarType type) {
  return {load_tensor(model, name + ".weight", type), load_tensor(model, name + ".bias", type)};
}

torch::Tensor layer_norm(const torch::Tensor& x, const LayerNorm& norm, double epsilon) {
  return torch::layer_norm(x, {x.size(-1)}, norm.weight, norm.bias, epsilon);
}

torch::Tensor at_site(const VisionHook& hook, int layer, SiteKind kind, const torch::Tensor& x) {
  return hook ? hook(Site{layer, kind}, x) : x;
}

}  // namespace

torch::Tensor Linear::operator()(const torch::Tensor& x) const { return torch::linear(x, weight, bias); }

VisionLayer VisionLayer::load(const Model& model, int layer, torch::ScalarType type) {
  const std::string base = "vision." + std::to_string(layer) + ".";
  VisionLayer result;
  result.attention_norm = load_norm(model, base + "attention_norm", type);
  result.mlp_norm = load_norm(model, base + "mlp_norm", type);
  for (const char* name : {"attention.query", "attention.key", "attention.value", "attention.output", "mlp.up", "mlp.down"}) {
    result.linear(name) = load_linear(model, base + name, type);
  }
  return result;
}

const Linear& VisionLayer::linear(std::string_view suffix) const {
  if (suffix == "attention.query") return query;
  if (suffix == "attention.key") return key;
  if (suffix == "attention.value") return value;
  if (suffix == "attention.output") return output;
  if (suffix == "mlp.up") return up;
  if (suffix == "mlp.down") return down;
  throw Error::in("vision layer", "linear", "attention.query ... mlp.down", suffix);
}

Linear& VisionLayer::linear(std::string_view suffix) { return const_cast<Linear&>(std::as_const(*this).linear(suffix)); }

VisionTower VisionTower::load(const Model& model, torch::ScalarType type) {
  if (!model.config().vision) throw Error(model.path().string() + ": the model has no vision tower");
  const VisionConfig& config = *model.config().vision;
  VisionTower tower;
  tower.patch = load_linear(model, "vision.patch", type);
  if (config.class_token) tower.class_token = load_tensor(model, "vision.class", type);
  tower.position = load_tensor(model, "vision.position.weight", type);
  if (config.pre_norm) tower.pre_norm = load_norm(model, "vision.pre_norm", type);
  for (int layer = 0; layer < config.layers; ++layer) tower.layers.push_back(VisionLayer::load(model, layer, type));
  return tower;
}

torch::Tensor vision_embed(const VisionConfig& config, const VisionTower& tower, const torch::Tensor& pixels) {
  const auto grid = torch::conv2d(pixels, tower.patch.weight, tower.patch.bias, config.patch_size);  // [n, hidden, side, side]
  auto x = grid.flatten(2).transpose(1, 2);                                                           // [n, patches, hidden]
  if (config.class_token) {
    x = torch::cat({tower.class_token.to(x.scalar_type()).expand({x.size(0), 1, config.hidden}), x}, 1);
  }
  x = x + tower.position;  // [n, positions, hidden]
  return config.pre_norm ? layer_norm(x, tower.pre_norm, config.norm_epsilon) : x;
}

torch::Tensor vision_norm(const VisionConfig& config, const LayerNorm& norm, const torch::Tensor& x) {
  return layer_norm(x, norm, config.norm_epsilon);
}

torch::Tensor vision_attention(const VisionConfig& config, const VisionLayer& layer, const torch::Tensor& x, int layer_index,
                               const VisionHook& hook) {
  const auto input = at_site(hook, layer_index, SiteKind::ATTENTION_INPUT, layer_norm(x, layer.attention_norm, config.norm_epsilon));
  const auto mixed = attention(split_heads(layer.query(input), config.heads), split_heads(layer.key(input), config.heads),
                               split_heads(layer.value(input), config.heads), /*causal=*/false);  // [n, positions, hidden]
  return x + layer.output(at_site(hook, layer_index, SiteKind::OUTPUT_INPUT, mixed));
}

torch::Tensor vision_mlp(const VisionConfig& config, const VisionLayer& layer, const torch::Tensor& x, int layer_index,
                         const VisionHook& hook) {
  const auto input = at_site(hook, layer_index, SiteKind::MLP_INPUT, layer_norm(x, layer.mlp_norm, config.norm_epsilon));
  const auto inner = activate(layer.up(input), config.activation);  // [n, positions, ffn]
  return x + layer.down(at_site(hook, layer_index, SiteKind::DOWN_INPUT, inner));
}

torch::Tensor vision_layer(const VisionConfig& config, const VisionLayer& layer, const torch::Tensor& x, int layer_index,
                           const VisionHook& hook) {
  return vision_mlp(config, layer, vision_attention(config, layer, x, layer_index, hook), layer_index, hook);
}

torch::Tensor vision_select(const VisionConfig& config, const torch::Tensor& x) {
  return config.class_token && !config.keep_class_token ? x.narrow(1, 1, x.size(1) - 1) : x;
}

torch::Tensor encode(const VisionConfig& config, const VisionTower& tower, const torch::Tensor& pixels, const VisionHook& hook) {
  auto x = vision_embed(config, tower, pixels);
  for (int layer = 0; layer < config.layers; ++layer) x = vision_layer(config, tower.layers[layer], x, layer, hook);
  return vision_select(config, x);
}

}  // namespace qvlm::reference
