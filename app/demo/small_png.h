// PNG writing for the demo's pictures: small files, because they are committed.
#pragma once

#include <filesystem>

#include "core/input/image.h"

namespace qvlm::demo {

/// Lossless RGB PNG with adaptive filters. Throws Error that names the file.
void write_small_png(const Image& image, const std::filesystem::path& path);

}  // namespace qvlm::demo
