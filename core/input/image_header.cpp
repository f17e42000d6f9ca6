// Walks the segments of JPEG, PNG, GIF and BMP files. Every offset is checked: the bytes come from anywhere.
#include "core/input/image_header.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace qvlm {
namespace {

uint32_t byte_at(std::span<const std::byte> bytes, size_t at) { return std::to_integer<uint32_t>(bytes[at]); }

/// An unsigned integer of `count` bytes; 0 past the end (callers check lengths where that matters).
uint32_t number_at(std::span<const std::byte> bytes, size_t at, int count, bool big_endian) {
  if (at > bytes.size() || bytes.size() - at < static_cast<size_t>(count)) return 0;
  uint32_t value = 0;
  for (int i = 0; i < count; ++i) value |= byte_at(bytes, at + i) << (8 * (big_endian ? count - 1 - i : i));
  return value;
}

bool starts_with(std::span<const std::byte> bytes, std::string_view text, size_t at = 0) {
  return bytes.size() >= at + text.size() && std::memcmp(bytes.data() + at, text.data(), text.size()) == 0;
}

/// Calls visit(marker, payload) for each segment up to the scan; returns the offset behind the first scan's header, or 0 if there is none.
template <typename Visit>
size_t walk_jpeg(std::span<const std::byte> bytes, Visit visit) {
  size_t at = 2;
  while (at + 4 <= bytes.size()) {
    if (byte_at(bytes, at) != 0xFF) return 0;
    const uint32_t marker = byte_at(bytes, at + 1);
    if (marker == 0xFF) {  // fill byte
      ++at;
      continue;
    }
    const size_t length = number_at(bytes, at + 2, 2, true);
    if (length < 2 || length > bytes.size() - at - 2) return 0;
    if (marker == 0xDA) return at + 2 + length;
    visit(marker, bytes.subspan(at + 4, length - 2));
    at += 2 + length;
  }
  return 0;
}

bool jpeg_is_whole(std::span<const std::byte> bytes) {
  size_t at = walk_jpeg(bytes, [](uint32_t, std::span<const std::byte>) {});
  if (at == 0) return false;
  // Behind the first scan: FF 00 is data, FF D0-D7 restart markers, further segments (progressive scans) follow; FF D9 ends the picture.
  while (at + 1 < bytes.size()) {
    if (byte_at(bytes, at) != 0xFF) {
      ++at;
      continue;
    }
    const uint32_t marker = byte_at(bytes, at + 1);
    if (marker == 0xD9) return true;
    if (marker == 0x00 || marker == 0xFF || (marker >= 0xD0 && marker <= 0xD7)) {
      at += marker == 0xFF ? 1 : 2;
      continue;
    }
    const size_t length = number_at(bytes, at + 2, 2, true);
    at += 2 + std::max<size_t>(length, 2);
  }
  return false;
}

bool gif_is_whole(std::span<const std::byte> bytes) {
  if (bytes.size() < 13) return false;
  const auto table_size = [](uint32_t flags) { return flags & 0x80 ? size_t{3} << ((flags & 7) + 1) : size_t{0}; };
  size_t at = 13 + table_size(byte_at(bytes, 10));
  const auto skip_blocks = [&] {  // data sub-blocks: length, bytes, ..., 0
    while (at < bytes.size() && byte_at(bytes, at) != 0) at += 1 + byte_at(bytes, at);
    return at++ < bytes.size();
  };
  while (at < bytes.size()) {
    const uint32_t kind = byte_at(bytes, at);
    if (kind == 0x21) {  // extension
      at += 2;
      if (!skip_blocks()) return false;
    } else if (kind == 0x2C && at + 10 < bytes.size()) {  // image descriptor, colour table, code size, data
      at += 10 + table_size(byte_at(bytes, at + 9)) + 1;
      return skip_blocks();
    } else {
      return false;
    }
  }
  return false;
}

bool bmp_is_whole(std::span<const std::byte> bytes) {
  const uint64_t offset = number_at(bytes, 10, 4, false), header = number_at(bytes, 14, 4, false);
  if (header < 40) return header == 12 && bytes.size() > 26;  // OS/2: stb reads it
  const int64_t width = static_cast<int32_t>(number_at(bytes, 18, 4, false));
  const int64_t height = std::abs(static_cast<int64_t>(static_cast<int32_t>(number_at(bytes, 22, 4, false))));
  const int64_t bits = number_at(bytes, 28, 2, false);
  const uint32_t compression = number_at(bytes, 30, 4, false);
  if (compression != 0 && compression != 3) return true;  // run lengths: refused by stb
  if (width <= 0 || width > (1 << 24) || height > (1 << 24) || bits > 32) return true;  // left to the decoder's own checks
  const uint64_t row = static_cast<uint64_t>((width * bits + 31) / 32 * 4);
  return offset + row * static_cast<uint64_t>(height) <= bytes.size();
}

/// The next number of a PNM header; comments are skipped. 0 where there is none.
uint64_t pnm_number(std::span<const std::byte> bytes, size_t& at) {
  while (at < bytes.size() && (byte_at(bytes, at) <= ' ' || byte_at(bytes, at) == '#')) {
    if (byte_at(bytes, at) == '#') {
      while (at < bytes.size() && byte_at(bytes, at) != '\n') ++at;
    } else {
      ++at;
    }
  }
  uint64_t value = 0;
  for (; at < bytes.size() && byte_at(bytes, at) >= '0' && byte_at(bytes, at) <= '9' && value < (1u << 30); ++at) value = value * 10 + byte_at(bytes, at) - '0';
  return value;
}

bool pnm_is_whole(std::span<const std::byte> bytes) {
  size_t at = 2;
  const uint64_t width = pnm_number(bytes, at), height = pnm_number(bytes, at), largest = pnm_number(bytes, at);
  if (width > (1u << 24) || height > (1u << 24)) return true;  // left to the decoder's own checks
  const uint64_t channels = byte_at(bytes, 1) == '6' ? 3 : 1;
  return at + 1 + width * height * channels * (largest > 255 ? 2 : 1) <= bytes.size();
}

}  // namespace

