// Testbeds that can tell quantization methods apart: function-preserving changes of a model that make it harder to
// round, written as a new checkpoint.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "core/model/model.h"
#include "core/model/tensor.h"

namespace qvlm::demo {

/// Norm gains folded, and the residual stream rotated by a random orthogonal matrix: takes weights that lie on a grid
/// already (a quantized GGUF) off it.
struct RotatedTestbed {
  std::shared_ptr<const Model> model;
  std::filesystem::path folder;  // absent or empty
  uint64_t seed = 0;
  DType dtype = DType::F32;  // or F16
};

/// Norm gains folded, and the residual stream rotated into the principal components of its own normalised states, so
/// that a few channels hold most of every token; and in each layer the `channels` strongest MLP channels times `scale`
/// (rows of up_proj) and over it (columns of down_proj), the `value_channels` strongest value channels likewise (rows of
/// v_proj, columns of o_proj). Nothing but a rotation undoes the first.
struct OutlierTestbed {
  std::shared_ptr<const Model> model;
  std::filesystem::path folder;       // absent or empty
  std::filesystem::path calibration;  // core/data/calibration_set.h: where states and channels are measured
  int samples = 32;
  // With these, the demo model loses some 45 points by plain RTN at W4A4 per token.
  double scale = 44;
  int channels = 8, value_channels = 0;
  uint64_t seed = 0;  // which samples
  DType dtype = DType::F32;
};

/// What a testbed's maker checked on the files that it wrote.
struct TestbedCheck {
  int64_t tokens = 0;
  double logits_difference = 0;  // ||a - b|| / ||a|| over all rows of logits, against the source in float32
  int same_choices = 0;          // rows with the same most likely token
};

/// Writes a Hugging Face folder; from a GGUF file a folder with model.gguf, since its tokenizer has no other form. The
/// folder is opened again and its logits compared. Throws Error: a model that is quantized with activations, a folder
/// that is not empty, logits that differ by more than 1e-3 at F32 (1e-2 at F16).
TestbedCheck make_rotated_testbed(const RotatedTestbed& wanted);
TestbedCheck make_outlier_testbed(const OutlierTestbed& wanted);

}  // namespace qvlm::demo
