// Keys of the vision tower's file (the mmproj layout of llama.cpp; peers.md 4.3).
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/model/gguf_config.h"
#include "core/model/preprocessor_config.h"

namespace qvlm {

namespace {

Activation read_tower_activation(const GgufFile& file) {
  if (file.has_key("qvlm.vision.activation"))
    return read_activation_key(file, "qvlm.vision.activation", Activation::GELU);
  if (file.flag_or("clip.use_gelu", false)) return Activation::GELU;
  return file.flag_or("clip.use_silu", false) ? Activation::SILU : Activation::QUICK_GELU;
}

std::array<float, 3> read_colour(const GgufFile& file, const std::string& key) {
  const auto values = file.numbers(key);
  if (values.size() != 3) throw Error::in(file.file(), key, "three numbers", std::to_string(values.size()));
  return {static_cast<float>(values[0]), static_cast<float>(values[1]), static_cast<float>(values[2])};
}

int bounded(const GgufFile& file, const std::string& key, int fallback, int most) {
  const int64_t value = file.integer_or(key, fallback);
  if (value < 0 || value > most) throw Error::in(file.file(), key, fmt::format("0 to {}", most), std::to_string(value));
  return static_cast<int>(value);
}

void read_preprocess(const GgufFile& file, const VisionConfig& vision, PreprocessConfig& preprocess) {
  preprocess = {};
  preprocess.mean = read_colour(file, "clip.vision.image_mean");
  preprocess.std = read_colour(file, "clip.vision.image_std");
  preprocess.size = preprocess.shortest_edge = vision.image_size;
  const auto fit = file.text_or("qvlm.preprocess.fit", "pad_square");
  if (fit != "pad_square" && fit != "center_crop")
    throw Error::in(file.file(), "qvlm.preprocess.fit", "pad_square or center_crop", "\"" + fit + "\"");
  preprocess.fit = fit == "pad_square" ? PreprocessConfig::Fit::PAD_SQUARE : PreprocessConfig::Fit::CENTER_CROP;
  preprocess.resample = static_cast<PreprocessConfig::Resample>(
      bounded(file, "qvlm.preprocess.resample", static_cast<int>(PreprocessConfig::Resample::BICUBIC), 5));
  preprocess.shortest_edge = bounded(file, "qvlm.preprocess.shortest_edge", vision.image_size, 1 << 14);
  preprocess.resize = file.flag_or("qvlm.preprocess.resize", true);
  preprocess.crop = file.flag_or("qvlm.preprocess.crop", true);
  preprocess.normalize = file.flag_or("qvlm.preprocess.normalize", true);
  preprocess.rescale = static_cast<float>(file.number_or("qvlm.preprocess.rescale", 1.0f / 255.0f));
  check_preprocess(preprocess, vision, file.file());
}

}  // namespace

void read_vision_keys(const GgufFile& file, VlmConfig& config) {
  const std::string architecture = file.text("general.architecture");
  if (architecture != "clip" && architecture != "qvlm")
    throw Error::in(file.file(), "general.architecture", "clip (or qvlm)", "\"" + architecture + "\"");
  const auto projector = file.text_or("clip.projector_type", "mlp");
  if (projector != "mlp") throw Error::in(file.file(), "clip.projector_type", "mlp", "\"" + projector + "\"");
  VisionConfig vision;
  vision.hidden = file.size("clip.vision.embedding_length");
  vision.ffn = file.size("clip.vision.feed_forward_length");
  vision.heads = file.size("clip.vision.attention.head_count", 4096);
  vision.image_size = file.size("clip.vision.image_size", 1 << 14);
  vision.patch_size = file.size("clip.vision.patch_size", 1 << 14);
  vision.norm_epsilon = static_cast<float>(file.number("clip.vision.attention.layer_norm_epsilon"));
  const int blocks = file.size("clip.vision.block_count", 4096);
  vision.layers = blocks - 1;
  if (file.has_key("clip.vision.feature_layer")) {
    const auto layers = file.integers("clip.vision.feature_layer");
    if (layers.size() != 1)
      throw Error::in(file.file(), "clip.vision.feature_layer", "one layer", std::to_string(layers.size()));
    if (layers[0] < 1 || layers[0] > blocks)
      throw Error::in(file.file(), "clip.vision.feature_layer", fmt::format("1 to {}", blocks),
                      std::to_string(layers[0]));
    vision.layers = static_cast<int>(layers[0]);
  }
  if (vision.layers < 1)
    throw Error::in(file.file(), "clip.vision.block_count", "2 or more (without clip.vision.feature_layer)",
                    std::to_string(blocks));
  vision.file_layers = std::max(blocks, bounded(file, "qvlm.vision.file_layers", blocks, 4096));
  vision.class_token = file.has_tensor("v.class_embd");
  vision.pre_norm = file.has_tensor("v.pre_ln.weight");
  vision.activation = read_tower_activation(file);
  vision.keep_class_token = file.flag_or("qvlm.vision.keep_class_token", false);
  if (vision.hidden % vision.heads != 0)
    throw Error::in(file.file(), "clip.vision.embedding_length",
                    fmt::format("a multiple of head_count ({})", vision.heads), std::to_string(vision.hidden));
  if (vision.patch_size > vision.image_size)
    throw Error::in(file.file(), "clip.vision.patch_size", "at most image_size", std::to_string(vision.patch_size));
  if (!(vision.norm_epsilon > 0))
    throw Error::in(file.file(), "clip.vision.attention.layer_norm_epsilon", "a positive number",
                    std::to_string(vision.norm_epsilon));
  config.vision = vision;

  config.projector = {};
  config.projector.bias = file.has_tensor("mm.0.bias");
  const int64_t middle = file.has_tensor("mm.0.weight") ? file.tensor("mm.0.weight").shape[0] : config.decoder.hidden;
  config.projector.hidden = bounded(file, "qvlm.projector.hidden", static_cast<int>(std::clamp<int64_t>(middle, 1, 1 << 20)), 1 << 20);
  config.projector.activation = read_activation_key(file, "qvlm.projector.activation", Activation::GELU);
  read_preprocess(file, vision, config.preprocess);
}

void write_vision_keys(GgufWriter& writer, const VlmConfig& config, const std::string& architecture) {
  const VisionConfig& vision = *config.vision;
  const PreprocessConfig& preprocess = config.preprocess;
  const auto u32 = [&](const std::string& key, int value) { writer.set_u32(key, static_cast<uint32_t>(value)); };
  writer.set_text("general.architecture", architecture);
  writer.set_text("general.type", "mmproj");
  writer.set_text("general.name", config.name);
  writer.set_u32("general.quantization_version", 2);
  writer.set_bool("clip.has_vision_encoder", true);
  writer.set_text("clip.projector_type", "mlp");
  u32("clip.vision.image_size", vision.image_size);
  u32("clip.vision.patch_size", vision.patch_size);
  u32("clip.vision.embedding_length", vision.hidden);
  u32("clip.vision.feed_forward_length", vision.ffn);
  u32("clip.vision.projection_dim", config.decoder.hidden);
  u32("clip.vision.block_count", vision.layers);
  u32("clip.vision.attention.head_count", vision.heads);
  writer.set_f32("clip.vision.attention.layer_norm_epsilon", vision.norm_epsilon);
  writer.set_i32s("clip.vision.feature_layer", {vision.layers});
  writer.set_f32s("clip.vision.image_mean", {preprocess.mean.begin(), preprocess.mean.end()});
  writer.set_f32s("clip.vision.image_std", {preprocess.std.begin(), preprocess.std.end()});
  writer.set_bool("clip.use_gelu", vision.activation == Activation::GELU || vision.activation == Activation::GELU_TANH);
  writer.set_bool("clip.use_silu", vision.activation == Activation::SILU);

  writer.set_text("qvlm.vision.activation", name_of(vision.activation));
  u32("qvlm.vision.file_layers", vision.file_layers);
  writer.set_bool("qvlm.vision.keep_class_token", vision.keep_class_token);
  u32("qvlm.projector.hidden", config.projector.hidden);
  writer.set_text("qvlm.projector.activation", name_of(config.projector.activation));
  writer.set_text("qvlm.preprocess.fit",
                  preprocess.fit == PreprocessConfig::Fit::PAD_SQUARE ? "pad_square" : "center_crop");
  u32("qvlm.preprocess.resample", static_cast<int>(preprocess.resample));
  u32("qvlm.preprocess.shortest_edge", preprocess.shortest_edge);
  writer.set_bool("qvlm.preprocess.resize", preprocess.resize);
  writer.set_bool("qvlm.preprocess.crop", preprocess.crop);
  writer.set_bool("qvlm.preprocess.normalize", preprocess.normalize);
  writer.set_f32("qvlm.preprocess.rescale", preprocess.rescale);
}

}  // namespace qvlm
