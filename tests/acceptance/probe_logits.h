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

/// The same for each sequence of tokens, one after another. `each` is given its number and logits [tokens, vocabulary].
void sequence_logits(std::shared_ptr<const Model> model, std::span<const std::vector<int32_t>> sequences, const std::string& backend,
                     const std::function<void(size_t, std::span<const float>)>& each);

}  // namespace qvlm::acceptance
