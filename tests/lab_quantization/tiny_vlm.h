// A tiny random LLaVA checkpoint with the demo's tokenizer, and a calibration set from the demo's pictures, for whole runs.
#pragma once

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/half.h"
#include "core/model/safetensors.h"

namespace tiny_vlm {

namespace fs = std::filesystem;

inline constexpr int kHidden = 64, kFfn = 96, kLayers = 2, kHeads = 4, kKvHeads = 2, kVocabulary = 1024;
inline constexpr int kVisionHidden = 48, kVisionFfn = 64, kVisionLayers = 2, kImage = 32, kPatch = 16;

class Writer {
 public:
  /// Normal numbers of the given spread; every 16th input column is four times as large, so that clipping and scaling have something to do.
  void weight(const std::string& name, qvlm::Shape shape, float spread) {
    std::normal_distribution<float> normal(0, spread);
    const int64_t columns = shape.back();
    std::vector<uint16_t> bits(static_cast<size_t>(qvlm::element_count(shape, name)));
    for (size_t i = 0; i < bits.size(); ++i) {
      const bool large = shape.size() == 2 && static_cast<int64_t>(i) % columns % 16 == 3;
      bits[i] = qvlm::to_half(normal(random_) * (large ? 4.0f : 1.0f));
    }
    add(name, std::move(shape), std::move(bits));
  }
  void norm(const std::string& name, int64_t width) {
    std::normal_distribution<float> normal(1, 0.2f);
    std::vector<uint16_t> bits(static_cast<size_t>(width));
    for (auto& one : bits) one = qvlm::to_half(normal(random_));
    add(name, {width}, std::move(bits));
  }
  void write(const fs::path& folder) const {
    std::vector<qvlm::TensorToWrite> list;
    for (size_t i = 0; i < names_.size(); ++i) list.push_back(qvlm::tensor_to_write(names_[i], qvlm::DType::F16, shapes_[i], bits_[i]));
    qvlm::write_sharded(folder, list, int64_t{1} << 30);
  }

 private:
  void add(const std::string& name, qvlm::Shape shape, std::vector<uint16_t> bits) {
    names_.push_back(name);
    shapes_.push_back(std::move(shape));
    bits_.push_back(std::move(bits));
  }
  std::mt19937 random_{20240601};
  std::vector<std::string> names_;
  std::vector<qvlm::Shape> shapes_;
  std::vector<std::vector<uint16_t>> bits_;
};

inline void write_checkpoint(const fs::path& folder, const fs::path& tokenizer_folder) {
  using nlohmann::json;
  fs::create_directories(folder);
  for (const char* file : {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja"}) {
    fs::copy_file(tokenizer_folder / file, folder / file, fs::copy_options::overwrite_existing);
  }
  // The id of "<image>" is the tokenizer's.
  int image = -1;
  const json tokenizer = json::parse(std::ifstream(tokenizer_folder / "tokenizer.json"));
  for (const auto& token : tokenizer.at("added_tokens")) {
    if (token.at("content") == "<image>") image = token.at("id").get<int>();
  }
  const json text{{"model_type", "llama"}, {"hidden_size", kHidden}, {"intermediate_size", kFfn}, {"num_hidden_layers", kLayers},
                  {"num_attention_heads", kHeads}, {"num_key_value_heads", kKvHeads}, {"vocab_size", kVocabulary},
                  {"max_position_embeddings", 512}, {"tie_word_embeddings", false}};
  const json vision{{"model_type", "clip_vision_model"}, {"hidden_size", kVisionHidden}, {"intermediate_size", kVisionFfn},
                    {"num_hidden_layers", kVisionLayers}, {"num_attention_heads", 4}, {"image_size", kImage}, {"patch_size", kPatch}};
  std::ofstream(folder / "config.json") << json{{"model_type", "llava"}, {"architectures", {"LlavaForConditionalGeneration"}}, {"image_token_index", image},
                                                {"vision_feature_layer", -1}, {"vision_feature_select_strategy", "default"}, {"text_config", text}, {"vision_config", vision}};
  std::ofstream(folder / "preprocessor_config.json")
      << json{{"image_processor_type", "CLIPImageProcessor"}, {"size", {{"shortest_edge", kImage}}}, {"crop_size", {{"height", kImage}, {"width", kImage}}}, {"resample", 3}};

  Writer w;
  const auto linear = [&w](const std::string& name, int64_t out, int64_t in, bool bias) {
    w.weight(name + ".weight", {out, in}, 0.7f / std::sqrt(static_cast<float>(in)));
    if (bias) w.weight(name + ".bias", {out}, 0.05f);
  };
  const auto layer_norm = [&w](const std::string& name) {
    w.norm(name + ".weight", kVisionHidden);
    w.weight(name + ".bias", {kVisionHidden}, 0.05f);
  };
  const std::string tower = "model.vision_tower.vision_model.", decoder = "model.language_model.";
  w.weight(tower + "embeddings.class_embedding", {kVisionHidden}, 0.3f);
  w.weight(tower + "embeddings.patch_embedding.weight", {kVisionHidden, 3, kPatch, kPatch}, 0.03f);
  w.weight(tower + "embeddings.position_embedding.weight", {5, kVisionHidden}, 0.3f);
  layer_norm(tower + "pre_layrnorm");
  layer_norm(tower + "post_layernorm");
  for (int i = 0; i < kVisionLayers; ++i) {
    const std::string base = tower + "encoder.layers." + std::to_string(i) + ".";
    layer_norm(base + "layer_norm1");
    for (const char* name : {"q_proj", "k_proj", "v_proj", "out_proj"}) linear(base + "self_attn." + name, kVisionHidden, kVisionHidden, true);
    layer_norm(base + "layer_norm2");
    linear(base + "mlp.fc1", kVisionFfn, kVisionHidden, true);
    linear(base + "mlp.fc2", kVisionHidden, kVisionFfn, true);
  }
  linear("model.multi_modal_projector.linear_1", kHidden, kVisionHidden, true);
  linear("model.multi_modal_projector.linear_2", kHidden, kHidden, true);
  w.weight(decoder + "embed_tokens.weight", {kVocabulary, kHidden}, 0.5f);
  for (int i = 0; i < kLayers; ++i) {
    const std::string base = decoder + "layers." + std::to_string(i) + ".";
    const int64_t kv = kHidden / kHeads * kKvHeads;
    w.norm(base + "input_layernorm.weight", kHidden);
    linear(base + "self_attn.q_proj", kHidden, kHidden, false);
    linear(base + "self_attn.k_proj", kv, kHidden, false);
    linear(base + "self_attn.v_proj", kv, kHidden, false);
    linear(base + "self_attn.o_proj", kHidden, kHidden, false);
    w.norm(base + "post_attention_layernorm.weight", kHidden);
    linear(base + "mlp.gate_proj", kFfn, kHidden, false);
    linear(base + "mlp.up_proj", kFfn, kHidden, false);
    linear(base + "mlp.down_proj", kHidden, kFfn, false);
  }
  w.norm(decoder + "norm.weight", kHidden);
  w.weight("lm_head.weight", {kVocabulary, kHidden}, 0.1f);
  w.write(folder);
}

}  // namespace tiny_vlm
