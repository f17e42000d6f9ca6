// Bitmaps from fonts: pictograms in colour and text as coverage masks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace qvlm::demo {

/// Premultiplied RGBA, 0..255: rgba[(y * width + x) * 4 + channel].
struct Sprite {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> rgba;  // [height, width, 4]
};

/// Coverage of drawn text, cropped to its ink: coverage[y * width + x].
struct Mask {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> coverage;  // [height, width]
};

/// A glyph of a colour bitmap font, cropped to what is not transparent. Throws Error: no such file, no such glyph.
Sprite load_pictogram(const std::filesystem::path& font, char32_t code_point);

/// Area-averaged so that its longer side is `size` pixels.
Sprite scaled(const Sprite& sprite, int size);

/// ASCII text at the largest size whose ink fits max_width x max_height. Throws Error.
Mask draw_text(const std::filesystem::path& font, const std::string& text, int max_width, int max_height);

}  // namespace qvlm::demo
