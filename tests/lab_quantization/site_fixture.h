// One random decoder layer with calibration batches: what a weight method sees at each of its sites, on a float and on a disturbed path.
#pragma once

#include <torch/types.h>

#include <array>
#include <cmath>
#include <vector>

#include "core/lab/quantization/decoder_block.h"
#include "core/lab/quantization/methods/weight_method.h"

namespace site_fixture {

using namespace qvlm;
using namespace qvlm::quantization;

inline DecoderConfig small_config(int kv_heads) {
  DecoderConfig c;
  c.hidden = 64;
  c.ffn = 96;
  c.layers = 1;
  c.heads = 4;
  c.kv_heads = kv_heads;
  c.head_dim = 16;
  c.vocabulary = 10;
  c.context_length = 64;
  return c;
}

inline reference::DecoderLayer random_layer(const DecoderConfig& c, bool bias) {
  const auto linear = [](int64_t out, int64_t in) { return torch::randn({out, in}) * (0.7 / std::sqrt(static_cast<double>(in))); };
  reference::DecoderLayer layer;
  layer.attention_norm = 1 + 0.2 * torch::randn({c.hidden});
  layer.mlp_norm = 1 + 0.2 * torch::randn({c.hidden});
  layer.attention_norm[5] = 9.0;  // an outlier channel
  layer.query = linear(c.heads * c.head_dim, c.hidden);
  layer.key = linear(c.kv_heads * c.head_dim, c.hidden);
  layer.value = linear(c.kv_heads * c.head_dim, c.hidden);
  layer.output = linear(c.hidden, c.heads * c.head_dim);
  layer.gate = linear(c.ffn, c.hidden);
  layer.up = linear(c.ffn, c.hidden);
  layer.down = linear(c.hidden, c.ffn);
  if (bias) {
    layer.query_bias = 0.1 * torch::randn({c.heads * c.head_dim});
    layer.key_bias = 0.1 * torch::randn({c.kv_heads * c.head_dim});
    layer.value_bias = 0.1 * torch::randn({c.kv_heads * c.head_dim});
  }
  return layer;
}

/// Samples of 18 tokens and more; the quantized path enters the layer with some noise.
struct SiteFixture {
  DecoderConfig config;
  reference::RotaryTable rotary;
  calibration::Batches batches;
  PreparedLayer prepared;
  std::array<std::vector<reference::LayerState>, kSitesPerLayer> exact, rounded;
  std::array<std::vector<torch::Tensor>, kSitesPerLayer> targets;
  TokenWeights token_weights;
  std::vector<reference::LayerState> none;
  mutable std::vector<std::string> notices;

  explicit SiteFixture(int samples = 6, double noise = 0.1) : config(small_config(2)) {
    const torch::NoGradGuard guard;
    torch::manual_seed(21);
    rotary = reference::RotaryTable::make(config, 64);
    prepared.layer = random_layer(config, false);
    // Few directions carry most of the inputs, as in real models; otherwise columns have little to make good for each other.
    const auto mix = torch::randn({config.hidden, config.hidden}) * torch::pow(0.9, torch::arange(config.hidden)).unsqueeze(1);
    std::vector<torch::Tensor> hidden;
    for (int i = 0; i < samples; ++i) hidden.push_back(torch::matmul(torch::randn({1, 18 + i, config.hidden}), mix));
    batches = calibration::make_batches(hidden, std::max(1, samples - 2), 3);
    for (const auto& batch : batches.all) {
      auto float_path = reference::enter_layer(config, prepared.layer, batch.hidden);
      auto other_path = reference::enter_layer(config, prepared.layer, batch.hidden + noise * torch::randn(batch.hidden.sizes()));
      for (int k = 0; k < kSitesPerLayer; ++k) {
        const auto kind = static_cast<SiteKind>(k);
        exact[static_cast<size_t>(k)].push_back(float_path);
        rounded[static_cast<size_t>(k)].push_back(other_path);
        float_path = reference::advance(config, prepared.layer, kind, float_path, rotary);
        other_path = reference::advance(config, prepared.layer, kind, other_path, rotary);
        targets[static_cast<size_t>(k)].push_back(output_behind(kind, float_path));
      }
    }
  }

  SiteInputs inputs(SiteKind kind, WeightGrid grid, bool quantized_path = true) const {
    const auto k = static_cast<size_t>(kind);
    return {config, rotary, batches, kind, grid, "decoder.7", exact[k], quantized_path ? rounded[k] : none, targets[k], token_weights,
            [this](const std::string& text) { notices.push_back(text); }, {}};
  }

  /// The real rows of all batches below each other. [tokens, width]
  torch::Tensor rows(SiteKind kind, bool quantized_path) const {
    const auto& states = (quantized_path ? rounded : exact)[static_cast<size_t>(kind)];
    std::vector<torch::Tensor> parts;
    for (size_t b = 0; b < states.size(); ++b) parts.push_back(calibration::real_rows(batches.all[b], states[b].site_input));
    return torch::cat(parts);
  }

  /// Sum over tokens of |output behind the site - float target|^2 with these rounded linears on the quantized path.
  double site_error(SiteKind kind, const RoundedSite& site) const {
    const torch::NoGradGuard guard;
    auto layer = prepared.layer;
    for (const auto& [suffix, weight] : site) layer.linear(suffix) = weight.dequantize();
    double error = 0;
    const auto k = static_cast<size_t>(kind);
    for (size_t b = 0; b < batches.all.size(); ++b) {
      const auto behind = reference::advance(config, layer, kind, rounded[k][b], rotary);
      error += calibration::squared_error(batches.all[b], output_behind(kind, behind), targets[k][b]);
    }
    return error;
  }
};

}  // namespace site_fixture
