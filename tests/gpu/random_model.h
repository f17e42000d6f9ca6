// A small vision-language model of random weights in memory, with quantized decoder linears.
#pragma once

#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/half.h"
#include "core/input/preprocess.h"
#include "core/model/model.h"

namespace qvlm {

/// How RandomModel stores a decoder linear; bits 16: float32 elements.
struct RandomWeights {
  int bits = 4;
  int64_t group = 32;  // where it divides the row; else the whole row is one group
  bool symmetric = false;
  bool minimums = false;  // real ones in the place of zero points
};

inline VlmConfig small_config() {
  VlmConfig c;
  c.family = "llava";
  c.name = "random";
  c.vision = VisionConfig{
      .hidden = 64, .ffn = 100, .layers = 2, .file_layers = 3, .heads = 2, .image_size = 32, .patch_size = 8};
  c.projector = {.hidden = 80};
  c.decoder = {.hidden = 96,
               .ffn = 160,
               .layers = 3,
               .heads = 3,
               .kv_heads = 1,
               .head_dim = 24,
               .vocabulary = 131,
               .context_length = 128};
  c.tokens.image = 130;
  return c;
}

class RandomModel : public Model {
 public:
  RandomModel(VlmConfig config, RandomWeights weights, uint32_t seed = 1) : config_(std::move(config)) {
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal(0, 1);
    for (const ExpectedTensor& expected : expected_tensors(config_)) {
      if (expected.optional) continue;
      const bool is_norm = expected.name.find("norm.weight") != std::string::npos;
      const bool linear =
          expected.name.starts_with("decoder.") && expected.shape.size() == 2 &&
          (expected.name.find("attention.") != std::string::npos || expected.name.find("mlp.") != std::string::npos);
      int64_t count = 1;
      for (int64_t d : expected.shape) count *= d;
      const float deviation =
          expected.shape.size() < 2 ? 0.2f : 1.5f / std::sqrt(static_cast<float>(count / expected.shape[0]));
      if (linear && weights.bits < 16) {
        QuantizedMatrix q{.rows = expected.shape[0],
                          .columns = expected.shape[1],
                          .bits = weights.bits,
                          .group = weights.group,
                          .symmetric = weights.symmetric};
        if (q.columns % q.group != 0) q.group = q.columns;
        const uint32_t levels = 1u << q.bits;
        for (int64_t i = 0; i < count; ++i) q.codes.push_back(static_cast<uint8_t>(generator() % levels));
        for (int64_t i = 0; i < q.rows * q.groups(); ++i) {
          q.scales.push_back(to_half(deviation * 4 / static_cast<float>(levels) *
                                     (0.6f + 0.8f * static_cast<float>(generator() % 100) / 100)));
          const uint32_t zero = q.symmetric ? levels / 2 : levels / 2 - 1 + generator() % 3;
          if (weights.minimums)
            q.minimums.push_back(from_half(to_half(-(static_cast<float>(zero) + 0.3f) * from_half(q.scales.back()))));
          else
            q.zeros.push_back(static_cast<uint8_t>(zero));
        }
        quantized_[expected.name] = std::move(q);
        continue;
      }
      Plain plain{expected.shape, std::vector<float>(static_cast<size_t>(count))};
      // Values that float16 holds, so that every implementation starts from the same weights.
      for (float& value : plain.values)
        value = from_half(to_half(normal(generator) * deviation + (is_norm ? 1.0f : 0.0f)));
      plain_[expected.name] = std::move(plain);
    }
  }

  const VlmConfig& config() const override { return config_; }
  std::filesystem::path path() const override { return "random model"; }
  const TokenizerSource& tokenizer() const override { return tokenizer_; }
  std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const auto& [name, value] : plain_) all.push_back(name);
    for (const auto& [name, value] : quantized_) all.push_back(name);
    return all;
  }
  bool has(std::string_view name) const override {
    return plain_.contains(std::string(name)) || quantized_.contains(std::string(name));
  }
  Weight load(std::string_view name) const override {
    if (const auto found = quantized_.find(std::string(name)); found != quantized_.end()) return found->second;
    const auto found = plain_.find(std::string(name));
    if (found == plain_.end()) throw Error("random model: no tensor " + std::string(name));
    return TensorView{DType::F32, found->second.shape, std::as_bytes(std::span(found->second.values)),
                      std::string(name)};
  }
  void release(std::string_view) const override {}
  const std::vector<ActivationQuantizer>& activations() const override { return activations_; }
  const std::vector<VisionQuantizer>& vision_activations() const override { return vision_activations_; }
  int64_t stored_bytes() const override { return 0; }
  double stored_bits() const override { return 4; }
  std::string fingerprint() const override { return "0000000000000000"; }
  std::vector<std::string> unmatched() const override { return {}; }

  /// For tests that spoil the model.
  void set_activations(std::vector<ActivationQuantizer> activations) { activations_ = std::move(activations); }
  void set_vision_activations(std::vector<VisionQuantizer> activations) { vision_activations_ = std::move(activations); }
  std::vector<float>& values(const std::string& name) { return plain_.at(name).values; }
  QuantizedMatrix& quantized(const std::string& name) { return quantized_.at(name); }

 private:
  struct Plain {
    Shape shape;
    std::vector<float> values;
  };
  VlmConfig config_;
  TokenizerSource tokenizer_;
  std::map<std::string, Plain> plain_;
  std::map<std::string, QuantizedMatrix> quantized_;
  std::vector<ActivationQuantizer> activations_;
  std::vector<VisionQuantizer> vision_activations_;
};

inline PixelTensor random_picture(int size, uint32_t seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0, 1);
  PixelTensor pixels{.size = size, .values = std::vector<float>(static_cast<size_t>(3 * size * size)), .hash = seed};
  for (float& value : pixels.values) value = normal(generator);
  return pixels;
}

}  // namespace qvlm
