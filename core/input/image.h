// A decoded picture, and reading one from a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace qvlm {

/// An 8-bit RGB picture, row by row from the top left: rgb[(y * width + x) * 3 + channel].
struct Image {
  int width = 0;   // pixels
  int height = 0;  // pixels
  std::vector<uint8_t> rgb;  // [height, width, 3]
};

/// The largest picture that is decoded: width * height, in pixels. A larger one is refused before its pixels are read.
inline constexpr int64_t kMaxImagePixels = 200'000'000;

/// Decodes PNG, JPEG, BMP, GIF (first frame) or WebP; alpha is dropped as PIL's convert("RGB") does; the EXIF orientation
/// of a JPEG is applied. `origin` names the source in messages. Throws Error: not a picture, cut, too large.
Image decode_image(std::span<const std::byte> bytes, const std::string& origin);

/// decode_image of a file's bytes. Throws Error that names the file.
Image read_image(const std::filesystem::path& path);

/// Writes an RGB PNG, beside its target and renamed. Throws Error.
void write_png(const Image& image, const std::filesystem::path& path);

}  // namespace qvlm
