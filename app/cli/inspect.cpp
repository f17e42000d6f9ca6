// qvlm inspect: what a model is, read off its files.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "app/cli/model_options.h"
#include "core/export/llama_cpp_notes.h"
#include "core/model/kronecker.h"
#include "core/model/quantized_matrix.h"
#include "core/model/sites.h"
#include "core/model/vlm_config.h"

namespace qvlm::cli {

namespace {

using Json = nlohmann::ordered_json;

std::string_view fit_of(const PreprocessConfig& preprocess) {
  return preprocess.fit == PreprocessConfig::Fit::PAD_SQUARE ? "padded to square" : "centre crop";
}

/// A kind of linear: all layers share its shape.
struct LinearKind {
  std::string tensor;  // "attention.query"
  int64_t rows = 0, columns = 0;
};

std::vector<LinearKind> linears_of_model(const VlmConfig& config) {
  std::vector<LinearKind> kinds;
  std::map<std::string, Shape> shapes;
  for (const ExpectedTensor& tensor : expected_tensors(config)) shapes[tensor.name] = tensor.shape;
  for (int kind = 0; kind < kSitesPerLayer; ++kind) {
    for (const std::string_view linear : linears_of(static_cast<SiteKind>(kind))) {
      const auto found = shapes.find(fmt::format("decoder.0.{}.weight", linear));
      if (found != shapes.end()) kinds.push_back({std::string(linear), found->second.at(0), found->second.at(1)});
    }
  }
  return kinds;
}

Json vision_json(const VlmConfig& config) {
  if (!config.vision) return nullptr;
  const VisionConfig& vision = *config.vision;
  return {{"hidden", vision.hidden},
          {"ffn", vision.ffn},
          {"layers", vision.layers},
          {"file_layers", vision.file_layers},
          {"heads", vision.heads},
          {"image_size", vision.image_size},
          {"patch_size", vision.patch_size},
          {"image_tokens", vision.image_tokens()},
          {"activation", std::string(name_of(vision.activation))},
          {"fit", std::string(fit_of(config.preprocess))}};
}

Json decoder_json(const DecoderConfig& decoder) {
  return {{"hidden", decoder.hidden},         {"ffn", decoder.ffn},         {"down_hadamard", decoder.down_hadamard},
          {"site_transforms", decoder.site_transforms},
          {"layers", decoder.layers},         {"heads", decoder.heads},
          {"kv_heads", decoder.kv_heads},     {"head_dim", decoder.head_dim},
          {"vocabulary", decoder.vocabulary}, {"context_length", decoder.context_length},
          {"rope_theta", decoder.rope_theta}, {"tied_head", decoder.tied_head}};
}

/// "16" or "4, dynamic per token": how activations run.
std::string activations_text(const Model& model) {
  for (const ActivationQuantizer& quantizer : model.activations()) {
    if (quantizer.active()) return fmt::format("{} bits, {}", quantizer.bits, name_of(quantizer.granularity));
  }
  return "16 bits";
}

/// "16" or "8, dynamic token": how the tower's activations run.
std::string vision_activations_text(const Model& model) {
  for (const VisionQuantizer& quantizer : model.vision_activations()) {
    if (quantizer.active()) return fmt::format("{} bits, {}", quantizer.bits, name_of(quantizer.range));
  }
  return "16 bits";
}

/// "16 x 16 (qkv), ..., 24 x 32 (down)": the Kronecker factors of each site.
std::string transforms_text(const DecoderConfig& decoder) {
  std::string text;
  for (int kind = 0; kind < kSitesPerLayer; ++kind) {
    const auto site = static_cast<SiteKind>(kind);
    const KroneckerShape shape = kronecker_shape(width_of(decoder, site));
    text += fmt::format("{}{} x {} ({})", text.empty() ? "" : ", ", shape.left, shape.right, short_name_of(site));
  }
  return text;
}

int vision_activation_bits(const Model& model) {
  int bits = 16;
  for (const VisionQuantizer& quantizer : model.vision_activations()) bits = std::min(bits, quantizer.bits);
  return bits;
}

int activation_bits(const Model& model) {
  int bits = 16;
  for (const ActivationQuantizer& quantizer : model.activations()) {
    if (quantizer.active()) bits = std::min(bits, quantizer.bits);
  }
  return bits;
}

std::vector<std::string> notes_of(const Model& model) {
  const VlmConfig& config = model.config();
  std::vector<std::string> notes = llama_cpp_notes(model);
  if (config.vision && config.vision->file_layers > config.vision->layers) {
    notes.push_back(fmt::format("the tower's last {} of {} layers do not run: the feature is taken before them",
                                config.vision->file_layers - config.vision->layers, config.vision->file_layers));
  }
  if (!config.vision) notes.push_back("a decoder without a tower: it takes no pictures");
  if (config.decoder.down_hadamard > 0) {
    notes.push_back(
        "mlp.down reads its input through an online Hadamard transform: GGUF export refuses the model");
  }
  if (config.decoder.site_transforms) {
    notes.push_back(
        "every linear of the decoder reads its input through a learned transform: GGUF export refuses the model");
  }
  const auto unmatched = model.unmatched();
  for (size_t i = 0; i < std::min<size_t>(unmatched.size(), 8); ++i) notes.push_back("not used: " + unmatched[i]);
  if (unmatched.size() > 8) notes.push_back(fmt::format("not used: {} more tensors", unmatched.size() - 8));
  return notes;
}

void show(Session& session, const Model& model) {
  const VlmConfig& config = model.config();
  const auto notes = notes_of(model);
  std::string text = fmt::format("{}  (family {})\n", config.name, config.family);
  text += fmt::format("  parameters   {}\n", count_text(config.parameters()));
  if (config.vision) {
    text +=
        fmt::format("  tower        {} layers of width {}, {} x {} pixels in patches of {}, {} tokens a picture, {}\n",
                    config.vision->layers, config.vision->hidden, config.vision->image_size, config.vision->image_size,
                    config.vision->patch_size, config.vision->image_tokens(), fit_of(config.preprocess));
  }
  const DecoderConfig& decoder = config.decoder;
  text += fmt::format(
      "  decoder      {} layers of width {}, {} heads ({} for keys and values) of {}, MLP {}, vocabulary {}, context "
      "{}\n",
      decoder.layers, decoder.hidden, decoder.heads, decoder.kv_heads, decoder.head_dim, decoder.ffn,
      decoder.vocabulary, decoder.context_length);
  text += fmt::format("  sites        {}\n", decoder.layers * kSitesPerLayer);
  text += fmt::format("  stored       {}, {:.2f} bits a weight in the decoder's linears\n",
                      bytes_text(model.stored_bytes()), model.stored_bits());
  text += fmt::format("  activations  {}\n", activations_text(model));
  if (decoder.down_hadamard > 0)
    text += fmt::format("  online       Hadamard transform of mlp.down's input in blocks of {} (rotation r1r2r4)\n",
                        decoder.down_hadamard);
  if (decoder.site_transforms) text += fmt::format("  online       learned transforms, {}\n", transforms_text(decoder));
  if (config.vision) {
    text += fmt::format("  tower bits   {:.2f} a weight in its linears, {:.2f} in the projector's; activations {}\n",
                        vision_stored_bits(model), projector_stored_bits(model), vision_activations_text(model));
  }
  text += "  legal group sizes\n";
  Json groups = Json::array();
  for (const LinearKind& kind : linears_of_model(config)) {
    const auto legal = legal_groups(kind.columns);
    groups.push_back({{"tensor", kind.tensor}, {"rows", kind.rows}, {"columns", kind.columns}, {"groups", legal}});
    text += fmt::format("    {:18} {:>6} x {:<6} {}\n", kind.tensor, kind.rows, kind.columns, fmt::join(legal, ", "));
  }
  for (const auto& note : notes) text += "  note: " + note + "\n";
  session.output.text(text);

  Json activations = Json::array();
  for (const ActivationQuantizer& quantizer : model.activations()) {
    activations.push_back({{"granularity", std::string(name_of(quantizer.granularity))},
                           {"bits", quantizer.bits},
                           {"group", quantizer.group},
                           {"low", quantizer.low},
                           {"high", quantizer.high},
                           {"clip", quantizer.clip}});
  }
  const Json result{{"event", "Inspected"},
                    {"family", config.family},
                    {"name", config.name},
                    {"path", model.path().string()},
                    {"parameters", config.parameters()},
                    {"layers", decoder.layers},
                    {"sites", decoder.layers * kSitesPerLayer},
                    {"vision", vision_json(config)},
                    {"decoder", decoder_json(decoder)},
                    {"legal_groups", groups},
                    {"stored_bits", model.stored_bits()},
                    {"stored_bytes", model.stored_bytes()},
                    {"activation_bits", activation_bits(model)},
                    {"activations", activations},
                    {"vision_stored_bits", vision_stored_bits(model)},
                    {"projector_stored_bits", projector_stored_bits(model)},
                    {"vision_activation_bits", vision_activation_bits(model)},
                    {"fingerprint", model.fingerprint()},
                    {"notes", notes}};
  session.output.json_line(result.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

Command add_inspect(CLI::App& app) {
  auto options = std::make_shared<ModelOptions>();
  Command command;
  command.app =
      app.add_subcommand("inspect", "What a model is: family, parameters, layers, sites, legal groups, stored bits");
  add_model_options(*command.app, *options);
  command.run = [options](Session& session) { show(session, *open_model(*options)); };
  return command;
}

}  // namespace qvlm::cli
