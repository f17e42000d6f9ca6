// Makes tiny Hugging Face LLaVA checkpoints in any generation of names, for the tests of loading.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/half.h"
#include "core/model/safetensors.h"
#include "tests/base/message_of.h"

namespace tiny {

namespace fs = std::filesystem;
using nlohmann::json;

/// ORIGINAL: liuhaotian's. OLD: Hugging Face up to 4.51. NEW: the in-memory names of later ones. FIVE: what
/// transformers 5 saves.
enum class Names { ORIGINAL, OLD, NEW, FIVE, TEXT_ONLY };

inline constexpr int kHidden = 64, kFfn = 96, kLayers = 2, kHeads = 4, kKvHeads = 2, kVocabulary = 100;
inline constexpr int kVisionHidden = 48, kVisionFfn = 80, kVisionLayers = 3, kVisionHeads = 4, kImage = 28, kPatch = 14;

struct Tensor {
  std::string name;
  qvlm::Shape shape;
  std::vector<uint16_t> bits;  // float16
};

/// Values depend on the canonical name alone, so that every generation holds the same weights.
inline std::vector<uint16_t> values(const std::string& canonical, const qvlm::Shape& shape) {
  uint64_t state = 1469598103934665603ull;
  for (char c : canonical) state = (state ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  std::vector<uint16_t> bits(static_cast<size_t>(qvlm::element_count(shape, canonical)));
  for (uint16_t& one : bits) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    one = qvlm::to_half((static_cast<float>(state >> 40) / 16777216.0f - 0.5f) * 0.5f);
  }
  return bits;
}

inline std::vector<Tensor> tensors(Names generation) {
  std::string tower, projector1, projector2, decoder, head;
  switch (generation) {
    case Names::ORIGINAL:
      tower = "model.vision_tower.vision_tower.vision_model.", projector1 = "model.mm_projector.0.",
      projector2 = "model.mm_projector.2.", decoder = "model.", head = "";
      break;
    case Names::OLD:
      tower = "vision_tower.vision_model.", projector1 = "multi_modal_projector.linear_1.",
      projector2 = "multi_modal_projector.linear_2.", decoder = "language_model.model.", head = "language_model.";
      break;
    case Names::NEW:
      tower = "model.vision_tower.vision_model.", projector1 = "model.multi_modal_projector.linear_1.",
      projector2 = "model.multi_modal_projector.linear_2.", decoder = "model.language_model.", head = "";
      break;
    case Names::FIVE:
      tower = "vision_tower.", projector1 = "multi_modal_projector.linear_1.",
      projector2 = "multi_modal_projector.linear_2.", decoder = "language_model.model.", head = "language_model.";
      break;
    case Names::TEXT_ONLY:
      decoder = "model.";
      break;
  }
  std::vector<Tensor> result;
  const auto add = [&](const std::string& name, const std::string& canonical, qvlm::Shape shape) {
    auto bits = values(canonical, shape);
    result.push_back({name, std::move(shape), std::move(bits)});
  };
  const auto pair = [&](const std::string& name, const std::string& canonical, qvlm::Shape weight, int64_t bias) {
    add(name + "weight", canonical + "weight", std::move(weight));
    add(name + "bias", canonical + "bias", {bias});
  };
  if (generation != Names::TEXT_ONLY) {
    const int64_t h = kVisionHidden, f = kVisionFfn;
    add(tower + "embeddings.class_embedding", "vision.class", {h});
    add(tower + "embeddings.patch_embedding.weight", "vision.patch.weight", {h, 3, kPatch, kPatch});
    add(tower + "embeddings.position_embedding.weight", "vision.position.weight", {5, h});
    pair(tower + "pre_layrnorm.", "vision.pre_norm.", {h}, h);
    pair(tower + "post_layernorm.", "spare.post.", {h}, h);
    for (int i = 0; i < kVisionLayers; ++i) {
      const std::string n = std::to_string(i), file = tower + "encoder.layers." + n + ".",
                        canonical = "vision." + n + ".";
      pair(file + "layer_norm1.", canonical + "attention_norm.", {h}, h);
      pair(file + "self_attn.q_proj.", canonical + "attention.query.", {h, h}, h);
      pair(file + "self_attn.k_proj.", canonical + "attention.key.", {h, h}, h);
      pair(file + "self_attn.v_proj.", canonical + "attention.value.", {h, h}, h);
      pair(file + "self_attn.out_proj.", canonical + "attention.output.", {h, h}, h);
      pair(file + "layer_norm2.", canonical + "mlp_norm.", {h}, h);
      pair(file + "mlp.fc1.", canonical + "mlp.up.", {f, h}, f);
      pair(file + "mlp.fc2.", canonical + "mlp.down.", {h, f}, h);
    }
    pair(projector1, "projector.0.", {kHidden, kVisionHidden}, kHidden);
    pair(projector2, "projector.2.", {kHidden, kHidden}, kHidden);
  }
  add(decoder + "embed_tokens.weight", "decoder.embedding.weight", {kVocabulary, kHidden});
  for (int i = 0; i < kLayers; ++i) {
    const std::string n = std::to_string(i), file = decoder + "layers." + n + ".", canonical = "decoder." + n + ".";
    const int64_t kv = kHidden / kHeads * kKvHeads;
    add(file + "input_layernorm.weight", canonical + "attention_norm.weight", {kHidden});
    add(file + "self_attn.q_proj.weight", canonical + "attention.query.weight", {kHidden, kHidden});
    add(file + "self_attn.k_proj.weight", canonical + "attention.key.weight", {kv, kHidden});
    add(file + "self_attn.v_proj.weight", canonical + "attention.value.weight", {kv, kHidden});
    add(file + "self_attn.o_proj.weight", canonical + "attention.output.weight", {kHidden, kHidden});
    add(file + "post_attention_layernorm.weight", canonical + "mlp_norm.weight", {kHidden});
    add(file + "mlp.gate_proj.weight", canonical + "mlp.gate.weight", {kFfn, kHidden});
    add(file + "mlp.up_proj.weight", canonical + "mlp.up.weight", {kFfn, kHidden});
    add(file + "mlp.down_proj.weight", canonical + "mlp.down.weight", {kHidden, kFfn});
  }
  add(decoder + "norm.weight", "decoder.norm.weight", {kHidden});
  add(head + "lm_head.weight", "decoder.head.weight", {kVocabulary, kHidden});
  return result;
}

inline json text_config() {
  return {{"model_type", "llama"},        {"hidden_size", kHidden},        {"intermediate_size", kFfn},
          {"num_hidden_layers", kLayers}, {"num_attention_heads", kHeads}, {"num_key_value_heads", kKvHeads},
          {"vocab_size", kVocabulary}};
}

inline json vision_config() {
  return {{"model_type", "clip_vision_model"},
          {"hidden_size", kVisionHidden},
          {"intermediate_size", kVisionFfn},
          {"num_hidden_layers", kVisionLayers},
          {"num_attention_heads", kVisionHeads},
          {"image_size", kImage},
          {"patch_size", kPatch}};
}

inline json config(Names generation) {
  if (generation == Names::TEXT_ONLY) return text_config();
  if (generation == Names::ORIGINAL) {
    json result = text_config();
    result["model_type"] = "llava_llama";
    result["mm_hidden_size"] = kVisionHidden;
    result["mm_projector_type"] = "mlp2x_gelu";
    result["mm_vision_tower"] = "openai/clip-vit-large-patch14-336";
    result["mm_vision_select_layer"] = -2;
    result["mm_vision_select_feature"] = "patch";
    result["image_aspect_ratio"] = "pad";
    return result;
  }
  return {{"model_type", "llava"},
          {"image_token_index", 99},
          {"text_config", text_config()},
          {"vision_config", vision_config()}};
}

inline void write_text(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

inline void write_tensors(const fs::path& folder, const std::vector<Tensor>& list, int64_t shard_bytes = 1 << 30) {
  std::vector<qvlm::TensorToWrite> out;
  for (const Tensor& tensor : list)
    out.push_back(qvlm::tensor_to_write(tensor.name, qvlm::DType::F16, tensor.shape, tensor.bits));
  qvlm::write_sharded(folder, out, shard_bytes);
}

/// The whole checkpoint; the original generation needs tower/config.json, which is written beside it.
inline fs::path write(const fs::path& folder, Names generation, int64_t shard_bytes = 1 << 30) {
  fs::create_directories(folder);
  write_text(folder / "config.json", config(generation).dump());
  write_tensors(folder, tensors(generation), shard_bytes);
  if (generation == Names::ORIGINAL) {
    fs::create_directories(folder / "tower");
    write_text(folder / "tower" / "config.json", vision_config().dump());
  }
  return folder;
}

}  // namespace tiny

/// The message of an Error holds a part.
#define VERIFY_MESSAGE(call, part)                                        \
  do {                                                                    \
    const std::string message_ = qvlm::message_of([&] { call; });         \
    QVERIFY2(message_.find(part) != std::string::npos, message_.c_str()); \
  } while (false)
