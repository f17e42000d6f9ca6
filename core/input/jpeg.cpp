// libjpeg reports errors by a callback that must not return: it jumps back to the one function that called the library.
#include "core/input/jpeg.h"

#include <array>
#include <csetjmp>
#include <cstdint>
#include <cstdio>

#include <jerror.h>
#include <jpeglib.h>

#include "core/base/error.h"

namespace qvlm {
namespace {

/// A progressive file may repeat its scans without end, each of which costs a pass over the picture.
constexpr int kMaxScans = 500;

struct Failure {
  jpeg_error_mgr manager;
  std::jmp_buf back;
  std::array<char, JMSG_LENGTH_MAX> message{};
};

void fail(j_common_ptr info) {
  auto* failure = reinterpret_cast<Failure*>(info->err);
  info->err->format_message(info, failure->message.data());
  std::longjmp(failure->back, 1);
}

void keep_quiet(j_common_ptr, int) {}

void limit_scans(j_common_ptr info) {
  if (info->is_decompressor && reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > kMaxScans) {
    auto* failure = reinterpret_cast<Failure*>(info->err);
    std::snprintf(failure->message.data(), failure->message.size(), "more than %d scans", kMaxScans);
    std::longjmp(failure->back, 1);
  }
}

/// Everything that lives across the library's calls; nothing in it needs a destructor when a call jumps.
struct Decoder {
  jpeg_decompress_struct info;
  Failure failure;
  jpeg_progress_mgr progress;

  /// Each step returns false where the library failed; the message is then in `failure`.
  bool begin(const unsigned char* data, size_t size) {
    info.err = jpeg_std_error(&failure.manager);
    failure.manager.error_exit = fail;
    failure.manager.emit_message = keep_quiet;
    if (setjmp(failure.back)) return false;
    jpeg_create_decompress(&info);
    progress.progress_monitor = limit_scans;
    info.progress = &progress;
    jpeg_mem_src(&info, data, size);
    jpeg_read_header(&info, TRUE);
    return true;
  }
  bool start() {
    if (setjmp(failure.back)) return false;
    if (info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK) {
      info.out_color_space = JCS_CMYK;
    } else {
      info.out_color_space = info.jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
    }
    jpeg_start_decompress(&info);
    return true;
  }
  bool read_row(unsigned char* row) {
    if (setjmp(failure.back)) return false;
    jpeg_read_scanlines(&info, &row, 1);
    return true;
  }
};

uint8_t product_of_255(int a, int b) {  // round(a * b / 255), as PIL's MULDIV255
  const int t = a * b + 128;
  return static_cast<uint8_t>(((t >> 8) + t) >> 8);
}

void to_rgb(const std::vector<uint8_t>& row, int channels, int width, uint8_t* out) {
  for (int x = 0; x < width; ++x, out += 3) {
    const uint8_t* in = row.data() + static_cast<size_t>(x) * static_cast<size_t>(channels);
    for (int c = 0; c < 3; ++c) {
      if (channels == 1) {
        out[c] = in[0];
      } else if (channels == 3) {
        out[c] = in[c];
      } else {  // the file holds 255 - C, 255 - M, 255 - Y, 255 - K
        out[c] = static_cast<uint8_t>(in[3] - product_of_255(255 - in[c], in[3]));
      }
    }
  }
}

}  // namespace

Image decode_jpeg(std::span<const std::byte> bytes, const std::string& origin, void (*check_size)(int64_t, int64_t, const std::string&)) {
  Decoder decoder{};
  struct Guard {
    jpeg_decompress_struct& info;
    ~Guard() { jpeg_destroy_decompress(&info); }
  } guard{decoder.info};
  const auto require = [&](bool done) {
    if (!done) throw Error(origin + ": not a readable picture: " + decoder.failure.message.data());
  };
  require(decoder.begin(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
  check_size(decoder.info.image_width, decoder.info.image_height, origin);
  require(decoder.start());

  const auto width = static_cast<int>(decoder.info.output_width), height = static_cast<int>(decoder.info.output_height);
  const int channels = decoder.info.output_components;
  if (channels != 1 && channels != 3 && channels != 4) throw Error::in(origin, "JPEG channels", "1, 3 or 4", std::to_string(channels));
  Image image{width, height, std::vector<uint8_t>(static_cast<size_t>(width) * static_cast<size_t>(height) * 3)};
  std::vector<uint8_t> row(static_cast<size_t>(width) * static_cast<size_t>(channels));
  for (int y = 0; y < height; ++y) {
    require(decoder.read_row(row.data()));
    to_rgb(row, channels, width, image.rgb.data() + static_cast<size_t>(y) * static_cast<size_t>(width) * 3);
  }
  return image;
}

}  // namespace qvlm
