// The run's first phase where the recipe quantizes the tower: made or taken up, optimised, written to work/, told to the journal.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <vector>

#include "core/lab/calibration/prepare.h"
#include "core/lab/quantization/quantized_vision.h"
#include "core/lab/quantization/run_recorder.h"
#include "core/lab/reference/threads.h"
#include "core/model/model.h"
#include "core/run/recipe.h"

namespace qvlm::quantization {

struct VisionPhase {
  QuantizedVision vision;
  std::vector<torch::Tensor> pictures;  // each picture's features behind the quantized tower and projector, [image_tokens, hidden]
};

/// What the journal (`recorder`'s state) names and work/ still holds with its hash is taken over; the rest is made, and announced by
/// VisionQuantized, VeoStep, VeoEpoch and VeoFinished. Throws Error: no tower, no picture; Cancelled.
VisionPhase run_vision_phase(const Model& model, const Recipe& recipe, const std::vector<calibration::CalibrationPrompt>& prompts,
                             const std::filesystem::path& work, const reference::Workers& workers, RunRecorder& recorder);

}  // namespace qvlm::quantization
