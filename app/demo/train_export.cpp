// From the trainer's parameters to a checkpoint folder.
#include "app/demo/train_export.h"

#include <nlohmann/json.hpp>

#include "app/demo/make_tokenizer.h"
#include "app/demo/train_model.h"
#include "core/base/error.h"
#include "core/model/checkpoint_config.h"
#include "core/model/safetensors.h"

namespace qvlm::demo {

namespace {

using torch::Tensor;

constexpr int64_t kShardBytes = 11'500'000;

// Float16 tensors under their names in the file.
class Shards {
 public:
  void add(const std::string& name, const Tensor& x) {
    const Tensor half = x.to(torch::kFloat16).contiguous();
    if (!torch::isfinite(half).all().item<bool>()) throw Error::in(name, "values", "numbers that float16 holds", "others");
    tensors_.push_back(half);
    names_.push_back(name);
  }
  void write(const std::filesystem::path& folder) const {
    std::vector<TensorToWrite> list;
    for (size_t i = 0; i < names_.size(); ++i) {
      const auto* bytes = static_cast<const std::byte*>(tensors_[i].data_ptr());
      list.push_back({names_[i], DType::F16, tensors_[i].sizes().vec(), {bytes, static_cast<size_t>(tensors_[i].nbytes())}});
    }
    write_sharded(folder, list, kShardBytes);
  }

 private:
  std::vector<Tensor> tensors_;
  std::vector<std::string> names_;
};

void add_pair(Shards& shards, const ParameterStore& p, const std::string& name, const std::string& canonical) {
  shards.add(name + ".weight", p.master(canonical + ".weight"));
  shards.add(name + ".bias", p.master(canonical + ".bias"));
}

void export_tower(Shards& shards, const ParameterStore& p, const VisionConfig& c) {
  const std::string tower = "vision_tower.vision_model.";
  shards.add(tower + "embeddings.class_embedding", p.master("vision.class"));
  shards.add(tower + "embeddings.patch_embedding.weight", p.master("vision.patch.weight").view({c.hidden, 3, c.patch_size, c.patch_size}));
  shards.add(tower + "embeddings.position_embedding.weight", p.master("vision.position.weight"));
  add_pair(shards, p, tower + "pre_layrnorm", "vision.pre_norm");  // the name is spelled so
  for (int layer = 0; layer < c.file_layers; ++layer) {
    const std::string name = tower + "encoder.layers." + std::to_string(layer) + ".";
    const std::string canonical = "vision." + std::to_string(layer) + ".";
    add_pair(shards, p, name + "layer_norm1", canonical + "attention_norm");
    int64_t row = 0;
    for (const char* part : {"q_proj", "k_proj", "v_proj"}) {
      shards.add(name + "self_attn." + part + ".weight", p.master(canonical + "attention.qkv.weight").narrow(0, row, c.hidden));
      shards.add(name + "self_attn." + part + ".bias", p.master(canonical + "attention.qkv.bias").narrow(0, row, c.hidden));
      row += c.hidden;
    }
    add_pair(shards, p, name + "self_attn.out_proj", canonical + "attention.output");
    add_pair(shards, p, name + "layer_norm2", canonical + "mlp_norm");
    add_pair(shards, p, name + "mlp.fc1", canonical + "mlp.up");
    add_pair(shards, p, name + "mlp.fc2", canonical + "mlp.down");
  }
  shards.add(tower + "post_layernorm.weight", torch::ones({c.hidden}));
  shards.add(tower + "post_layernorm.bias", torch::zeros({c.hidden}));
}

void export_decoder(Shards& shards, const ParameterStore& p, const DecoderConfig& c) {
  add_pair(shards, p, "multi_modal_projector.linear_1", "projector.0");
  add_pair(shards, p, "multi_modal_projector.linear_2", "projector.2");
  shards.add("language_model.model.embed_tokens.weight", p.master("decoder.embedding.weight"));
  const int64_t query = c.heads * c.head_dim, key = c.kv_heads * c.head_dim;
  for (int layer = 0; layer < c.layers; ++layer) {
    const std::string name = "language_model.model.layers." + std::to_string(layer) + ".";
    const std::string canonical = "decoder." + std::to_string(layer) + ".";
    const Tensor& qkv = p.master(canonical + "attention.qkv.weight");
    const Tensor& gate_up = p.master(canonical + "mlp.gate_up.weight");
    shards.add(name + "input_layernorm.weight", p.master(canonical + "attention_norm.weight"));
    shards.add(name + "self_attn.q_proj.weight", qkv.narrow(0, 0, query));
    shards.add(name + "self_attn.k_proj.weight", qkv.narrow(0, query, key));
    shards.add(name + "self_attn.v_proj.weight", qkv.narrow(0, query + key, key));
    shards.add(name + "self_attn.o_proj.weight", p.master(canonical + "attention.output.weight"));
    shards.add(name + "post_attention_layernorm.weight", p.master(canonical + "mlp_norm.weight"));
    shards.add(name + "mlp.gate_proj.weight", gate_up.narrow(0, 0, c.ffn));
    shards.add(name + "mlp.up_proj.weight", gate_up.narrow(0, c.ffn, c.ffn));
    shards.add(name + "mlp.down_proj.weight", p.master(canonical + "mlp.down.weight"));
  }
  shards.add("language_model.model.norm.weight", p.master("decoder.norm.weight"));
  shards.add("language_model.lm_head.weight", p.master("decoder.head.weight"));
}

}  // namespace

void export_vlm(const std::filesystem::path& checkpoint, const std::filesystem::path& tokenizer, const std::filesystem::path& folder,
                uint64_t seed) {
  VlmConfig config = demo_config();
  VisionConfig whole_tower = *config.vision;
  whole_tower.layers = whole_tower.file_layers;
  ParameterStore parameters;
  add_tower(parameters, whole_tower, seed);
  add_decoder(parameters, config, seed);
  const std::string untrained = "vision." + std::to_string(config.vision->layers) + ".";
  for (const std::string& name : parameters.load_weights(checkpoint)) {
    if (!name.starts_with(untrained)) throw Error::in(checkpoint.string(), "tensor", "weight." + name, "none");
  }

  std::filesystem::create_directories(folder);
  Shards shards;
  export_tower(shards, parameters, whole_tower);
  export_decoder(shards, parameters, config.decoder);
  shards.write(folder);
  config.tokens = demo_tokens();
  write_checkpoint_config(config, "<image>", Json::object(), folder);
  const auto from = tokenizer.parent_path();
  if (!std::filesystem::exists(from) || std::filesystem::equivalent(from, folder)) return;
  for (const char* name : {"tokenizer.model", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja"}) {
    std::filesystem::copy_file(from / name, folder / name, std::filesystem::copy_options::overwrite_existing);
  }
}

}  // namespace qvlm::demo
