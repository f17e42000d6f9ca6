// Laying prompts out in rows.
#include "core/lab/quantization/veo_batch.h"

#include <algorithm>

#include "core/lab/reference/embed.h"

namespace qvlm::quantization {

torch::Tensor VeoBatch::embed(const torch::Tensor& features) const {
  const int64_t hidden = text.size(2);
  return text.reshape({-1, hidden}).index_copy(0, picture_rows, features.reshape({-1, hidden})).reshape(text.sizes());
}

VeoBatch make_veo_batch(const std::vector<calibration::CalibrationPrompt>& prompts, const std::vector<int>& chosen, const torch::Tensor& embedding,
                        int64_t image_tokens) {
  VeoBatch batch;
  batch.samples = static_cast<int64_t>(chosen.size());
  for (const int one : chosen) batch.longest = std::max(batch.longest, prompts[static_cast<size_t>(one)].rows);
  batch.text = torch::zeros({batch.samples, batch.longest, embedding.size(1)}, torch::kFloat32);
  std::vector<torch::Tensor> pixels;
  std::vector<int64_t> picture_rows, rows, answer_rows, answers;
  for (int64_t i = 0; i < batch.samples; ++i) {
    const calibration::CalibrationPrompt& prompt = prompts[static_cast<size_t>(chosen[static_cast<size_t>(i)])];
    int64_t row = 0;
    for (const PromptPart& part : prompt.parts) {
      if (const auto* picture = std::get_if<PixelTensor>(&part)) {
        pixels.push_back(reference::pixels_to_torch(*picture, torch::kFloat32));
        for (int64_t token = 0; token < image_tokens; ++token) picture_rows.push_back(i * batch.longest + row++);
        continue;
      }
      const auto text = reference::embed_prompt(embedding, std::span(&part, 1), {})[0];  // [ids, hidden]
      batch.text[i].narrow(0, row, text.size(0)).copy_(text);
      row += text.size(0);
    }
    for (int64_t at = 0; at < prompt.rows; ++at) {
      rows.push_back(i * batch.longest + at);
      if (prompt.labels[static_cast<size_t>(at)] < 0) continue;
      answer_rows.push_back(i * batch.longest + at);
      answers.push_back(prompt.labels[static_cast<size_t>(at)]);
    }
  }
  batch.pixels = torch::cat(pixels);
  batch.picture_rows = torch::tensor(picture_rows, torch::kInt64);
  batch.rows = torch::tensor(rows, torch::kInt64);
  batch.answer_rows = torch::tensor(answer_rows, torch::kInt64);
  batch.answers = torch::tensor(answers, torch::kInt64);
  return batch;
}

}  // namespace qvlm::quantization
