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

std::vector<float> page_logits(const Model& model, std::span<const PromptPart> parts) {
  namespace page = qvlm::reference;
  const torch::NoGradGuard no_gradients;
  const VlmConfig& config = model.config();
  page::ImageFeatures features;
  if (config.vision) {
    features = [&config, tower = page::VisionTower::load(model, torch::kFloat32),
                projector = page::Projector::load(model, torch::kFloat32)](const PixelTensor& pixels) {
      return page::image_rows(config, tower, projector, pixels);
    };
  }
  const auto ends = page::DecoderEnds::load(model, torch::kFloat32);
  torch::Tensor x = page::embed_prompt(ends.embedding, parts, features);  // [1, rows, hidden]
  const auto rotary = page::RotaryTable::make(config.decoder, x.size(1));
  page::for_each_layer(model, torch::kFloat32,
                       [&](int index, page::DecoderLayer& layer) { x = page::decoder_layer(config.decoder, layer, x, rotary, index); });
  const auto logits = page::decoder_logits(config.decoder, ends, x).to(torch::kFloat32).contiguous();  // [1, rows, vocabulary]
  return {logits.data_ptr<float>(), logits.data_ptr<float>() + logits.numel()};
}

}  // namespace qvlm::acceptance
