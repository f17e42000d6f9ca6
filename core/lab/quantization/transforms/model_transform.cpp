// From a recipe's rotation to matrices.
#include "core/lab/quantization/transforms/model_transform.h"

#include <span>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/model/hadamard.h"

namespace qvlm::quantization {

namespace {

// Seeds of matrices that share nothing.
uint64_t seed_of(uint64_t seed, uint64_t kind, uint64_t layer, uint64_t head) {
  return seed * 0x9e3779b97f4a7c15ULL + (kind << 48) + (layer << 16) + head;
}

std::string block_text(const char* name, int64_t width, int64_t block) {
  std::string text = std::string(name) + " " + std::to_string(width);
  if (block == 0) return text + " dense";
  return block == width ? text + " whole" : text + " in blocks of " + std::to_string(block);
}

}  // namespace

ModelTransform make_transform(const DecoderConfig& config, RotationMode mode, uint64_t seed, const torch::Tensor& axes) {
  if (mode == RotationMode::NONE) throw Error::in("recipe", "rotation", "fold, r1r2, r1r2r4 or principal", "none");
  ModelTransform transform;
  transform.name = std::string(name_of(mode)) + " " + std::to_string(seed);
  if (mode == RotationMode::FOLD) return transform;
  if (mode == RotationMode::PRINCIPAL) {
    if (!axes.defined() || axes.size(0) != config.hidden) throw Error("rotation principal: expected axes of " + std::to_string(config.hidden) + " channels");
    transform.residual = Rotation::dense(axes, "rotation principal: axes");
    transform.principal = true;
    const auto values = axes.to(torch::kFloat32).contiguous();
    transform.name += " " + hash64_hex(std::as_bytes(std::span(values.data_ptr<float>(), static_cast<size_t>(values.numel()))));
  } else {
    transform.residual = Rotation::hadamard(config.hidden, seed_of(seed, 1, 0, 0), "rotation r1: hidden");
  }
  transform.layers.resize(static_cast<size_t>(config.layers));
  const bool online = mode == RotationMode::R1R2R4;
  if (online) {
    transform.down_hadamard = static_cast<int>(hadamard_block(config.ffn));
    if (transform.down_hadamard < 2)
      throw Error::in("rotation r4: ffn", "width", "an even number (the smallest Hadamard block is 2)",
                      std::to_string(config.ffn));
  }
  for (size_t i = 0; i < transform.layers.size(); ++i) {
    LayerTransform& layer = transform.layers[i];
    for (int head = 0; head < config.kv_heads; ++head)
      layer.values.push_back(Rotation::hadamard(config.head_dim, seed_of(seed, 2, i, static_cast<uint64_t>(head)),
                                                "rotation r2: head_dim"));
    if (online) layer.middle_scales = random_signs(config.ffn, seed_of(seed, 4, i, 0));
  }
  return transform;
}

std::string describe(const ModelTransform& transform, const DecoderConfig& config) {
  std::string text = "norm gains folded";
  if (!transform.residual.is_identity())
    text += "; " + (transform.principal ? "R1 " + std::to_string(config.hidden) + " along its principal axes" : block_text("R1", config.hidden, transform.residual.block()));
  if (!transform.layers.empty() && !transform.layers.front().values.empty())
    text += "; " + block_text("R2", config.head_dim, transform.layers.front().values.front().block());
  if (transform.down_hadamard > 0) text += "; " + block_text("R4 (online)", config.ffn, transform.down_hadamard);
  return text;
}

}  // namespace qvlm::quantization
