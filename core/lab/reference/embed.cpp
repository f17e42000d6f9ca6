// Replaces ids by embeddings and pictures by projected features.
#include "core/lab/reference/embed.h"

#include "core/base/error.h"

namespace qvlm::reference {

torch::Tensor pixels_to_torch(const PixelTensor& pixels, torch::ScalarType type) {
  const int64_t size = pixels.size;
  if (static_cast<int64_t>(pixels.values.size()) != 3 * size * size) {
    throw Error::in("picture", "values", std::to_string(3 * size * size), std::to_string(pixels.values.size()));
  }
  // The copy (even where the type stays) keeps the tensor valid after the picture is gone.
  return torch::from_blob(const_cast<float*>(pixels.values.data()), {1, 3, size, size}, torch::TensorOptions(torch::kFloat32))
      .to(torch::TensorOptions(type), /*non_blocking=*/false, /*copy=*/true);
}

torch::Tensor image_rows(const VlmConfig& config, const VisionTower& tower, const Projector& projector, const PixelTensor& pixels,
                         const VisionHook& hook) {
  if (pixels.size != config.vision->image_size) {
    throw Error::in("picture", "pixels a side", std::to_string(config.vision->image_size), std::to_string(pixels.size));
  }
  const auto features = encode(*config.vision, tower, pixels_to_torch(pixels, tower.patch.weight.scalar_type()), hook);
  return project(config.projector, projector, features).squeeze(0);
}

torch::Tensor embed_prompt(const torch::Tensor& embedding, std::span<const PromptPart> parts, const ImageFeatures& features) {
  std::vector<torch::Tensor> rows;  // each [n, hidden]
  for (const PromptPart& part : parts) {
    if (const auto* pixels = std::get_if<PixelTensor>(&part)) {
      if (!features) throw Error("the prompt has a picture, but the model has no vision tower");
      rows.push_back(features(*pixels));
      continue;
    }
    const auto& ids = std::get<std::vector<int32_t>>(part);
    if (ids.empty()) continue;
    for (const int32_t id : ids) {
      if (id < 0 || id >= embedding.size(0)) {
        throw Error::in("prompt", "token id", "0 .. " + std::to_string(embedding.size(0) - 1), std::to_string(id));
      }
    }
    const auto index = torch::tensor(at::ArrayRef<int32_t>(ids.data(), ids.size()), torch::kInt32);
    rows.push_back(torch::embedding(embedding, index));
  }
  if (rows.empty()) return torch::empty({1, 0, embedding.size(1)}, embedding.options());
  return torch::cat(rows, 0).unsqueeze(0);
}

}  // namespace qvlm::reference
