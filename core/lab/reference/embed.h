// From a prompt's parts, ids and pictures, to the decoder's input.
#pragma once

#include <torch/types.h>

#include <functional>
#include <span>

#include "core/inference/generator.h"
#include "core/lab/reference/projector.h"

namespace qvlm::reference {

/// A picture's rows in the decoder's input. -> [image_tokens, hidden]
using ImageFeatures = std::function<torch::Tensor(const PixelTensor& pixels)>;

/// The pixels as a tensor. -> [1, 3, size, size]
torch::Tensor pixels_to_torch(const PixelTensor& pixels, torch::ScalarType type);

/// encode (its sites through `hook`) and project of one picture. -> [image_tokens, decoder hidden]
torch::Tensor image_rows(const VlmConfig& config, const VisionTower& tower, const Projector& projector, const PixelTensor& pixels,
                         const VisionHook& hook = {});

/// Rows of `embedding` [vocabulary, hidden] for ids, `features` for pictures. -> [1, tokens, hidden].
/// Throws Error for an id outside the vocabulary or a picture where `features` is empty.
torch::Tensor embed_prompt(const torch::Tensor& embedding, std::span<const PromptPart> parts, const ImageFeatures& features);

}  // namespace qvlm::reference
