// The whole model once over a prompt, with the reference's functions alone.
#include <torch/types.h>
#include <torch/utils.h>

#include "core/lab/reference/decoder.h"
#include "core/lab/reference/embed.h"
#include "core/lab/reference/projector.h"
#include "core/lab/reference/rotary.h"
#include "core/lab/reference/vision.h"
#include "tests/acceptance/probe_logits.h"

namespace qvlm::acceptance {

namespace page = qvlm::reference;

namespace {

page::ImageFeatures features_of(const Model& model) {
  return [&config = model.config(), tower = page::VisionTower::load(model, torch::kFloat32),
          projector = page::Projector::load(model, torch::kFloat32)](const PixelTensor& pixels) {
    return page::image_rows(config, tower, projector, pixels);
  };
}

std::vector<float> values_of(const torch::Tensor& x) {
  const auto plain = x.to(torch::kFloat32).contiguous();
  return {plain.data_ptr<float>(), plain.data_ptr<float>() + plain.numel()};
}

}  // namespace

std::vector<float> page_picture_rows(const Model& model, std::span<const PixelTensor> pictures) {
  const torch::NoGradGuard no_gradients;
  const page::ImageFeatures features = features_of(model);
  std::vector<torch::Tensor> rows;
  for (const PixelTensor& pixels : pictures) rows.push_back(features(pixels));  // [image_tokens, hidden]
  return values_of(torch::cat(rows));
}

std::vector<float> page_logits(const Model& model, std::span<const PromptPart> parts) {
  const torch::NoGradGuard no_gradients;
  const VlmConfig& config = model.config();
  const page::ImageFeatures features = config.vision ? features_of(model) : page::ImageFeatures{};
  const auto ends = page::DecoderEnds::load(model, torch::kFloat32);
  torch::Tensor x = page::embed_prompt(ends.embedding, parts, features);  // [1, rows, hidden]
  const auto rotary = page::RotaryTable::make(config.decoder, x.size(1));
  page::for_each_layer(model, torch::kFloat32,
                       [&](int index, page::DecoderLayer& layer) { x = page::decoder_layer(config.decoder, layer, x, rotary, index); });
  return values_of(page::decoder_logits(config.decoder, ends, x));  // [1, rows, vocabulary]
}

}  // namespace qvlm::acceptance
