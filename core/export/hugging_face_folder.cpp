// Writes and checks what a checkpoint says about itself.
#include "core/export/hugging_face_folder.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/model/families/family.h"
#include "core/model/preprocessor_config.h"
#include "core/model/token_config.h"
#include "core/model/tokenizer_companions.h"
#include "core/model/tokenizer_data.h"

namespace qvlm {

namespace {

namespace fs = std::filesystem;

// 1e-5f as people write it.
double decimal(float x) { return std::stod(fmt::format("{}", x)); }

std::string activation_name(Activation activation) {
  return activation == Activation::GELU_TANH ? "gelu_pytorch_tanh" : std::string(name_of(activation));
}

bool is_jinja(const std::string& text) { return text.find("{%") != std::string::npos || text.find("{{") != std::string::npos; }

Json ids_json(const std::vector<int>& ids) { return ids.size() == 1 ? Json(ids[0]) : Json(ids); }

void add_tokens(Json& json, const TokenConfig& tokens) {
  if (tokens.begin >= 0) json["bos_token_id"] = tokens.begin;
  if (!tokens.end.empty()) json["eos_token_id"] = ids_json(tokens.end);
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
  if (rope.kind == RopeScaling::Kind::LINEAR) json["rope_scaling"] = {{"rope_type", "linear"}, {"factor", decimal(rope.factor)}};
  if (rope.kind == RopeScaling::Kind::LLAMA3)
    json["rope_scaling"] = {{"rope_type", "llama3"},
                            {"factor", decimal(rope.factor)},
                            {"low_freq_factor", decimal(rope.low_frequency_factor)},
                            {"high_freq_factor", decimal(rope.high_frequency_factor)},
                            {"original_max_position_embeddings", rope.original_context}};
  add_tokens(json, config.tokens);
  return json;
}

// The tower has the layers that run, and the last one's output is the feature: those behind it are not in the model.
Json config_json(const VlmConfig& config) {
  if (!config.vision) return decoder_json(config);
  const VisionConfig& v = *config.vision;
  Json json{{"architectures", {"LlavaForConditionalGeneration"}},
            {"model_type", "llava"},
            {"image_token_index", config.tokens.image},
            {"image_seq_length", v.image_tokens()},
            {"projector_hidden_act", activation_name(config.projector.activation)},
            {"multimodal_projector_bias", config.projector.bias},
            {"vision_feature_layer", -1},
            {"vision_feature_select_strategy", v.keep_class_token ? "full" : "default"},
            {"tie_word_embeddings", config.decoder.tied_head},
            {"torch_dtype", "float16"},
            {"text_config", decoder_json(config)},
            {"vision_config",
             {{"model_type", "clip_vision_model"},
              {"hidden_size", v.hidden},
              {"intermediate_size", v.ffn},
              {"num_hidden_layers", v.layers},
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

std::string piece(const TokenizerData& data, int id) {
  return id >= 0 && id < data.vocabulary() ? data.pieces[static_cast<size_t>(id)] : std::string();
}

// What transformers needs to open the tokenizer where the checkpoint came without its configuration.
Json tokenizer_json(const TokenizerSource& source, const TokenizerData& data) {
  Json json{{"tokenizer_class", source.kind == TokenizerSource::Kind::TOKENIZER_JSON ? "PreTrainedTokenizerFast" : "LlamaTokenizer"},
            {"add_bos_token", data.add_begin},
            {"add_eos_token", data.add_end},
            {"legacy", data.legacy}};
  for (const auto& [key, id] : {std::pair{"bos_token", data.begin}, {"eos_token", data.end}, {"unk_token", data.unknown}, {"pad_token", data.pad}})
    if (const std::string text = piece(data, id); !text.empty()) json[key] = text;
  return json;
}

void copy_tokenizer(const TokenizerSource& source, const fs::path& folder) {
  const fs::path from = source.path.parent_path();
  for (const fs::path& name : {source.path.filename(), fs::path("tokenizer.model"), fs::path("tokenizer_config.json"),
                               fs::path("special_tokens_map.json"), fs::path("added_tokens.json")}) {
    if (!fs::exists(from / name)) continue;
    const MappedFile file(from / name);
    write_file(folder / name, file.bytes());
  }
}

}  // namespace

Shape expected_shape(const Model& model, const std::string& canonical) {
  for (ExpectedTensor& tensor : expected_tensors(model.config()))
    if (tensor.name == canonical) return std::move(tensor.shape);
  throw Error(model.path().string() + ": " + canonical + " is no tensor of this model");
}

std::string hugging_face_refusal(const Model& model) {
  const VlmConfig& config = model.config();
  const DecoderConfig& decoder = config.decoder;
  if (config.family != "llava" && config.family != "llama")
    return "the family " + config.family + " has no Hugging Face layout here; known: llava, llama";
  if (decoder.down_hadamard > 0)
    return fmt::format("the model needs an online Hadamard transform before mlp.down (blocks of {}), which its classes do not apply; quantize with "
                       "--rotation r1r2, which is fused into the weights",
                       decoder.down_hadamard);
  if (decoder.site_transforms)
    return "the model needs its learned transforms before every linear, which its classes do not apply; quantize with --transform none";
  if (decoder.query_key_norm || decoder.attention_bias) return "the decoder has norms of heads or biases that LlamaForCausalLM has not";
  if (config.vision && (!config.vision->class_token || !config.vision->pre_norm || model.has("vision.patch.bias")))
    return "the tower is no CLIP (class token, norm before the layers, patches without bias), the only one that the folder can describe";
  if (config.vision && config.projector.hidden != decoder.hidden)
    return fmt::format("the projector is {} wide inside, and LlavaForConditionalGeneration's is as wide as the decoder ({})", config.projector.hidden,
                       decoder.hidden);
  if (config.vision && (config.tokens.image < 0 || config.tokens.image >= decoder.vocabulary))
    return fmt::format("the token of pictures ({}) lies outside the vocabulary of {}, and a Hugging Face folder needs one inside", config.tokens.image,
                       decoder.vocabulary);
  const TokenizerSource::Kind kind = model.tokenizer().kind;
  if (kind != TokenizerSource::Kind::TOKENIZER_JSON && kind != TokenizerSource::Kind::TOKENIZER_MODEL)
    return "its folder has neither tokenizer.json nor tokenizer.model, and a Hugging Face folder needs one";
  return {};
}

std::string template_note(const VlmConfig& config) {
  if (config.chat_template.empty() || is_jinja(config.chat_template)) return {};
  return "the model's chat template is named (" + config.chat_template.substr(0, 40) + "), not written out: the folder has none";
}

void write_hugging_face_files(const Model& model, const Json& quantization, const fs::path& folder) {
  const VlmConfig& config = model.config();
  Json description = config_json(config);
  description["quantization_config"] = quantization;
  write_json(folder / "config.json", description);
  Json generation = Json::object();
  add_tokens(generation, config.tokens);
  write_json(folder / "generation_config.json", generation);
  copy_tokenizer(model.tokenizer(), folder);
  const TokenizerData data = read_tokenizer(model.tokenizer());
  if (!fs::exists(folder / "tokenizer_config.json")) write_json(folder / "tokenizer_config.json", tokenizer_json(model.tokenizer(), data));
  if (is_jinja(config.chat_template)) write_file(folder / "chat_template.jinja", config.chat_template);
  if (!config.vision) return;
  write_json(folder / "preprocessor_config.json", preprocessor_json(config.preprocess));
  write_json(folder / "processor_config.json", {{"processor_class", "LlavaProcessor"},
                                                {"patch_size", config.vision->patch_size},
                                                {"vision_feature_select_strategy", config.vision->keep_class_token ? "full" : "default"},
                                                {"num_additional_image_tokens", 1},
                                                {"image_token", piece(data, config.tokens.image)}});
}

void check_hugging_face_files(const Model& model, const fs::path& folder, const TensorStore& store) {
  const std::string file = (folder / "config.json").string();
  const Json json = read_json(folder / "config.json");
  const TokenizerData data = read_tokenizer(find_tokenizer(folder));
  const OpenOptions options;
  const CheckpointFolder checkpoint{folder, json, file, options, [&](std::string_view name) { return store.has(name); },
                                    [&](std::string_view text) -> std::optional<int> {
                                      const int id = find_piece(data, std::string(text));
                                      return id >= 0 ? std::optional(id) : std::nullopt;
                                    }};
  VlmConfig found = family_of(field<std::string>(json, "model_type", file), file).describe(checkpoint).config, expected = model.config();
  found.family = expected.family;
  found.name = expected.name;
  read_token_config(folder, json, data, found.decoder.vocabulary, found.tokens);
  found.chat_template = read_chat_template(folder);
  if (!is_jinja(expected.chat_template)) found.chat_template = expected.chat_template;
  if (expected.vision) {
    expected.vision->file_layers = expected.vision->layers;
    found.preprocess = read_preprocess_config(folder, *found.vision, false);
  }
  if (to_json(found) != to_json(expected)) throw Error::in(folder.string(), "description read back", to_json(expected), to_json(found));
}

}  // namespace qvlm
