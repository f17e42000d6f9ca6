// The logits behind every row of a prompt: by the page that explains the model, or by a Generator. Free of torch.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/inference/generator.h"
#include "core/model/model.h"

namespace qvlm::acceptance {

/// core/lab/reference's functions over the whole prompt at once, float32, no cache. -> [rows, vocabulary]
std::vector<float> page_logits(const Model& model, std::span<const PromptPart> parts);

/// A Generator's last_logits after one append. `backend`: "reference" or "vulkan". -> [rows, vocabulary]. Throws Error.
std::vector<float> generator_logits(std::shared_ptr<const Model> model, std::span<const PromptPart> parts, const std::string& backend, int64_t rows);

/// What the tower and the projector make of pictures, by core/lab/reference's functions, one after another. -> [pictures * image_tokens, hidden]
std::vector<float> page_picture_rows(const Model& model, std::span<const PixelTensor> pictures);

/// Tokens and pictures, and of how many of its last rows the logits are wanted.
struct Sequence {
  std::vector<PromptPart> parts;
  int64_t rows = 0;
};

/// generator_logits of sequences, one after another. `each` is given its number and logits [rows, vocabulary].
void sequence_logits(std::shared_ptr<const Model> model, std::span<const Sequence> sequences, const std::string& backend,
                     const std::function<void(size_t, std::span<const float>)>& each);

}  // namespace qvlm::acceptance
