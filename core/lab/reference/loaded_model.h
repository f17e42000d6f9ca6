// A whole model in memory with what running it takes: weights, rotary table, activation quantizers, pictures seen lately.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <list>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

#include "core/inference/generator.h"
#include "core/lab/reference/decoder.h"
#include "core/lab/reference/projector.h"
#include "core/lab/reference/reference_generator.h"
#include "core/model/model.h"

namespace qvlm::reference {

/// Loaded once; nothing changes afterwards.
struct LoadedModel {
  /// Throws Error: a context longer than the model's, a wrong number of activation quantizers.
  LoadedModel(const Model& model, const ReferenceOptions& options);

  VlmConfig config;
  torch::ScalarType type;
  int64_t context = 0;  // positions
  int kv_bits = 32;     // as_cached()
  VisionTower tower;
  Projector projector;
  DecoderEnds ends;
  std::vector<DecoderLayer> layers;
  RotaryTable rotary;  // [context, head_dim]
  SiteHook hook;       // empty: activations are not quantized
  VisionHook vision_hook;  // of the tower's activations; empty as well
  GeneratorInfo info;

 private:
  void describe(const Model& model, const ReferenceOptions& options);
  void describe_vision(const Model& model, const ReferenceOptions& options);
};

/// Rows that a part takes in the decoder. Throws Error for a picture where the model has no tower.
int64_t rows_of(const VlmConfig& config, const PromptPart& part);

/// Pictures' rows in the decoder's input, kept by PixelTensor::hash.
class PictureCache {
 public:
  explicit PictureCache(const LoadedModel& model) : model_(model) {}

  /// The rows of each picture, [image_tokens, hidden]; those that are not kept are encoded together. Throws Cancelled.
  std::vector<torch::Tensor> rows(std::span<const PixelTensor* const> pictures, const std::stop_token& stop);

  double seconds = 0;  // spent encoding
  int found = 0;       // pictures that were there

 private:
  torch::Tensor encode_together(std::span<const PixelTensor* const> pictures) const;

  const LoadedModel& model_;
  std::list<std::pair<uint64_t, torch::Tensor>> kept_;  // the last used first
};

}  // namespace qvlm::reference
