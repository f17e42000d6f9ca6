// The decoder: a Llama-style transformer (RMSNorm, rotary positions, grouped-query attention, SwiGLU), one layer at a time, and a layer
// as four steps, one for each activation site (core/model/sites.h), so that a search can stop and branch at any of them.
#pragma once

#include <torch/types.h>

#include <array>
#include <functional>
#include <string>
#include <span>
#include <string_view>
#include <utility>

#include "core/lab/reference/rotary.h"
#include "core/lab/reference/site_transform.h"
#include "core/model/model.h"
#include "core/model/sites.h"

namespace qvlm::reference {

/// What a layer has beside its linears' weights; biases and the norms of heads may be undefined.
struct LayerVectors {
  torch::Tensor attention_norm, mlp_norm;          // [hidden]
  torch::Tensor query_bias, key_bias, value_bias;  // [heads * head_dim], [kv_heads * head_dim] twice
  torch::Tensor query_norm, key_norm;              // [head_dim]
};

struct NamedVector {
  const char* suffix;  // "attention.query.bias"
  torch::Tensor LayerVectors::*tensor;
  bool optional;
};
/// All of LayerVectors by canonical suffix.
std::span<const NamedVector> layer_vectors();

/// One layer's weights. Linears are [out, in].
struct DecoderLayer : LayerVectors {
  torch::Tensor query, key, value;   // [heads * head_dim, hidden], [kv_heads * head_dim, hidden] twice
  torch::Tensor output;              // [hidden, heads * head_dim]
  torch::Tensor gate, up;            // [ffn, hidden]
  torch::Tensor down;                // [hidden, ffn]
  std::array<SiteTransform, kSitesPerLayer> transforms;  // by SiteKind; inactive: none

  const SiteTransform& transform(SiteKind kind) const { return transforms[static_cast<size_t>(kind)]; }

  static DecoderLayer load(const Model& model, int layer, torch::ScalarType type);
  /// A linear's weight by canonical suffix: "attention.query", ..., "mlp.down". Throws Error for an unknown one.
  torch::Tensor& linear(std::string_view suffix);
  const torch::Tensor& linear(std::string_view suffix) const;
};

/// "decoder.3.attention.query.weight"
std::string decoder_weight_name(int layer, std::string_view suffix);
/// "decoder.3.mlp.up.weight" -> 3 and "mlp.up.weight"; other names -> -1.
std::pair<int, std::string> layer_part(const std::string& name);

/// What stands around the layers.
struct DecoderEnds {
  torch::Tensor embedding;  // [vocabulary, hidden]
  torch::Tensor norm;       // [hidden]
  torch::Tensor head;       // [vocabulary, hidden]; the embedding itself where the head is tied

  static DecoderEnds load(const Model& model, torch::ScalarType type);
};

/// One layer's keys (already turned by their positions) and values. [batch, kv_heads, tokens, head_dim]; undefined while empty.
struct KvCache {
  torch::Tensor keys, values;
  int bits = 32;  // what as_cached() (functions.h) rounds to on the way in
  int64_t tokens() const { return keys.defined() ? keys.size(2) : 0; }
  /// Keeps the first `tokens`.
  void truncate(int64_t tokens);
};

/// Where a layer stands: before the linears of one site.
struct LayerState {
  torch::Tensor residual;    // [batch, tokens, hidden]: what the next sublayer's output is added to
  torch::Tensor site_input;  // [batch, tokens, width_of(kind)]: what the site's linears read, behind the site's transform
};

/// The site ATTENTION_INPUT: residual = hidden, site_input = RMSNorm(hidden), transformed.
LayerState enter_layer(const DecoderConfig& config, const DecoderLayer& layer, const torch::Tensor& hidden);

/// Runs the linears that read this site's site_input, and all up to the next site's input. After DOWN_INPUT: residual is the
/// layer's output and site_input is undefined. Attention is causal; sequences of a batch stand at the same positions (a batch of unequal
/// lengths is right-padded). `cache`, if given, holds the tokens before first_position and takes these.
LayerState advance(const DecoderConfig& config, const DecoderLayer& layer, SiteKind kind, const LayerState& state,
                   const RotaryTable& rotary, int64_t first_position = 0, KvCache* cache = nullptr);

/// What is turned by its position: queries and keys by head, normed where the layer has norms of heads.
/// x [batch, tokens, hidden] -> [batch, heads (kv_heads), tokens, head_dim].
torch::Tensor query_heads(const DecoderConfig& config, const DecoderLayer& layer, const torch::Tensor& x);
torch::Tensor key_heads(const DecoderConfig& config, const DecoderLayer& layer, const torch::Tensor& x);

/// Called with what the linears of a site are about to read; returns what they read (the same, or quantized).
using SiteHook = std::function<torch::Tensor(Site site, const torch::Tensor& site_input)>;

/// One layer: enter_layer, then four times the hook and advance. hidden [batch, tokens, hidden] -> [batch, tokens, hidden].
torch::Tensor decoder_layer(const DecoderConfig& config, const DecoderLayer& layer, const torch::Tensor& hidden,
                            const RotaryTable& rotary, int layer_index, const SiteHook& hook = {}, int64_t first_position = 0,
                            KvCache* cache = nullptr);

/// Final norm and head. hidden [..., hidden] -> [..., vocabulary].
torch::Tensor decoder_logits(const DecoderConfig& config, const DecoderEnds& ends, const torch::Tensor& hidden);

/// Loads each layer in turn, calls `visit`, and gives its memory back: one layer is resident at a time.
void for_each_layer(const Model& model, torch::ScalarType type, const std::function<void(int layer_index, DecoderLayer& layer)>& visit);

/// Tells the model that a layer's file pages are not needed any more.
void release_layer(const Model& model, int layer_index);

}  // namespace qvlm::reference
