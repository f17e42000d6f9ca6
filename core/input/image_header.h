// What a picture's bytes say about themselves before any pixel is decoded: format, EXIF orientation, and whether the file is whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace qvlm {

enum class ImageFormat { UNKNOWN, PNG, JPEG, BMP, GIF, PNM, WEBP };

/// By the first bytes.
ImageFormat sniff_image_format(std::span<const std::byte> bytes);

/// EXIF tag 0x0112 (1-8; TIFF 6.0 "Orientation") of a block that starts with the TIFF header "II*\0" or "MM\0*"; 1 where the block has
/// none or is damaged, as PIL does.
int orientation_of_tiff(std::span<const std::byte> tiff);

/// The orientation in a JPEG's APP1 segment or a PNG's eXIf chunk; 1 where there is none. (WebP: its EXIF chunk goes to orientation_of_tiff.)
int orientation_of(std::span<const std::byte> bytes, ImageFormat format);

/// Width and height as a PNG, GIF or BMP header claims them; nothing for other formats and for headers that are cut.
std::optional<std::pair<int64_t, int64_t>> size_in_header(std::span<const std::byte> bytes, ImageFormat format);

/// False if a JPEG, BMP, GIF or PNM ends before its (first) picture does: the decoders would fill the rest with grey or black without a word.
/// For the other formats they notice themselves.
bool is_whole(std::span<const std::byte> bytes, ImageFormat format);

}  // namespace qvlm
