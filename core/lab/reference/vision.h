// The vision tower: a CLIP-style transformer (Radford et al. 2021), from pixels to the features that the projector reads.
#pragma once

#include <torch/types.h>

#include <functional>
#include <string_view>
#include <vector>

#include "core/model/model.h"
#include "core/model/sites.h"

namespace qvlm::reference {

/// x W^T + b; weight [out, in], bias [out] or undefined.
struct Linear {
  torch::Tensor weight, bias;
  torch::Tensor operator()(const torch::Tensor& x) const;
};

/// LayerNorm's scale and shift, [hidden] each.
struct LayerNorm {
  torch::Tensor weight, bias;
};

struct VisionLayer {
  LayerNorm attention_norm, mlp_norm;       // [hidden]
  Linear query, key, value, output;         // [hidden, hidden]
  Linear up, down;                          // [ffn, hidden], [hidden, ffn]

  static VisionLayer load(const Model& model, int layer, torch::ScalarType type);
  /// By canonical suffix: "attention.query", ..., "mlp.up", "mlp.down". Throws Error for an unknown one.
  Linear& linear(std::string_view suffix);
  const Linear& linear(std::string_view suffix) const;
};

/// The tower's weights. Only the layers that run are loaded (VisionConfig::layers).
struct VisionTower {
  Linear patch;             // weight [hidden, 3, patch, patch], bias [hidden] or undefined
  torch::Tensor class_token;  // [hidden], undefined without one
  torch::Tensor position;   // [positions, hidden]
  LayerNorm pre_norm;       // undefined without one
  std::vector<VisionLayer> layers;

  static VisionTower load(const Model& model, torch::ScalarType type);
};

/// Called with what the linears of a site are about to read, [n, positions, width]; returns what they read: the same tensor, or another.
/// Sites as in the decoder: attention input, output input, mlp input (up), down input.
using VisionHook = std::function<torch::Tensor(Site site, const torch::Tensor& site_input)>;

/// Pixels [n, 3, size, size] -> the first layer's input [n, positions, hidden]: patches, class token, positions, first norm.
torch::Tensor vision_embed(const VisionConfig& config, const VisionTower& tower, const torch::Tensor& pixels);

/// LayerNorm over the last dimension.
torch::Tensor vision_norm(const VisionConfig& config, const LayerNorm& norm, const torch::Tensor& x);

/// The two halves of a layer, each with its residual: norm, attention, output; norm, up, down. x [n, positions, hidden] -> the same shape.
torch::Tensor vision_attention(const VisionConfig& config, const VisionLayer& layer, const torch::Tensor& x, int layer_index,
                               const VisionHook& hook = {});
torch::Tensor vision_mlp(const VisionConfig& config, const VisionLayer& layer, const torch::Tensor& x, int layer_index,
                         const VisionHook& hook = {});

/// One layer, vision_attention and vision_mlp: x [n, positions, hidden] -> [n, positions, hidden].
torch::Tensor vision_layer(const VisionConfig& config, const VisionLayer& layer, const torch::Tensor& x, int layer_index,
                           const VisionHook& hook = {});

/// What the projector takes of the last layer's output: all rows, or all but the class token. -> [n, image_tokens, hidden]
torch::Tensor vision_select(const VisionConfig& config, const torch::Tensor& x);

/// vision_embed, every layer, vision_select. Pixels [n, 3, size, size] -> [n, image_tokens, hidden].
torch::Tensor encode(const VisionConfig& config, const VisionTower& tower, const torch::Tensor& pixels, const VisionHook& hook = {});

}  // namespace qvlm::reference
