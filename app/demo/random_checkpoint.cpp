// Shapes of LLaVA-1.5 and their random weights.
#include "app/demo/random_checkpoint.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include <nlohmann/json.hpp>

#include "app/demo/checkpoint_folder.h"
#include "app/demo/make_tokenizer.h"
#include "app/demo/rng.h"
#include "core/base/error.h"
#include "core/base/half.h"
#include "core/base/json.h"
#include "core/model/model.h"
#include "core/model/named_shapes.h"

namespace qvlm::demo {

namespace {

constexpr int64_t kShardBytes = 5'000'000'000;
constexpr size_t kTable = size_t{1} << 20, kStretch = 4096;

VlmConfig config_of(const RandomCheckpoint& wanted) {
  VlmConfig config = shape_named(wanted.shape);
  if (!config.vision) throw Error::in("random checkpoint", "shape", "one with LLaVA's tower", wanted.shape);
  config.vision->layers = config.vision->file_layers;  // the file has them all
  if (wanted.layers > 0) config.decoder.layers = wanted.layers;
  return config;
}

Json config_json(const VlmConfig& config) {
  const VisionConfig& v = *config.vision;
  const DecoderConfig& d = config.decoder;
  return {{"architectures", {"LlavaForConditionalGeneration"}},
          {"model_type", "llava"},
          {"image_token_index", kImageTokenId},
          {"image_seq_length", v.patches()},
          {"pad_token_id", kPadTokenId},
          {"projector_hidden_act", "gelu"},
          {"vision_feature_layer", -2},
          {"vision_feature_select_strategy", "default"},
          {"tie_word_embeddings", false},
          {"torch_dtype", "float16"},
          {"text_config",
           {{"model_type", "llama"},
            {"vocab_size", d.vocabulary},
            {"hidden_size", d.hidden},
            {"intermediate_size", d.ffn},
            {"num_hidden_layers", d.layers},
            {"num_attention_heads", d.heads},
            {"num_key_value_heads", d.kv_heads},
            {"max_position_embeddings", d.context_length},
            {"rms_norm_eps", 1e-5},
            {"tie_word_embeddings", false},
            {"torch_dtype", "float16"}}},
          {"vision_config",
           {{"model_type", "clip_vision_model"},
            {"hidden_size", v.hidden},
            {"intermediate_size", v.ffn},
            {"num_hidden_layers", v.file_layers},
            {"num_attention_heads", v.heads},
            {"image_size", v.image_size},
            {"patch_size", v.patch_size},
            {"hidden_act", "quick_gelu"},
            {"projection_dim", 768}}}};
}

Json preprocessor_json(int size) {
  return {{"image_processor_type", "CLIPImageProcessor"},
          {"size", {{"shortest_edge", size}}},
          {"crop_size", {{"height", size}, {"width", size}}},
          {"resample", 3}};
}

// Normal numbers, by Box and Muller.
std::vector<float> normal_table(uint64_t seed) {
  Rng random(seed);
  std::vector<float> table(kTable);
  for (size_t i = 0; i < kTable; i += 2) {
    const double radius = std::sqrt(-2 * std::log(1 - random.unit())), angle = 2 * std::numbers::pi * random.unit();
    table[i] = static_cast<float>(radius * std::cos(angle));
    table[i + 1] = static_cast<float>(radius * std::sin(angle));
  }
  return table;
}

class RandomWeights {
 public:
  explicit RandomWeights(uint64_t seed) : random_(seed), normal_(normal_table(seed)) {}

  std::span<const std::byte> operator()(const std::string& canonical, const Shape& shape) {
    const auto count = static_cast<size_t>(element_count(shape, canonical));
    values_.resize(count);
    if (shape.size() == 1) {
      const bool gain = canonical.ends_with("norm.weight");
      std::fill(values_.begin(), values_.end(), to_half(gain ? 1.0f : 0.0f));
    } else {
      const std::vector<uint16_t>& table = table_of(static_cast<int64_t>(count) / shape[0]);
      for (size_t at = 0; at < count; at += kStretch) {
        const auto from = static_cast<size_t>(random_.below(static_cast<int>(kTable - kStretch)));
        std::copy_n(table.begin() + static_cast<std::ptrdiff_t>(from), std::min(kStretch, count - at),
                    values_.begin() + static_cast<std::ptrdiff_t>(at));
      }
    }
    return std::as_bytes(std::span(values_));
  }

 private:
  const std::vector<uint16_t>& table_of(int64_t inputs) {
    std::vector<uint16_t>& table = tables_[inputs];
    if (table.empty())
      for (const float value : normal_) table.push_back(to_half(value * 0.7f / std::sqrt(static_cast<float>(inputs))));
    return table;
  }

  Rng random_;
  std::vector<float> normal_;
  std::map<int64_t, std::vector<uint16_t>> tables_;  // scaled, by a row's inputs
  std::vector<uint16_t> values_;
};

}  // namespace

void make_random_checkpoint(const RandomCheckpoint& wanted) {
  const VlmConfig config = config_of(wanted);
  make_empty_folder(wanted.folder);
  make_tokenizer(wanted.folder);
  write_json(wanted.folder / "config.json", config_json(config));
  write_json(wanted.folder / "preprocessor_config.json", preprocessor_json(config.vision->image_size));
  RandomWeights weights(wanted.seed);
  write_weights(wanted.folder, config, DType::F16, kShardBytes,
                [&](const std::string& canonical, const Shape& shape) { return weights(canonical, shape); });
}

}  // namespace qvlm::demo
