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
#include "core/model/checkpoint_config.h"
#include "core/model/model.h"
#include "core/model/named_shapes.h"

namespace qvlm::demo {

namespace {

constexpr int64_t kShardBytes = 5'000'000'000;
constexpr size_t kTable = size_t{1} << 20, kStretch = 4096;

VlmConfig config_of(const RandomCheckpoint& wanted) {
  VlmConfig config = shape_named(wanted.shape);
  if (!config.vision) throw Error::in("random checkpoint", "shape", "one with LLaVA's tower", wanted.shape);
  config.tokens = demo_tokens();
  if (wanted.layers > 0) config.decoder.layers = wanted.layers;
  return config;
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
  write_checkpoint_config(config, "<image>", Json::object(), wanted.folder);
  RandomWeights weights(wanted.seed);
  VlmConfig whole = config;
  whole.vision->layers = whole.vision->file_layers;  // the file has the tower's last layer, too
  write_weights(wanted.folder, whole, DType::F16, kShardBytes,
                [&](const std::string& canonical, const Shape& shape) { return weights(canonical, shape); });
}

}  // namespace qvlm::demo
