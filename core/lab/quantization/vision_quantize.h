// The tower, quantized layer by layer on two streams, and the projector behind it; and what that costs.
#pragma once

#include <torch/types.h>

#include <functional>

#include "core/lab/quantization/quantized_vision.h"
#include "core/lab/reference/threads.h"
#include "core/model/model.h"
#include "core/run/recipe.h"

namespace qvlm::quantization {

struct VisionQuantization {
  QuantizedVision vision;
  double weight_error = 0;           // relative and squared, as all here: of the tower's linears' weights
  std::vector<float> layer_errors;   // of each layer's output, quantized stream against float stream
};

/// Pictures' features behind tower and projector. [pictures, image_tokens, vision hidden] and [pictures, image_tokens, hidden]
struct VisionOutput {
  torch::Tensor tower, projected;
};

/// True where the recipe quantizes tower or projector.
bool quantizes_vision(const Recipe& recipe);

/// pixels [pictures, 3, size, size]. One float layer of the tower is resident at a time; each layer is quantized on the quantized path's own
/// input, with the float path as its target. The projector's weights take one symmetric 8-bit scale a row. `on_layer` hears how many layers
/// are done; may throw Cancelled. Throws Error naming the tensor.
VisionQuantization quantize_vision(const Model& model, const Recipe& recipe, const torch::Tensor& pixels, const reference::Workers& workers,
                                   const std::function<void(int done)>& on_layer = {});

/// Tower and projector over all pictures, a few at a time, in float32: the checkpoint's own where `vision` is null.
VisionOutput run_vision(const Model& model, const QuantizedVision* vision, const torch::Tensor& pixels, const reference::Workers& workers);

/// |x - y|^2 / |y|^2 (|x|^2 where y is zero).
double relative_squared_error(const torch::Tensor& x, const torch::Tensor& y);

}  // namespace qvlm::quantization
