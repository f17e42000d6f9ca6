// Reads LLaVA checkpoints: Hugging Face's layout, and the original one with its fields beside the decoder's.
#include "core/model/families/llava.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/model/families/clip.h"
#include "core/model/families/llama.h"
#include "core/model/tensor_store.h"

namespace qvlm {

namespace {

std::vector<NameGroup> names() {
  return {
      // The longest prefix first; transformers 5 leaves "vision_model" out.
      clip_names({"vision_tower.vision_model.", "model.vision_tower.vision_tower.vision_model.",
                  "model.vision_tower.vision_model.", "vision_tower.", "model.vision_tower."}),
      {{"multi_modal_projector.", "model.multi_modal_projector."},
       {{"linear_1.*", "projector.0.*"}, {"linear_2.*", "projector.2.*"}},
       {}},
      {{"model.mm_projector."}, {{"0.*", "projector.0.*"}, {"2.*", "projector.2.*"}}, {}},
      llama_names({"language_model.model.", "model.language_model.", "model."}),
      llama_head_names({"language_model.", "", "model."}),
  };
}

std::vector<NameGroup> tower_folder_names() {
  NameGroup group = clip_names({"vision_model.", "vision_tower.vision_model.", "vision_tower.", ""});
  // A whole CLIP has its text half beside the tower.
  return {group};
}

// hidden_states[layer] has `layer` layers behind it; negative ones count from the end.
void select_feature(VisionConfig& vision, int layer, const std::string& strategy, const std::string& file,
                    const char* key) {
  vision.layers = layer < 0 ? vision.file_layers + 1 + layer : layer;
  if (vision.layers < 1 || vision.layers > vision.file_layers)
    throw Error::in(file, key, fmt::format("a layer of the tower's {}", vision.file_layers), std::to_string(layer));
  if (strategy == "default" || strategy == "patch")
    vision.keep_class_token = false;
  else if (strategy == "full" || strategy == "cls_patch")
    vision.keep_class_token = true;
  else
    throw Error::in(file, "feature select strategy", "default or full (patch or cls_patch)", "\"" + strategy + "\"");
}

int read_feature_layer(const Json& config, const std::string& key, const std::string& file) {
  if (has_field(config, key) && config[key].is_array()) {
    const auto layers = field<std::vector<int>>(config, key, file);
    if (layers.size() != 1) throw Error::in(file, key, "one layer", fmt::format("{} layers", layers.size()));
    return layers[0];
  }
  return field_or<int>(config, key, file, -2);
}

FamilyDescription describe_hugging_face(const CheckpointFolder& folder) {
  const Json& config = folder.config;
  const std::string& file = folder.config_file;
  FamilyDescription description;
  description.names = names();
  VlmConfig& model = description.config;
  static const Json empty = Json::object();
  const Json& text = has_field(config, "text_config") ? object_field(config, "text_config", file) : empty;
  const Json& tower = has_field(config, "vision_config") ? object_field(config, "vision_config", file) : empty;
  model.decoder = read_llama_config(text, file + ": text_config");
  // The flag stands in either place, and older files set one alone: where the two disagree the tensors decide.
  const bool outer = field_or<bool>(config, "tie_word_embeddings", file, false);
  if (outer != model.decoder.tied_head)
    model.decoder.tied_head =
        !folder.has_tensor("lm_head.weight") && !folder.has_tensor("language_model.lm_head.weight");

  model.vision = read_clip_config(tower, file + ": vision_config", true);
  select_feature(*model.vision, read_feature_layer(config, "vision_feature_layer", file),
                 field_or<std::string>(config, "vision_feature_select_strategy", file, "default"), file,
                 "vision_feature_layer");
  model.projector.hidden = model.decoder.hidden;
  model.projector.activation = read_activation(config, "projector_hidden_act", file, "gelu");
  model.projector.bias = field_or<bool>(config, "multimodal_projector_bias", file, true);
  const char* image = has_field(config, "image_token_id") ? "image_token_id" : "image_token_index";
  model.tokens.image = field_or<int>(config, image, file, 32000);
  if (model.tokens.image < 0 || model.tokens.image >= model.decoder.vocabulary)
    throw Error::in(file, image, fmt::format("a token of the vocabulary's {}", model.decoder.vocabulary),
                    std::to_string(model.tokens.image));
  return description;
}

// The towers that LLaVA checkpoints name; a checkpoint that has the tower's weights itself needs no more than this of
// its configuration.
std::optional<VisionConfig> known_tower(const std::string& name) {
  static const Json empty = Json::object();
  if (name != "openai/clip-vit-large-patch14-336" && name != "openai/clip-vit-large-patch14") return std::nullopt;
  VisionConfig vision = read_clip_config(empty, name, true);
  if (name == "openai/clip-vit-large-patch14") vision.image_size = 224;
  return vision;
}

FamilyDescription describe_original(const CheckpointFolder& folder) {
  const Json& config = folder.config;
  const std::string& file = folder.config_file;
  FamilyDescription description;
  description.names = names();
  VlmConfig& model = description.config;
  model.decoder = read_llama_config(config, file);

  const auto type = field_or<std::string>(config, "mm_projector_type", file, "linear");
  if (type != "mlp2x_gelu") throw Error::in(file, "mm_projector_type", "mlp2x_gelu", "\"" + type + "\"");
  model.projector = {model.decoder.hidden, Activation::GELU, true};

  const bool tower_inside =
      folder.has_tensor("model.vision_tower.vision_tower.vision_model.embeddings.class_embedding");
  const auto tower_name = field_or<std::string>(config, "mm_vision_tower", file, "");
  std::filesystem::path tower = folder.options.vision_tower;
  if (tower.empty() && !tower_name.empty() && std::filesystem::is_directory(folder.path / tower_name))
    tower = folder.path / tower_name;
  const auto known = known_tower(tower_name);
  if (tower.empty() && !(tower_inside && known))
    throw Error(file + ": the vision tower" + (tower_name.empty() ? "" : " (mm_vision_tower: " + tower_name + ")") +
                " is not in this folder; give the folder of its checkpoint with --vision-tower DIR");
  model.vision = tower.empty() ? *known : read_clip_folder(tower);
  select_feature(*model.vision, read_feature_layer(config, "mm_vision_select_layer", file),
                 field_or<std::string>(config, "mm_vision_select_feature", file, "patch"), file,
                 "mm_vision_select_layer");
  if (const int width = field_or<int>(config, "mm_hidden_size", file, model.vision->hidden);
      width != model.vision->hidden)
    throw Error::in(tower.empty() ? tower_name : (tower / "config.json").string(), "hidden_size",
                    fmt::format("{} (mm_hidden_size of {})", width, file), std::to_string(model.vision->hidden));
  if (!tower_inside) {
    description.tower = tower;
    description.tower_names = tower_folder_names();
  }
  // The original code marks pictures outside the vocabulary (-200); the first id behind it does the same here.
  model.tokens.image = folder.token_id("<image>").value_or(model.decoder.vocabulary);
  description.pad_square_by_default = field_or<std::string>(config, "image_aspect_ratio", file, "square") == "pad";
  const auto ratio = field_or<std::string>(config, "image_aspect_ratio", file, "square");
  if (ratio != "pad" && ratio != "square")
    throw Error::in(file, "image_aspect_ratio", "pad or square", "\"" + ratio + "\"");
  return description;
}

}  // namespace

Family llava_family() {
  return {"llava", {"llava", "llava_llama", "llava_mistral"}, [](const CheckpointFolder& folder) {
            const Json& config = folder.config;
            const bool original = has_field(config, "mm_vision_tower") || has_field(config, "mm_projector_type") ||
                                  has_field(config, "mm_hidden_size");
            FamilyDescription description = original ? describe_original(folder) : describe_hugging_face(folder);
            description.config.family = "llava";
            return description;
          }};
}

}  // namespace qvlm
