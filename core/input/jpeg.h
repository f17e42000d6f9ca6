// JPEG by libjpeg-turbo, so that pixels equal PIL's (which uses the same library) to the last bit.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/input/image.h"

namespace qvlm {

/// The picture as RGB; grey and CMYK (Adobe's inverted convention, as PIL assumes) are converted as PIL's convert("RGB") does. `check_size`
/// is called with the header's width and height before any pixel is decoded. Throws Error.
Image decode_jpeg(std::span<const std::byte> bytes, const std::string& origin,
                  void (*check_size)(int64_t width, int64_t height, const std::string& origin));

}  // namespace qvlm
