// Configuration, initialisation and forward pass of the demo VLM in training.
#include "app/demo/train_model.h"

#include <cmath>
#include <numeric>

namespace qvlm::demo {

namespace {

using torch::Tensor;

std::string vision_name(int layer) { return "vision." + std::to_string(layer) + "."; }
std::string decoder_name(int layer) { return "decoder." + std::to_string(layer) + "."; }

Tensor linear(const ParameterStore& p, const std::string& name, const Tensor& x, const Tensor& residual = {}) {
  return fused_linear(x, p.leaf(name + ".weight"), p.leaf(name + ".bias"), residual);
}

Tensor layer_norm(const ParameterStore& p, const std::string& name, const Tensor& x, float epsilon) {
  return fused_layer_norm(x, p.leaf(name + ".weight"), p.leaf(name + ".bias"), epsilon);
}

}  // namespace

VlmConfig demo_config() {
  VlmConfig config;
  config.family = "llava";
  config.name = "demo";
  VisionConfig vision;
  vision.hidden = 256;
  vision.ffn = 768;
  vision.layers = 4;
  vision.file_layers = 5;
  vision.heads = 4;
  vision.image_size = 128;
  vision.patch_size = 16;
  vision.activation = Activation::QUICK_GELU;
  config.vision = vision;
  config.projector = {256, Activation::GELU, true};
  DecoderConfig& decoder = config.decoder;
  decoder.hidden = 256;
  decoder.ffn = 512;
  decoder.layers = 12;
  decoder.heads = 4;
  decoder.kv_heads = 2;
  decoder.head_dim = 64;
  decoder.vocabulary = 1024;
  decoder.context_length = 2048;
  config.preprocess.shortest_edge = 128;
  config.preprocess.size = 128;
  return config;
}

void add_tower(ParameterStore& parameters, const VisionConfig& c, uint64_t seed) {
  const ParameterKind ones{0, 1, false}, zeros{0, 0, false};
  const float width = 1 / std::sqrt(static_cast<float>(c.hidden));
  const float narrow = width / std::sqrt(2.0f * static_cast<float>(c.layers));
  const auto norm = [&](const std::string& name) {
    parameters.add(name + ".weight", {c.hidden}, ones, seed);
    parameters.add(name + ".bias", {c.hidden}, zeros, seed);
  };
  const auto add = [&](const std::string& name, int64_t blocks, int64_t rows, int64_t columns, float deviation) {
    const ParameterKind kind{0.6f * deviation, 0, true, 1, std::vector<int64_t>(static_cast<size_t>(blocks), rows)};
    parameters.add(name + ".weight", {blocks * rows, columns}, kind, seed);
    parameters.add(name + ".bias", {blocks * rows}, zeros, seed);
  };
  parameters.add("vision.patch.weight", {c.hidden, 3 * c.patch_size * c.patch_size}, {0.02f}, seed);
  parameters.add("vision.class", {c.hidden}, {0.1f, 0, false}, seed);
  parameters.add("vision.position.weight", {c.positions(), c.hidden}, {0.1f, 0, false}, seed);
  norm("vision.pre_norm");
  for (int layer = 0; layer < c.layers; ++layer) {
    const std::string name = vision_name(layer);
    norm(name + "attention_norm");
    add(name + "attention.qkv", 3, c.hidden, c.hidden, width);
    add(name + "attention.output", 1, c.hidden, c.hidden, narrow);
    norm(name + "mlp_norm");
    add(name + "mlp.up", 1, c.ffn, c.hidden, width);
    add(name + "mlp.down", 1, c.hidden, c.ffn, narrow);
  }
}

void add_decoder(ParameterStore& parameters, const VlmConfig& config, uint64_t seed) {
  const DecoderConfig& c = config.decoder;
  const int64_t vision = config.vision->hidden, middle = config.projector.hidden;
  const ParameterKind ones{0, 1, false}, zeros{0, 0, false};
  const float width = 1 / std::sqrt(static_cast<float>(c.hidden));
  const float narrow = width / std::sqrt(2.0f * static_cast<float>(c.layers));
  const auto add = [&](const std::string& name, const std::vector<int64_t>& blocks, int64_t columns, float deviation) {
    const int64_t rows = std::accumulate(blocks.begin(), blocks.end(), int64_t{0});
    parameters.add(name, {rows, columns}, {0.6f * deviation, 0, true, 1, blocks}, seed);
  };
  const int64_t query = c.heads * c.head_dim, key = c.kv_heads * c.head_dim;
  add("projector.0.weight", {middle}, vision, width);
  parameters.add("projector.0.bias", {middle}, zeros, seed);
  add("projector.2.weight", {c.hidden}, middle, width);
  parameters.add("projector.2.bias", {c.hidden}, zeros, seed);
  parameters.add("decoder.embedding.weight", {c.vocabulary, c.hidden}, {0.1f, 0, false}, seed);
  for (int layer = 0; layer < c.layers; ++layer) {
    const std::string name = decoder_name(layer);
    parameters.add(name + "attention_norm.weight", {c.hidden}, ones, seed);
    add(name + "attention.qkv.weight", {query, key, key}, c.hidden, width);
    add(name + "attention.output.weight", {c.hidden}, query, narrow);
    parameters.add(name + "mlp_norm.weight", {c.hidden}, ones, seed);
    add(name + "mlp.gate_up.weight", {c.ffn, c.ffn}, c.hidden, width);
    add(name + "mlp.down.weight", {c.hidden}, c.ffn, narrow);
  }
  parameters.add("decoder.norm.weight", {c.hidden}, ones, seed);
  parameters.add("decoder.head.weight", {c.vocabulary, c.hidden}, {0.02f}, seed);
}

Tensor tower_forward(const ParameterStore& p, const VisionConfig& c, const Tensor& patches) {
  const int64_t n = patches.size(0) / c.patches();
  const AttentionShape shape{n, c.positions(), c.heads, c.heads, c.hidden / c.heads, /*causal=*/false};
  const auto grid = torch::linear(patches, p.leaf("vision.patch.weight")).view({n, c.patches(), c.hidden});
  auto x = torch::cat({p.leaf("vision.class").expand({n, 1, c.hidden}), grid}, 1) + p.leaf("vision.position.weight");
  x = layer_norm(p, "vision.pre_norm", x.view({n * c.positions(), c.hidden}), c.norm_epsilon);  // [n * positions, hidden]
  for (int layer = 0; layer < c.layers; ++layer) {
    const std::string name = vision_name(layer);
    const auto qkv = linear(p, name + "attention.qkv", layer_norm(p, name + "attention_norm", x, c.norm_epsilon));
    x = linear(p, name + "attention.output", fused_attention(qkv, {}, {}, shape), x);
    const auto up = linear(p, name + "mlp.up", layer_norm(p, name + "mlp_norm", x, c.norm_epsilon));
    x = linear(p, name + "mlp.down", fused_quick_gelu(up), x);
  }
  return x.view({n, c.positions(), c.hidden}).narrow(1, 1, c.patches()).reshape({n * c.patches(), c.hidden});
}

Tensor projector_forward(const ParameterStore& p, const Tensor& features) {
  return linear(p, "projector.2", torch::gelu(linear(p, "projector.0", features)));
}

Tensor decoder_forward(const ParameterStore& p, const DecoderConfig& c, const reference::RotaryTable& rotary, const Tensor& source,
                       const Tensor& images, int64_t batch, int64_t tokens) {
  const AttentionShape shape{batch, tokens, c.heads, c.kv_heads, c.head_dim, /*causal=*/true};
  auto x = fused_embed(p.leaf("decoder.embedding.weight"), images, source);  // [batch * tokens, hidden]
  for (int layer = 0; layer < c.layers; ++layer) {
    const std::string name = decoder_name(layer);
    const auto qkv =
        torch::linear(fused_rms_norm(x, p.leaf(name + "attention_norm.weight"), c.norm_epsilon), p.leaf(name + "attention.qkv.weight"));
    const auto mixed = fused_attention(qkv, rotary.cos, rotary.sin, shape);
    x = torch::addmm(x, mixed, p.leaf(name + "attention.output.weight").t());
    const auto gate_up =
        torch::linear(fused_rms_norm(x, p.leaf(name + "mlp_norm.weight"), c.norm_epsilon), p.leaf(name + "mlp.gate_up.weight"));
    x = torch::addmm(x, fused_swiglu(gate_up), p.leaf(name + "mlp.down.weight").t());
  }
  return x;
}

Tensor head_forward(const ParameterStore& p, const DecoderConfig& c, const Tensor& hidden) {
  return torch::linear(fused_rms_norm(hidden, p.leaf("decoder.norm.weight"), c.norm_epsilon), p.leaf("decoder.head.weight"));
}

}  // namespace qvlm::demo
