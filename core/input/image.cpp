// Decodes pictures with libjpeg-turbo, libwebp and stb_image, after the header has been checked, and turns them upright.
#include "core/input/image.h"

#include <webp/decode.h>
#include <webp/demux.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <stb/stb_image.h>
#include <stb/stb_image_write.h>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/input/image_header.h"
#include "core/input/jpeg.h"

namespace qvlm {
namespace {

/// JPEG's own limit on a side; it bounds the memory that resizing a very long picture takes.
constexpr int64_t kMaxImageSide = 65'535;

[[noreturn]] void refuse(const std::string& origin, std::string_view what) {
  throw Error(origin + ": not a readable picture: " + std::string(what));
}

void check_size(int64_t width, int64_t height, const std::string& origin) {
  if (width < 1 || height < 1) refuse(origin, "it has no pixels");
  const std::string found = std::to_string(width) + " x " + std::to_string(height);
  if (width > kMaxImagePixels / height) {
    throw Error::in(origin, "picture size", "at most " + std::to_string(kMaxImagePixels / 1'000'000) + " million pixels", found);
  }
  if (width > kMaxImageSide || height > kMaxImageSide) {
    throw Error::in(origin, "picture size", "sides of at most " + std::to_string(kMaxImageSide) + " pixels", found);
  }
}

struct FreeStb {
  void operator()(void* pixels) const { stbi_image_free(pixels); }
};

/// A PNG of one 16-bit grey channel. PIL opens it as "I;16", whose convert("RGB") cuts at 255 rather than dividing by 256.
bool is_grey16_png(std::span<const std::byte> bytes, ImageFormat format) {
  return format == ImageFormat::PNG && bytes.size() > 25 && bytes[24] == std::byte{16} && bytes[25] == std::byte{0};
}

Image decode_with_stb(std::span<const std::byte> bytes, ImageFormat format, const std::string& origin) {
  const auto* data = reinterpret_cast<const stbi_uc*>(bytes.data());
  const int length = static_cast<int>(bytes.size());
  int width = 0, height = 0, channels = 0;
  // First by hand: stb's own limits would refuse with less to say.
  if (const auto size = size_in_header(bytes, format)) check_size(size->first, size->second, origin);
  if (!stbi_info_from_memory(data, length, &width, &height, &channels)) refuse(origin, stbi_failure_reason());
  check_size(width, height, origin);
  if (!is_whole(bytes, format)) refuse(origin, "the file ends before the picture does");

  Image image{width, height, std::vector<uint8_t>(static_cast<size_t>(width) * height * 3)};
  if (is_grey16_png(bytes, format)) {
    const std::unique_ptr<stbi_us, FreeStb> grey(stbi_load_16_from_memory(data, length, &width, &height, &channels, 1));
    if (!grey) refuse(origin, stbi_failure_reason());
    for (size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = static_cast<uint8_t>(std::min<int>(grey.get()[i / 3], 255));
    return image;
  }
  const std::unique_ptr<stbi_uc, FreeStb> pixels(stbi_load_from_memory(data, length, &width, &height, &channels, 3));
  if (!pixels) refuse(origin, stbi_failure_reason());
  if (width != image.width || height != image.height) refuse(origin, "its header and its data disagree about its size");
  std::memcpy(image.rgb.data(), pixels.get(), image.rgb.size());
  return image;
}

struct FreeWebp {
  void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
  void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};

/// The first picture of an animation.
void decode_animation(const WebPData& data, Image& image, const std::string& origin) {
  WebPAnimDecoderOptions options;
  WebPAnimDecoderOptionsInit(&options);
  options.color_mode = MODE_RGBA;
  const std::unique_ptr<WebPAnimDecoder, FreeWebp> decoder(WebPAnimDecoderNew(&data, &options));
  uint8_t* rgba = nullptr;
  int milliseconds = 0;
  if (!decoder || !WebPAnimDecoderGetNext(decoder.get(), &rgba, &milliseconds)) refuse(origin, "damaged or cut WebP animation");
  for (size_t i = 0; i < image.rgb.size() / 3; ++i) std::memcpy(&image.rgb[i * 3], &rgba[i * 4], 3);
}

Image decode_webp(std::span<const std::byte> bytes, int& orientation, const std::string& origin) {
  const WebPData data{reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(data.bytes, data.size, &features) != VP8_STATUS_OK) refuse(origin, "damaged WebP header");
  check_size(features.width, features.height, origin);
  Image image{features.width, features.height, std::vector<uint8_t>(static_cast<size_t>(features.width) * features.height * 3)};
  if (features.has_animation) {
    decode_animation(data, image, origin);
  } else if (!WebPDecodeRGBInto(data.bytes, data.size, image.rgb.data(), image.rgb.size(), features.width * 3)) {
    refuse(origin, "damaged or cut WebP data");
  }

  const std::unique_ptr<WebPDemuxer, FreeWebp> demuxer(WebPDemux(&data));
  WebPChunkIterator chunk;
  if (demuxer && WebPDemuxGetChunk(demuxer.get(), "EXIF", 1, &chunk)) {
    auto exif = std::as_bytes(std::span(chunk.chunk.bytes, chunk.chunk.size));
    if (exif.size() > 6 && std::memcmp(exif.data(), "Exif\0\0", 6) == 0) exif = exif.subspan(6);
    orientation = orientation_of_tiff(exif);
    WebPDemuxReleaseChunkIterator(&chunk);
  }
  return image;
}

/// EXIF orientation undone, as PIL's ImageOps.exif_transpose: 2 mirrored, 3 half turn, 4 upside down, 5 transposed, 6 needs a quarter turn
/// clockwise, 7 transverse, 8 needs one counter-clockwise.
Image turn_upright(Image image, int orientation) {
  if (orientation <= 1) return image;
  const int w = image.width, h = image.height;
  const bool swapped = orientation >= 5;
  Image result{swapped ? h : w, swapped ? w : h, std::vector<uint8_t>(image.rgb.size())};
  for (int y = 0; y < result.height; ++y) {
    for (int x = 0; x < result.width; ++x) {
      int from_x = swapped ? y : x, from_y = swapped ? x : y;
      if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8) from_x = w - 1 - from_x;
      if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7) from_y = h - 1 - from_y;
      std::memcpy(&result.rgb[(static_cast<size_t>(y) * result.width + x) * 3], &image.rgb[(static_cast<size_t>(from_y) * w + from_x) * 3],
                  3);
    }
  }
  return result;
}

}  // namespace

