// The decoder, top to bottom.
#include "core/lab/reference/decoder.h"

#include "core/base/error.h"
#include "core/lab/reference/functions.h"
#include "core/lab/reference/hadamard.h"
#include "core/lab/reference/tensors.h"
#include "core/model/kronecker.h"

namespace qvlm::reference {

namespace {

constexpr std::string_view kLinears[] = {"attention.query", "attention.key", "attention.value", "attention.output",
                                         "mlp.gate",        "mlp.up",        "mlp.down"};

constexpr NamedVector kVectors[] = {{"attention_norm.weight", &LayerVectors::attention_norm, false},
                                    {"mlp_norm.weight", &LayerVectors::mlp_norm, false},
                                    {"attention.query.bias", &LayerVectors::query_bias, true},
                                    {"attention.key.bias", &LayerVectors::key_bias, true},
                                    {"attention.value.bias", &LayerVectors::value_bias, true},
                                    {"attention.query_norm.weight", &LayerVectors::query_norm, true},
                                    {"attention.key_norm.weight", &LayerVectors::key_norm, true}};

// Attention sublayer: query, key, value, rotary, the cache, and the mix of values. -> [batch, tokens, heads * head_dim]
torch::Tensor mix_values(const DecoderConfig& config, const DecoderLayer& layer, const torch::Tensor& x, const RotaryTable& rotary,
                         int64_t first_position, KvCache* cache) {
  const auto queries = apply_rotary(query_heads(config, layer, x), rotary, first_position);
  auto keys = apply_rotary(key_heads(config, layer, x), rotary, first_position);
  auto values = split_heads(torch::linear(x, layer.value, layer.value_bias), config.kv_heads);  // [batch, kv_heads, tokens, head_dim]
  if (cache) {
    if (cache->tokens() != first_position) {
      throw Error::in("KV cache", "tokens", std::to_string(first_position), std::to_string(cache->tokens()));
    }
    keys = as_cached(keys, cache->bits);
    values = as_cached(values, cache->bits);
    if (first_position > 0) {
      keys = torch::cat({cache->keys, keys}, 2);
      values = torch::cat({cache->values, values}, 2);
    }
    cache->keys = keys;
    cache->values = values;
  }
  return attention(queries, keys, values, /*causal=*/true);
}

}  // namespace

std::span<const NamedVector> layer_vectors() { return kVectors; }

torch::Tensor query_heads(const DecoderConfig& config, const DecoderLayer& layer, const torch::Tensor& x) {
  const auto heads = split_heads(torch::linear(x, layer.query, layer.query_bias), config.heads);
  return layer.query_norm.defined() ? rms_norm(heads, layer.query_norm, config.norm_epsilon) : heads;
}

torch::Tensor key_heads(const DecoderConfig& config, const DecoderLayer& layer, const torch::Tensor& x) {
  const auto heads = split_heads(torch::linear(x, layer.key, layer.key_bias), config.kv_heads);
  return layer.key_norm.defined() ? rms_norm(heads, layer.key_norm, config.norm_epsilon) : heads;
}

DecoderLayer DecoderLayer::load(const Model& model, int layer, torch::ScalarType type) {
  DecoderLayer result;
  const std::string base = "decoder." + std::to_string(layer) + ".";
  for (const NamedVector& vector : kVectors)
    result.*vector.tensor = vector.optional ? load_optional(model, base + vector.suffix, type) : load_tensor(model, base + vector.suffix, type);
  for (const auto suffix : kLinears) result.linear(suffix) = load_tensor(model, decoder_weight_name(layer, suffix), type);
  if (model.config().decoder.site_transforms) {
    for (int kind = 0; kind < kSitesPerLayer; ++kind)
      result.transforms[static_cast<size_t>(kind)] = SiteTransform::load(model, layer, static_cast<SiteKind>(kind));
  }
  return result;
}

const torch::Tensor& DecoderLayer::linear(std::string_view suffix) const {
  if (suffix == "attention.query") return query;
  if (suffix == "attention.key") return key;
  if (suffix == "attention.value") return value;
  if (suffix == "attention.output") return output;
  if (suffix == "mlp.gate") return gate;
  if (suffix == "mlp.up") return up;
  if (suffix == "mlp.down") return down;
  throw Error::in("decoder layer", "linear", "attention.query ... mlp.down", suffix);
}

torch::Tensor& DecoderLayer::linear(std::string_view suffix) { return const_cast<torch::Tensor&>(std::as_const(*this).linear(suffix)); }

std::string decoder_weight_name(int layer, std::string_view suffix) {
  return "decoder." + std::to_string(layer) + "." + std::string(suffix) + ".weight";
}

std::pair<int, std::string> layer_part(const std::string& name) {
  constexpr std::string_view prefix = "decoder.";
  if (!name.starts_with(prefix)) return {-1, {}};
  const size_t digits = name.find_first_not_of("0123456789", prefix.size());
  if (digits == prefix.size() || digits == std::string::npos || name[digits] != '.') return {-1, {}};
  return {std::stoi(name.substr(prefix.size(), digits - prefix.size())), name.substr(digits + 1)};
}

DecoderEnds DecoderEnds::load(const Model& model, torch::ScalarType type) {
  DecoderEnds ends;
  ends.embedding = load_tensor(model, "decoder.embedding.weight", type);
  ends.norm = load_tensor(model, "decoder.norm.weight", type);
  ends.head = model.config().decoder.tied_head ? ends.embedding : load_tensor(model, "decoder.head.weight", type);
  return ends;
}

void KvCache::truncate(int64_t count) {
  if (count < 0 || count > tokens()) throw Error::in("KV cache", "tokens", "0 .. " + std::to_string(tokens()), std::to_string(count));
  if (count == 0) {
    keys = values = torch::Tensor();
  } else if (count < tokens()) {
    keys = keys.narrow(2, 0, count);
    values = values.narrow(2, 0, count);
  }
}

LayerState enter_layer(const DecoderConfig& config, const DecoderLayer& layer, const torch::Tensor& hidden) {
  return {hidden, apply_transform(rms_norm(hidden, layer.attention_norm, config.norm_epsilon), layer.transform(SiteKind::ATTENTION_INPUT))};
}

LayerState advance(const DecoderConfig& config, const DecoderLayer& layer, SiteKind kind, const LayerState& state,
                   const RotaryTable& rotary, int64_t first_position, KvCache* cache) {
  const torch::Tensor& x = state.site_input;
  switch (kind) {
    case SiteKind::ATTENTION_INPUT:
      return {state.residual, apply_transform(mix_values(config, layer, x, rotary, first_position, cache), layer.transform(SiteKind::OUTPUT_INPUT))};
    case SiteKind::OUTPUT_INPUT: {
      const auto residual = state.residual + torch::linear(x, layer.output);  // [batch, tokens, hidden]
      return {residual, apply_transform(rms_norm(residual, layer.mlp_norm, config.norm_epsilon), layer.transform(SiteKind::MLP_INPUT))};
    }
    case SiteKind::MLP_INPUT: {
      auto middle = activate(torch::linear(x, layer.gate), config.activation) * torch::linear(x, layer.up);  // [batch, tokens, ffn]
      if (config.down_hadamard > 0) middle = apply_hadamard(middle, config.down_hadamard);
      return {state.residual, apply_transform(middle, layer.transform(SiteKind::DOWN_INPUT))};
    }
    case SiteKind::DOWN_INPUT:
      return {state.residual + torch::linear(x, layer.down), {}};
  }
  throw Error("advance: no such site");
}

torch::Tensor decoder_layer(const DecoderConfig& config, const DecoderLayer& layer, const torch::Tensor& hidden, const RotaryTable& rotary,
                            int layer_index, const SiteHook& hook, int64_t first_position, KvCache* cache) {
  LayerState state = enter_layer(config, layer, hidden);
  for (int kind = 0; kind < kSitesPerLayer; ++kind) {
    const Site site{layer_index, static_cast<SiteKind>(kind)};
    if (hook) state.site_input = hook(site, state.site_input);
    state = advance(config, layer, site.kind, state, rotary, first_position, cache);
  }
  return state.residual;
}

torch::Tensor decoder_logits(const DecoderConfig& config, const DecoderEnds& ends, const torch::Tensor& hidden) {
  return torch::linear(rms_norm(hidden, ends.norm, config.norm_epsilon), ends.head);
}

void for_each_layer(const Model& model, torch::ScalarType type, const std::function<void(int, DecoderLayer&)>& visit) {
  for (int index = 0; index < model.config().decoder.layers; ++index) {
    DecoderLayer layer = DecoderLayer::load(model, index, type);
    release_layer(model, index);
    visit(index, layer);
  }
}

void release_layer(const Model& model, int layer_index) {
  const std::string base = "decoder." + std::to_string(layer_index) + ".";
  for (const NamedVector& vector : kVectors) {
    if (model.has(base + vector.suffix)) model.release(base + vector.suffix);
  }
  for (const auto suffix : kLinears) model.release(decoder_weight_name(layer_index, suffix));
  if (!model.config().decoder.site_transforms) return;
  for (int kind = 0; kind < kSitesPerLayer; ++kind) {
    for (const char* half : {"left", "right"}) model.release(base + transform_part(static_cast<SiteKind>(kind), half));
  }
}

}  // namespace qvlm::reference
