// Writes and checks what a checkpoint says about itself.
#include "core/export/hugging_face_folder.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/model/checkpoint_config.h"
#include "core/model/token_config.h"
#include "core/model/tokenizer_data.h"

namespace qvlm {

namespace {

namespace fs = std::filesystem;

bool is_jinja(const std::string& text) { return text.find("{%") != std::string::npos || text.find("{{") != std::string::npos; }

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

// The tower has the layers that run, and the last one's output is the feature: those behind it are not in the model.
VlmConfig written_config(const Model& model) {
  VlmConfig config = model.config();
  if (config.vision) config.vision->file_layers = config.vision->layers;
  return config;
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
  const TokenizerData data = read_tokenizer(model.tokenizer());
  const VlmConfig config = written_config(model);
  write_checkpoint_config(config, piece(data, config.tokens.image), {{"quantization_config", quantization}}, folder);
  copy_tokenizer(model.tokenizer(), folder);
  if (!fs::exists(folder / "tokenizer_config.json")) write_json(folder / "tokenizer_config.json", tokenizer_json(model.tokenizer(), data));
  if (is_jinja(config.chat_template)) write_file(folder / "chat_template.jinja", config.chat_template);
}

void check_hugging_face_files(const Model& model, const fs::path& folder, const TensorStore& store) {
  const std::string file = (folder / "config.json").string();
  const Json json = read_json(folder / "config.json");
  const TokenizerData data = read_tokenizer(find_tokenizer(folder));
  const Family& family = family_of(field<std::string>(json, "model_type", file), file);
  const auto has_tensor = [&](std::string_view name) { return store.has(name); };
  const VlmConfig expected = written_config(model);
  VlmConfig found = describe_checkpoint(family, folder, json, {}, has_tensor, data).config;
  found.family = expected.family;
  found.name = expected.name;
  if (!is_jinja(expected.chat_template)) found.chat_template = expected.chat_template;
  if (to_json(found) != to_json(expected)) throw Error::in(folder.string(), "description read back", to_json(expected), to_json(found));
}

}  // namespace qvlm