Image decode_image(std::span<const std::byte> bytes, const std::string& origin) {
  const ImageFormat format = sniff_image_format(bytes);
  if (format == ImageFormat::UNKNOWN) {
    throw Error::in(origin, "", "a picture (PNG, JPEG, WebP, BMP, GIF or PNM)", bytes.empty() ? "an empty file" : "something else");
  }
  if (bytes.size() > INT32_MAX) throw Error::in(origin, "file size", "at most 2 GiB", std::to_string(bytes.size()) + " bytes");
  int orientation = orientation_of(bytes, format);
  Image image;
  switch (format) {
    case ImageFormat::WEBP: image = decode_webp(bytes, orientation, origin); break;
    case ImageFormat::JPEG:
      if (!is_whole(bytes, format)) refuse(origin, "the file ends before the picture does");
      image = decode_jpeg(bytes, origin, check_size);
      break;
    default: image = decode_with_stb(bytes, format, origin);
  }
  return turn_upright(std::move(image), orientation);
}

Image read_image(const std::filesystem::path& path) {
  const MappedFile file(path);
  return decode_image(file.bytes(), path.string());
}

void write_png(const Image& image, const std::filesystem::path& path) {
  std::vector<std::byte> png;
  const auto append = [](void* context, void* data, int size) {
    const auto* bytes = static_cast<const std::byte*>(data);
    static_cast<std::vector<std::byte>*>(context)->insert(static_cast<std::vector<std::byte>*>(context)->end(), bytes, bytes + size);
  };
  if (image.width < 1 || image.height < 1 || image.rgb.size() != static_cast<size_t>(image.width) * image.height * 3 ||
      !stbi_write_png_to_func(append, &png, image.width, image.height, 3, image.rgb.data(), image.width * 3)) {
    throw Error(path.string() + ": cannot write a picture of " + std::to_string(image.width) + " x " + std::to_string(image.height));
  }
  write_file(path, png);
}

}  // namespace qvlm
