// PIL's Image.resize, computed only where the result is looked at, on a picture that may be padded without the padding being stored.
#pragma once

#include <array>
#include <cstdint>

#include "core/input/image.h"
#include "core/model/vlm_config.h"

namespace qvlm {

/// The picture laid on a canvas of one colour.
struct PaddedImage {
  const Image& image;
  int width = 0, height = 0;  // of the canvas, pixels
  int left = 0, top = 0;      // where the picture lies on it
  std::array<uint8_t, 3> fill{};
};

/// The part [window_left, window_left + window_width) x [window_top, ...) of the canvas resized to width x height. Memory is proportional to
/// the window, not to width x height. The window must lie inside.
struct ResizeWindow {
  int width = 0, height = 0;  // the whole result, pixels
  int left = 0, top = 0, window_width = 0, window_height = 0;
};
Image resize_window(const PaddedImage& source, const ResizeWindow& window, PreprocessConfig::Resample filter);

}  // namespace qvlm
