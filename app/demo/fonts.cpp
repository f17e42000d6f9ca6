// FreeType calls of the demo world.
#include "app/demo/fonts.h"

#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H

#include <algorithm>
#include <cmath>

#include "core/base/error.h"

namespace qvlm::demo {
namespace {

// A FreeType library with one open face.
class Face {
 public:
  explicit Face(const std::filesystem::path& file) : file_(file) {
    if (FT_Init_FreeType(&library_) != 0) throw Error("FreeType does not start");
    if (FT_New_Face(library_, file.c_str(), 0, &face_) != 0) {
      FT_Done_FreeType(library_);
      throw Error::in(file.string(), "", "a font that FreeType reads", "none (is the font's package installed?)");
    }
  }
  ~Face() {
    FT_Done_Face(face_);
    FT_Done_FreeType(library_);
  }
  Face(const Face&) = delete;
  Face& operator=(const Face&) = delete;
  FT_Face operator->() const { return face_; }
  FT_Face get() const { return face_; }

 private:
  std::filesystem::path file_;
  FT_Library library_ = nullptr;
  FT_Face face_ = nullptr;
};

Sprite crop(const Sprite& sprite) {
  int left = sprite.width, right = -1, top = sprite.height, bottom = -1;
  for (int y = 0; y < sprite.height; ++y) {
    for (int x = 0; x < sprite.width; ++x) {
      if (sprite.rgba[static_cast<size_t>(y * sprite.width + x) * 4 + 3] < 16) continue;
      left = std::min(left, x);
      right = std::max(right, x);
      top = std::min(top, y);
      bottom = std::max(bottom, y);
    }
  }
  if (right < left) return {};
  Sprite out{right - left + 1, bottom - top + 1, {}};
  for (int y = top; y <= bottom; ++y) {
    const auto row = sprite.rgba.begin() + (y * sprite.width + left) * 4;
    out.rgba.insert(out.rgba.end(), row, row + out.width * 4);
  }
  return out;
}

// Text at one pixel size, without hinting (its result differs between FreeType versions).
Mask text_at_size(const Face& face, const std::string& text, int size) {
  FT_Set_Pixel_Sizes(face.get(), 0, static_cast<FT_UInt>(size));
  const int canvas_width = size * static_cast<int>(text.size() + 1), canvas_height = size * 2;
  std::vector<uint8_t> canvas(static_cast<size_t>(canvas_width * canvas_height));
  FT_Pos pen = 0;  // 26.6 pixels
  int left = canvas_width, right = -1, top = canvas_height, bottom = -1;
  for (const char letter : text) {
    if (FT_Load_Char(face.get(), static_cast<FT_ULong>(letter), FT_LOAD_NO_HINTING) != 0) {
      throw Error("the text font has no glyph for '" + std::string(1, letter) + "'");
    }
    FT_Outline_Translate(&face->glyph->outline, pen & 63, 0);
    FT_Render_Glyph(face->glyph, FT_RENDER_MODE_NORMAL);
    const FT_Bitmap& bitmap = face->glyph->bitmap;
    const int x0 = static_cast<int>(pen >> 6) + face->glyph->bitmap_left + size / 2;
    const int y0 = size * 3 / 2 - face->glyph->bitmap_top;
    for (int y = 0; y < static_cast<int>(bitmap.rows); ++y) {
      for (int x = 0; x < static_cast<int>(bitmap.width); ++x) {
        const uint8_t value = bitmap.buffer[y * bitmap.pitch + x];
        const int cx = x0 + x, cy = y0 + y;
        if (value == 0 || cx < 0 || cy < 0 || cx >= canvas_width || cy >= canvas_height) continue;
        uint8_t& pixel = canvas[static_cast<size_t>(cy * canvas_width + cx)];
        pixel = std::max(pixel, value);
        left = std::min(left, cx);
        right = std::max(right, cx);
        top = std::min(top, cy);
        bottom = std::max(bottom, cy);
      }
    }
    pen += face->glyph->advance.x;
  }
  if (right < left) return {};
  Mask mask{right - left + 1, bottom - top + 1, {}};
  for (int y = top; y <= bottom; ++y) {
    const auto row = canvas.begin() + y * canvas_width + left;
    mask.coverage.insert(mask.coverage.end(), row, row + mask.width);
  }
  return mask;
}

}  // namespace

Sprite load_pictogram(const std::filesystem::path& font, char32_t code_point) {
  const Face face(font);
  if (face->num_fixed_sizes < 1 || FT_Select_Size(face.get(), 0) != 0) {
    throw Error::in(font.string(), "", "a font of colour bitmaps", "none");
  }
  const FT_UInt glyph = FT_Get_Char_Index(face.get(), code_point);
  if (glyph == 0 || FT_Load_Glyph(face.get(), glyph, FT_LOAD_COLOR) != 0 ||
      face->glyph->bitmap.pixel_mode != FT_PIXEL_MODE_BGRA) {
    throw Error::in(font.string(), "U+" + std::to_string(static_cast<uint32_t>(code_point)), "a colour glyph", "none");
  }
  const FT_Bitmap& bitmap = face->glyph->bitmap;
  Sprite sprite{static_cast<int>(bitmap.width), static_cast<int>(bitmap.rows), {}};
  sprite.rgba.reserve(static_cast<size_t>(sprite.width * sprite.height) * 4);
  for (int y = 0; y < sprite.height; ++y) {
    const uint8_t* row = bitmap.buffer + y * bitmap.pitch;
    for (int x = 0; x < sprite.width; ++x) {
      sprite.rgba.insert(sprite.rgba.end(), {row[x * 4 + 2], row[x * 4 + 1], row[x * 4], row[x * 4 + 3]});
    }
  }
  return crop(sprite);
}

Sprite scaled(const Sprite& sprite, int size) {
  const double scale =
      static_cast<double>(std::max(sprite.width, sprite.height)) / size;  // source pixels a target pixel
  Sprite out{std::max(1, static_cast<int>(std::lround(sprite.width / scale))),
             std::max(1, static_cast<int>(std::lround(sprite.height / scale))),
             {}};
  const double sx = static_cast<double>(sprite.width) / out.width, sy = static_cast<double>(sprite.height) / out.height;
  out.rgba.resize(static_cast<size_t>(out.width * out.height) * 4);
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      double sum[4] = {}, weight = 0;
      for (int v = static_cast<int>(y * sy); v < std::min<double>(sprite.height, (y + 1) * sy); ++v) {
        const double wy = std::min(v + 1.0, (y + 1) * sy) - std::max<double>(v, y * sy);
        for (int u = static_cast<int>(x * sx); u < std::min<double>(sprite.width, (x + 1) * sx); ++u) {
          const double w = wy * (std::min(u + 1.0, (x + 1) * sx) - std::max<double>(u, x * sx));
          weight += w;
          for (int c = 0; c < 4; ++c)
            sum[c] += w * sprite.rgba[static_cast<size_t>(v * sprite.width + u) * 4 + static_cast<size_t>(c)];
        }
      }
      for (int c = 0; c < 4; ++c) {
        out.rgba[static_cast<size_t>(y * out.width + x) * 4 + static_cast<size_t>(c)] =
            static_cast<uint8_t>(sum[c] / weight + 0.5);
      }
    }
  }
  return out;
}

Mask draw_text(const std::filesystem::path& font, const std::string& text, int max_width, int max_height) {
  const Face face(font);
  Mask best;
  for (int size = 6; size <= 2 * max_height; ++size) {
    Mask mask = text_at_size(face, text, size);
    if (mask.width > max_width || mask.height > max_height) break;
    best = std::move(mask);
  }
  if (best.width == 0) throw Error("the text '" + text + "' does not fit " + std::to_string(max_width) + " pixels");
  return best;
}

}  // namespace qvlm::demo
