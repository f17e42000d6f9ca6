// Reads a checkpoint's description through its family, and writes it as transformers does.
#include "core/model/checkpoint_config.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/model/preprocessor_config.h"
#include "core/model/token_config.h"
#include "core/model/tokenizer_companions.h"

namespace qvlm {

namespace {

std::string folder_name(const std::filesystem::path& folder) {
  const auto name = std::filesystem::absolute(folder).lexically_normal();
  return name.has_filename() ? name.filename().string() : name.parent_path().filename().string();
}

// 1e-5f as people write it.
double decimal(float x) {
  return std::stod(fmt::format("{}", x));
}

std::string activation_name(Activation activation) {
  return activation == Activation::GELU_TANH ? "gelu_pytorch_tanh" : std::string(name_of(activation));
}

void add_tokens(Json& json, const TokenConfig& tokens) {
  if (tokens.begin >= 0) json["bos_token_id"] = tokens.begin;
  if (!tokens.end.empty()) json["eos_token_id"] = tokens.end.size() == 1 ? Json(tokens.end[0]) : Json(tokens.end);
  if (tokens.pad >= 0) json["pad_token_id"] = tokens.pad;
}

Json decoder_json(const VlmConfig& config) {
  const DecoderConfig& d = config.decoder;
  Json json{{"model_type", "llama"},
            {"architectures", {"LlamaForCausalLM"}},
            {"vocab_size", d.vocabulary},
            {"hidden_size", d.hidden},
            {"intermediate_size", d.ffn},
            {"num_hidden_layers", d.layers},
            {"num_attention_heads", d.heads},
            {"num_key_value_heads", d.kv_heads},
            {"head_dim", d.head_dim},
            {"hidden_act", activation_name(d.activation)},
            {"max_position_embeddings", d.context_length},
            {"rms_norm_eps", decimal(d.norm_epsilon)},
            {"rope_theta", decimal(d.rope_theta)},
            {"attention_bias", false},
            {"mlp_bias", false},
            {"tie_word_embeddings", d.tied_head},
            {"torch_dtype", "float16"}};
  const RopeScaling& rope = d.rope_scaling;
  if (rope.kind == RopeScaling::Kind::LINEAR)
    json["rope_scaling"] = {{"rope_type", "linear"}, {"factor", decimal(rope.factor)}};
  if (rope.kind == RopeScaling::Kind::LLAMA3)
    json["rope_scaling"] = {{"rope_type", "llama3"},
                            {"factor", decimal(rope.factor)},
                            {"low_freq_factor", decimal(rope.low_frequency_factor)},
                            {"high_freq_factor", decimal(rope.high_frequency_factor)},
                            {"original_max_position_embeddings", rope.original_context}};
  add_tokens(json, config.tokens);
  return json;
}

const char* feature_strategy(const VisionConfig& vision) {
  return vision.keep_class_token ? "full" : "default";
}

Json model_json(const VlmConfig& config) {
  if (!config.vision) return decoder_json(config);
  const VisionConfig& v = *config.vision;
  Json json{{"architectures", {"LlavaForConditionalGeneration"}},
            {"model_type", "llava"},
            {"image_token_index", config.tokens.image},
            {"image_seq_length", v.image_tokens()},
            {"projector_hidden_act", activation_name(config.projector.activation)},
            {"multimodal_projector_bias", config.projector.bias},
            {"vision_feature_layer", v.layers - v.file_layers - 1},
            {"vision_feature_select_strategy", feature_strategy(v)},
            {"tie_word_embeddings", config.decoder.tied_head},
            {"torch_dtype", "float16"},
            {"text_config", decoder_json(config)},
            {"vision_config",
             {{"model_type", "clip_vision_model"},
              {"hidden_size", v.hidden},
              {"intermediate_size", v.ffn},
              {"num_hidden_layers", v.file_layers},
              {"num_attention_heads", v.heads},
              {"image_size", v.image_size},
              {"patch_size", v.patch_size},
              {"num_channels", 3},
              {"hidden_act", activation_name(v.activation)},
              {"layer_norm_eps", decimal(v.norm_epsilon)},
              {"projection_dim", v.hidden}}}};
  if (config.tokens.pad >= 0) json["pad_token_id"] = config.tokens.pad;
  return json;
}

Json preprocessor_json(const PreprocessConfig& c) {
  Json mean, deviation;
  for (size_t i = 0; i < 3; ++i) mean.push_back(decimal(c.mean[i])), deviation.push_back(decimal(c.std[i]));
  const bool pad = c.fit == PreprocessConfig::Fit::PAD_SQUARE;
  Json json{{"image_processor_type", pad ? "LlavaImageProcessor" : "CLIPImageProcessor"},
            {"processor_class", "LlavaProcessor"},
            {"do_convert_rgb", true},
            {"do_resize", c.resize},
            {"size", {{"shortest_edge", c.shortest_edge}}},
            {"resample", static_cast<int>(c.resample)},
            {"do_center_crop", c.crop},
            {"crop_size", {{"height", c.size}, {"width", c.size}}},
            {"do_rescale", true},
            {"rescale_factor", c.rescale == 1.0f / 255.0f ? 1.0 / 255.0 : decimal(c.rescale)},
            {"do_normalize", c.normalize},
            {"image_mean", mean},
            {"image_std", deviation}};
  if (pad) json["do_pad"] = true;
  return json;
}

}  // namespace

FamilyDescription describe_checkpoint(const Family& family, const std::filesystem::path& folder, const Json& config, const OpenOptions& options,
                                      const std::function<bool(std::string_view)>& has_tensor, const std::optional<TokenizerData>& tokens) {
  const CheckpointFolder checkpoint{folder, config, (folder / "config.json").string(), options, has_tensor,
                                    [&tokens](std::string_view piece) -> std::optional<int> {
                                      const int id = tokens ? find_piece(*tokens, std::string(piece)) : -1;
                                      return id >= 0 ? std::optional(id) : std::nullopt;
                                    }};
  FamilyDescription description = family.describe(checkpoint);
  VlmConfig& model = description.config;
  model.name = folder_name(folder);
  read_token_config(folder, config, tokens, model.decoder.vocabulary, model.tokens);
  model.chat_template = !options.chat_template.empty() ? options.chat_template : read_chat_template(folder);
  if (model.vision) model.preprocess = read_preprocess_config(folder, *model.vision, description.pad_square_by_default);
  return description;
}

void write_checkpoint_config(const VlmConfig& config, const std::string& image_piece, const Json& more, const std::filesystem::path& folder) {
  Json description = model_json(config);
  description.update(more);
  write_json(folder / "config.json", description);
  Json generation = Json::object();
  add_tokens(generation, config.tokens);
  write_json(folder / "generation_config.json", generation);
  if (!config.vision) return;
  write_json(folder / "preprocessor_config.json", preprocessor_json(config.preprocess));
  write_json(folder / "processor_config.json", {{"processor_class", "LlavaProcessor"},
                                                {"patch_size", config.vision->patch_size},
                                                {"vision_feature_select_strategy", feature_strategy(*config.vision)},
                                                {"num_additional_image_tokens", 1},
                                                {"image_token", image_piece}});
}

}  // namespace qvlm
