// libpng, simplified interface.
#include "app/demo/small_png.h"

#include <png.h>

#include <cstdio>

#include "core/base/error.h"

namespace qvlm::demo {

void write_small_png(const Image& image, const std::filesystem::path& path) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(image.width);
  header.height = static_cast<png_uint_32>(image.height);
  header.format = PNG_FORMAT_RGB;
  if (png_image_write_to_file(&header, path.c_str(), 0, image.rgb.data(), 0, nullptr) == 0) {
    throw Error::in(path.string(), "", "a file that can be written", header.message);
  }
}

}  // namespace qvlm::demo
