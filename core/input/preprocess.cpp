// CLIPImageProcessor's steps in its order (resize the shortest edge, crop the centre, rescale, normalise), and LLaVA's expand2square before
// them.
#include "core/input/preprocess.h"

#include <algorithm>
#include <cstring>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/input/resize.h"

namespace qvlm {
namespace {

/// Rounds towards minus infinity, as Python's //.
int floor_half(int value) { return value >= 0 ? value / 2 : (value - 1) / 2; }

/// Python's int(mean * 255) for each channel: the colour that LLaVA pads with.
std::array<uint8_t, 3> mean_colour(const PreprocessConfig& config) {
  std::array<uint8_t, 3> colour{};
  for (int c = 0; c < 3; ++c) colour[c] = static_cast<uint8_t>(std::clamp(config.mean[c] * 255.0f, 0.0f, 255.0f));
  return colour;
}

struct Canvas {
  int width, height, left, top;
};

Canvas canvas_of(const Image& image, const PreprocessConfig& config) {
  if (config.fit != PreprocessConfig::Fit::PAD_SQUARE) return {image.width, image.height, 0, 0};
  const int side = std::max(image.width, image.height);
  return {side, side, (side - image.width) / 2, (side - image.height) / 2};
}

/// The size after "resize the shortest edge": the other edge is int(shortest * long / short).
std::pair<int64_t, int64_t> resized_size(const Canvas& canvas, const PreprocessConfig& config) {
  if (!config.resize) return {canvas.width, canvas.height};
  const int64_t edge = config.shortest_edge;
  if (canvas.width <= canvas.height) return {edge, edge * canvas.height / canvas.width};
  return {edge * canvas.width / canvas.height, edge};
}

}  // namespace

Image fit_image(const Image& image, const PreprocessConfig& config) {
  if (image.width < 1 || image.height < 1) throw Error("picture: expected at least 1 x 1 pixels, found none");
  if (config.size < 1 || (config.resize && config.shortest_edge < 1)) {
    throw Error("preprocessing: expected a positive size, found size " + std::to_string(config.size) + " and shortest edge " +
                std::to_string(config.shortest_edge));
  }
  const Canvas canvas = canvas_of(image, config);
  const auto [width, height] = resized_size(canvas, config);
  if (width > INT32_MAX || height > INT32_MAX) {
    throw Error("picture: expected a ratio of its sides below " + std::to_string(INT32_MAX / config.shortest_edge) + ", found " +
                std::to_string(image.width) + " x " + std::to_string(image.height));
  }
  if (!config.crop && (width != config.size || height != config.size)) {
    throw Error("preprocessing: without a centre crop the resized picture must be " + std::to_string(config.size) + " x " +
                std::to_string(config.size) + ", found " + std::to_string(width) + " x " + std::to_string(height));
  }
  // The centre crop: where it reaches over an edge, the outside is black, and the picture lies as Hugging Face's center_crop puts it
  // (offset rounded down when cropping, up when padding: both are the same cut).
  const int left = floor_half(static_cast<int>(width) - config.size), top = floor_half(static_cast<int>(height) - config.size);
  const ResizeWindow window{static_cast<int>(width),
                            static_cast<int>(height),
                            std::max(left, 0),
                            std::max(top, 0),
                            static_cast<int>(std::min<int64_t>(width, config.size)),
                            static_cast<int>(std::min<int64_t>(height, config.size))};
  const PaddedImage source{image, canvas.width, canvas.height, canvas.left, canvas.top, mean_colour(config)};
  Image part = resize_window(source, window, config.resample);
  if (part.width == config.size && part.height == config.size) return part;

  Image result{config.size, config.size, std::vector<uint8_t>(static_cast<size_t>(config.size) * config.size * 3)};
  for (int y = 0; y < part.height; ++y) {
    const size_t target = static_cast<size_t>(y + std::max(-top, 0)) * config.size + std::max(-left, 0);
    std::memcpy(result.rgb.data() + target * 3, part.rgb.data() + static_cast<size_t>(y) * part.width * 3, static_cast<size_t>(part.width) * 3);
  }
  return result;
}

PixelTensor preprocess(const Image& image, const PreprocessConfig& config) {
  const Image fitted = fit_image(image, config);
  const size_t plane = static_cast<size_t>(config.size) * config.size;
  PixelTensor tensor;
  tensor.size = config.size;
  tensor.values.resize(3 * plane);  // [3, size, size]
  for (size_t c = 0; c < 3; ++c) {
    std::array<float, 256> value_of{};
    for (int v = 0; v < 256; ++v) {
      value_of[v] = static_cast<float>(v * static_cast<double>(config.rescale));
      if (config.normalize) value_of[v] = (value_of[v] - config.mean[c]) / config.std[c];
    }
    for (size_t i = 0; i < plane; ++i) tensor.values[c * plane + i] = value_of[fitted.rgb[i * 3 + c]];
  }
  tensor.hash = hash64(std::as_bytes(std::span(tensor.values)));
  return tensor;
}

}  // namespace qvlm
