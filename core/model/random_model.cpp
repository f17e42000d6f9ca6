// Random weights on demand.
#include "core/model/random_model.h"

#include <cmath>
#include <map>
#include <mutex>

#include "core/base/error.h"
#include "core/base/half.h"
#include "core/model/checkpoint.h"

namespace qvlm {
namespace {

// Fast and good enough for weights that nobody reads: a 64-bit linear congruential generator, its upper bits.
class Numbers {
 public:
  explicit Numbers(std::string_view name) {
    for (const char c : name) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
  uint32_t next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>(state_ >> 32);
  }

 private:
  uint64_t state_ = 0xcbf29ce484222325u;
};

class RandomModel : public Model {
 public:
  RandomModel(VlmConfig config, const RandomGrid& grid) : config_(std::move(config)), grid_(grid) {
    if (grid.bits != 16 && (grid.bits < 2 || grid.bits > 8)) throw Error::in("random weights", "bits", "2 to 8, or 16", std::to_string(grid.bits));
    if (grid.group <= 0) throw Error::in("random weights", "group", "a positive number of columns", std::to_string(grid.group));
    for (const ExpectedTensor& tensor : expected_tensors(config_))
      if (!tensor.optional) shapes_.emplace(tensor.name, tensor.shape);
  }

  const VlmConfig& config() const override { return config_; }
  std::filesystem::path path() const override { return "random weights"; }
  const TokenizerSource& tokenizer() const override { return tokenizer_; }
  std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const auto& [name, shape] : shapes_) all.push_back(name);
    return all;
  }
  bool has(std::string_view canonical) const override { return shapes_.find(canonical) != shapes_.end(); }

  Weight load(std::string_view canonical) const override {
    const auto found = shapes_.find(canonical);
    if (found == shapes_.end()) throw Error("random weights: no tensor " + std::string(canonical));
    const auto& [name, shape] = *found;
    if (is_quantized(name)) return random_quantized_matrix(name, shape[0], shape[1], grid_);
    const std::lock_guard lock(mutex_);
    std::vector<uint16_t>& values = held_[name];
    if (values.empty()) values = plain(name, shape);
    return TensorView{DType::F16, shape, std::as_bytes(std::span(values)), name};
  }
  void release(std::string_view canonical) const override {
    const std::lock_guard lock(mutex_);
    if (const auto found = held_.find(canonical); found != held_.end()) held_.erase(found);
  }

  const std::vector<ActivationQuantizer>& activations() const override { return activations_; }
  int64_t stored_bytes() const override { return 0; }
  double stored_bits() const override { return grid_.bits; }
  std::string fingerprint() const override { return "random"; }
  std::vector<std::string> unmatched() const override { return {}; }

 private:
  bool is_quantized(const std::string& name) const {
    return grid_.bits < 16 && is_decoder_linear(name);
  }

  static std::vector<uint16_t> plain(const std::string& name, const Shape& shape) {
    const auto count = static_cast<size_t>(element_count(shape, name));
    if (shape.size() == 1) return std::vector<uint16_t>(count, to_half(name.ends_with("norm.weight") ? 1.0f : 0.0f));
    Numbers numbers(name);
    const float most = 0.7f * std::sqrt(3.0f) / std::sqrt(static_cast<float>(count / static_cast<size_t>(shape[0])));
    std::vector<uint16_t> values(count);
    for (uint16_t& value : values) value = to_half(most * (static_cast<float>(numbers.next() >> 8) * 0x1p-23f - 1));
    return values;
  }

  VlmConfig config_;
  RandomGrid grid_;
  TokenizerSource tokenizer_;
  std::map<std::string, Shape, std::less<>> shapes_;
  std::vector<ActivationQuantizer> activations_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::vector<uint16_t>, std::less<>> held_;  // what was loaded and not released
};

}  // namespace

QuantizedMatrix random_quantized_matrix(const std::string& name, int64_t rows, int64_t columns, const RandomGrid& grid) {
  QuantizedMatrix matrix;
  matrix.rows = rows;
  matrix.columns = columns;
  matrix.bits = grid.bits;
  matrix.group = columns % grid.group == 0 ? grid.group : columns;
  matrix.symmetric = grid.symmetric;
  Numbers numbers(name);
  const auto mask = static_cast<uint8_t>((1 << grid.bits) - 1);
  matrix.codes.resize(static_cast<size_t>(rows * columns));
  for (uint8_t& code : matrix.codes) code = static_cast<uint8_t>(numbers.next() & mask);
  const auto groups = static_cast<size_t>(rows * matrix.groups());
  // Codes are spread evenly: their deviation is levels / sqrt(12).
  const float scale = 0.7f / std::sqrt(static_cast<float>(columns)) * std::sqrt(12.0f) / static_cast<float>(1 << grid.bits);
  matrix.scales.assign(groups, to_half(scale));
  matrix.zeros.assign(groups, static_cast<uint8_t>(1 << (grid.bits - 1)));
  return matrix;
}

std::unique_ptr<Model> make_random_model(VlmConfig config, const RandomGrid& grid) { return std::make_unique<RandomModel>(std::move(config), grid); }

}  // namespace qvlm
