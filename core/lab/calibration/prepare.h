// From a calibration set to what the decoder reads: dialogues rendered by the model's template, pictures through tower and projector.
#pragma once

#include <torch/types.h>

#include <functional>
#include <string>
#include <vector>

#include "core/data/sample.h"
#include "core/inference/generator.h"
#include "core/lab/reference/threads.h"
#include "core/model/model.h"

namespace qvlm::calibration {

/// One sample before its pictures are encoded.
struct CalibrationPrompt {
  std::string id;
  std::vector<PromptPart> parts;  // ids and pixels, in order
  int64_t rows = 0;               // in the decoder
  std::vector<int32_t> labels;    // [rows]: the next row's token where that belongs to an answer, else -1; no answers: all -1
};

/// Dialogues with their answers as the template writes them; a dialogue that ends with the user as a prompt; plain texts as they are.
/// Throws Error naming the sample: a picture that cannot be read, more rows than the model's context.
std::vector<CalibrationPrompt> build_prompts(const Model& model, const std::vector<Sample>& samples);

/// 32 hex digits over ids and pixels: the same data for the same tokenizer and preprocessing.
std::string fingerprint(const std::vector<CalibrationPrompt>& prompts);

/// Throws Error naming the tensor where one of those around the decoder's layers (embedding, final norm, head) has NaN or infinity. Those of
/// the layers are looked at when they are quantized.
void demand_finite_ends(const Model& model);

/// The decoder's input of every sample in float32, [1, rows, hidden] each. `on_sample` hears how many are done, on the calling thread; may
/// throw Cancelled.
std::vector<torch::Tensor> embed_prompts(const Model& model, const std::vector<CalibrationPrompt>& prompts, const reference::Workers& workers,
                                         const std::function<void(int done)>& on_sample = {});
/// The same with other features of the pictures, [image_tokens, hidden] each, in the prompts' order.
std::vector<torch::Tensor> embed_prompts(const Model& model, const std::vector<CalibrationPrompt>& prompts,
                                         const std::vector<torch::Tensor>& pictures);

/// The pictures of all prompts in order, as the tower takes them. [pictures, 3, size, size], float32; undefined where there is none.
torch::Tensor pixels_of(const VlmConfig& config, const std::vector<CalibrationPrompt>& prompts);

}  // namespace qvlm::calibration