std::optional<std::pair<int64_t, int64_t>> size_in_header(std::span<const std::byte> bytes, ImageFormat format) {
  switch (format) {
    case ImageFormat::PNG:  // IHDR comes first
      if (bytes.size() < 24) return {};
      return std::pair<int64_t, int64_t>(number_at(bytes, 16, 4, true), number_at(bytes, 20, 4, true));
    case ImageFormat::GIF:
      if (bytes.size() < 10) return {};
      return std::pair<int64_t, int64_t>(number_at(bytes, 6, 2, false), number_at(bytes, 8, 2, false));
    case ImageFormat::BMP:
      if (bytes.size() < 26 || number_at(bytes, 14, 4, false) < 40) return {};
      return std::pair<int64_t, int64_t>(static_cast<int32_t>(number_at(bytes, 18, 4, false)),
                                         std::abs(static_cast<int64_t>(static_cast<int32_t>(number_at(bytes, 22, 4, false)))));
    default: return {};
  }
}

ImageFormat sniff_image_format(std::span<const std::byte> bytes) {
  using namespace std::string_view_literals;
  if (starts_with(bytes, "\x89PNG\r\n\x1a\n"sv)) return ImageFormat::PNG;
  if (starts_with(bytes, "\xFF\xD8\xFF"sv)) return ImageFormat::JPEG;
  if (starts_with(bytes, "GIF87a"sv) || starts_with(bytes, "GIF89a"sv)) return ImageFormat::GIF;
  if (starts_with(bytes, "RIFF"sv) && starts_with(bytes, "WEBP"sv, 8)) return ImageFormat::WEBP;
  if (starts_with(bytes, "BM"sv)) return ImageFormat::BMP;
  if (starts_with(bytes, "P5"sv) || starts_with(bytes, "P6"sv)) return ImageFormat::PNM;
  return ImageFormat::UNKNOWN;
}

int orientation_of_tiff(std::span<const std::byte> tiff) {
  if (tiff.size() < 8) return 1;
  const bool big = starts_with(tiff, "MM");
  if (!big && !starts_with(tiff, "II")) return 1;
  const size_t directory = number_at(tiff, 4, 4, big);
  if (directory > tiff.size() || tiff.size() - directory < 2) return 1;
  const size_t entries = number_at(tiff, directory, 2, big);
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + i * 12;  // tag 2, type 2, count 4, value 4
    if (entry + 12 > tiff.size()) return 1;
    if (number_at(tiff, entry, 2, big) != 0x0112) continue;
    const uint32_t value = number_at(tiff, entry + 8, 2, big);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

int orientation_of(std::span<const std::byte> bytes, ImageFormat format) {
  using namespace std::string_view_literals;
  int orientation = 1;
  if (format == ImageFormat::JPEG) {
    walk_jpeg(bytes, [&](uint32_t marker, std::span<const std::byte> payload) {
      if (marker == 0xE1 && starts_with(payload, "Exif\0\0"sv)) orientation = orientation_of_tiff(payload.subspan(6));
    });
  } else if (format == ImageFormat::PNG) {
    for (size_t at = 8; at + 12 <= bytes.size();) {  // length 4, type 4, data, checksum 4
      const size_t length = number_at(bytes, at, 4, true);
      if (length > bytes.size() - at - 12) break;
      if (starts_with(bytes, "eXIf"sv, at + 4)) orientation = orientation_of_tiff(bytes.subspan(at + 8, length));
      at += 12 + length;
    }
  }
  return orientation;
}

bool is_whole(std::span<const std::byte> bytes, ImageFormat format) {
  switch (format) {
    case ImageFormat::JPEG: return jpeg_is_whole(bytes);
    case ImageFormat::GIF: return gif_is_whole(bytes);
    case ImageFormat::BMP: return bmp_is_whole(bytes);
    case ImageFormat::PNM: return pnm_is_whole(bytes);
    default: return true;
  }
}

}  // namespace qvlm
