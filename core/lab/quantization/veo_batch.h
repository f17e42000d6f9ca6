// Calibration pairs as the visual-encoder optimisation reads them: pixels, the text around them, and the answers' tokens.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "core/lab/calibration/prepare.h"

namespace qvlm::quantization {

/// Samples run together, right-padded.
struct VeoBatch {
  int64_t samples = 0, longest = 0;
  torch::Tensor pixels;        // [pictures, 3, size, size]
  torch::Tensor text;          // [samples, longest, hidden]: embeddings of ids; zero in pictures' rows and padding
  torch::Tensor picture_rows;  // [pictures * image_tokens], int64: rows of the flattened batch that pictures fill, in order
  torch::Tensor rows;          // [real rows], int64: rows that are no padding
  torch::Tensor answer_rows;   // [answer tokens], int64: rows whose next token belongs to an answer; may be empty
  torch::Tensor answers;       // [answer tokens], int64: those tokens

  /// The decoder's input with these features in the pictures' rows. features [pictures, image_tokens, hidden] -> [samples, longest, hidden].
  torch::Tensor embed(const torch::Tensor& features) const;
  /// x [samples, longest, width] -> [real rows, width]
  torch::Tensor real(const torch::Tensor& x) const { return x.reshape({-1, x.size(-1)}).index_select(0, rows); }
};

/// embedding [vocabulary, hidden]; `chosen`: numbers of prompts.
VeoBatch make_veo_batch(const std::vector<calibration::CalibrationPrompt>& prompts, const std::vector<int>& chosen, const torch::Tensor& embedding,
                        int64_t image_tokens);

}  // namespace qvlm::quantization
