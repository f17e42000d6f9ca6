// Reads CLIP vision configurations.
#include "core/model/families/clip.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/model/families/llama.h"

namespace qvlm {

VisionConfig read_clip_config(const Json& config, const std::string& file, bool large) {
  const auto type = field_or<std::string>(config, "model_type", file, "clip_vision_model");
  if (type != "clip_vision_model")
    throw Error::in(file, "model_type of the vision tower", "clip_vision_model", "\"" + type + "\"");
  VisionConfig vision;
  vision.hidden = read_size(config, "hidden_size", file, large ? 1024 : 768);
  vision.ffn = read_size(config, "intermediate_size", file, large ? 4096 : 3072);
  vision.file_layers = vision.layers = read_size(config, "num_hidden_layers", file, large ? 24 : 12, 4096);
  vision.heads = read_size(config, "num_attention_heads", file, large ? 16 : 12, 4096);
  vision.image_size = read_size(config, "image_size", file, large ? 336 : 224, 1 << 14);
  vision.patch_size = read_size(config, "patch_size", file, large ? 14 : 32, 1 << 14);
  vision.activation = read_activation(config, "hidden_act", file, "quick_gelu");
  vision.norm_epsilon = field_or<float>(config, "layer_norm_eps", file, 1e-5f);
  if (!(vision.norm_epsilon > 0))
    throw Error::in(file, "layer_norm_eps", "a positive number", std::to_string(vision.norm_epsilon));
  if (vision.hidden % vision.heads != 0)
    throw Error::in(file, "hidden_size", fmt::format("a multiple of num_attention_heads ({})", vision.heads),
                    std::to_string(vision.hidden));
  if (vision.patch_size > vision.image_size)
    throw Error::in(file, "patch_size", fmt::format("at most image_size ({})", vision.image_size),
                    std::to_string(vision.patch_size));
  if (const int channels = field_or<int>(config, "num_channels", file, 3); channels != 3)
    throw Error::in(file, "num_channels", "3", std::to_string(channels));
  return vision;
}

VisionConfig read_clip_folder(const std::filesystem::path& folder) {
  const auto path = folder / "config.json";
  const Json config = read_json(path);
  if (has_field(config, "vision_config"))
    return read_clip_config(object_field(config, "vision_config", path.string()), path.string() + ": vision_config",
                            false);
  return read_clip_config(config, path.string(), false);
}

NameGroup clip_names(std::vector<std::string_view> prefixes) {
  return {std::move(prefixes),
          {
              {"embeddings.patch_embedding.*", "vision.patch.*"},
              {"embeddings.class_embedding", "vision.class"},
              {"embeddings.position_embedding.weight", "vision.position.weight"},
              {"pre_layrnorm.*", "vision.pre_norm.*"},  // so spelt by every checkpoint
              {"encoder.layers.#.layer_norm1.*", "vision.#.attention_norm.*"},
              {"encoder.layers.#.self_attn.q_proj.*", "vision.#.attention.query.*"},
              {"encoder.layers.#.self_attn.k_proj.*", "vision.#.attention.key.*"},
              {"encoder.layers.#.self_attn.v_proj.*", "vision.#.attention.value.*"},
              {"encoder.layers.#.self_attn.out_proj.*", "vision.#.attention.output.*"},
              {"encoder.layers.#.layer_norm2.*", "vision.#.mlp_norm.*"},
              {"encoder.layers.#.mlp.fc1.*", "vision.#.mlp.up.*"},
              {"encoder.layers.#.mlp.fc2.*", "vision.#.mlp.down.*"},
          },
          {"embeddings.position_ids", "post_layernorm.*"}};
}

}  // namespace qvlm
