// From a picture to the vision tower's input, as Hugging Face's slow (PIL-based) CLIPImageProcessor or LLaVA's pad-to-square does it.
#pragma once

#include <cstdint>
#include <vector>

#include "core/input/image.h"
#include "core/model/vlm_config.h"

namespace qvlm {

/// The tower's input: values [3, size, size], normalised; channel-major.
struct PixelTensor {
  int size = 0;
  std::vector<float> values;
  uint64_t hash = 0;  // of the values: the key of the embedding cache
};

/// What the model will see, before normalisation: resized and cropped or padded to size x size.
Image fit_image(const Image& image, const PreprocessConfig& config);

PixelTensor preprocess(const Image& image, const PreprocessConfig& config);

/// PIL's Image.resize with a filter and antialiasing: separable, 8-bit intermediate, PIL's fixed-point rounding.
Image resize(const Image& image, int width, int height, PreprocessConfig::Resample filter);

}  // namespace qvlm
