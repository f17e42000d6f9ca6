// Rasterising the demo world's scenes.
#include "app/demo/render.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace qvlm::demo {
namespace {

constexpr int kSize = kPictureSize;
constexpr int kMinPictogram = 28, kMaxPictogram = 38;        // pixels, longer side
constexpr std::array<int, 3> kWordWidths = {32, 34, 36};     // pixels of ink
constexpr std::array<int, 3> kNumberHeights = {14, 16, 18};  // pixels of ink

struct Point {
  float x = 0, y = 0;
};
using Polygon = std::vector<Point>;

// The picture while it is drawn: colours in floats, and which object owns each pixel.
struct Canvas {
  std::vector<float> rgb = std::vector<float>(static_cast<size_t>(kSize * kSize) * 3);
  std::vector<uint8_t> owner =
      std::vector<uint8_t>(static_cast<size_t>(kSize * kSize));  // 1 + object index; 0 background

  void blend(int x, int y, const std::array<float, 3>& colour, float alpha) {
    float* pixel = &rgb[static_cast<size_t>(y * kSize + x) * 3];
    for (size_t c = 0; c < 3; ++c) pixel[c] += alpha * (colour[c] - pixel[c]);
  }
  void own(int x, int y, int object) { owner[static_cast<size_t>(y * kSize + x)] = static_cast<uint8_t>(object + 1); }
};

// Unit polygons (radius about 1, y downwards).
Polygon regular_star(int points, float inner) {
  Polygon polygon;
  for (int i = 0; i < 2 * points; ++i) {
    const float radius = i % 2 == 0 ? 1.0F : inner;
    const float angle = std::numbers::pi_v<float> * (static_cast<float>(i) / static_cast<float>(points) - 0.5F);
    polygon.push_back({radius * std::cos(angle), radius * std::sin(angle)});
  }
  return polygon;
}

Polygon heart_outline() {
  Polygon polygon;
  for (int i = 0; i < 28; ++i) {
    const float t = 2 * std::numbers::pi_v<float> * static_cast<float>(i) / 28.0F;
    const float s = std::sin(t);
    const float x = 16 * s * s * s;
    const float y = 13 * std::cos(t) - 5 * std::cos(2 * t) - 2 * std::cos(3 * t) - std::cos(4 * t);
    polygon.push_back({x / 16.5F, -(y + 2.5F) / 15.5F});
  }
  return polygon;
}

Polygon unit_polygon(Shape shape) {
  switch (shape) {
    case Shape::SQUARE:
      return {{-0.84F, -0.84F}, {0.84F, -0.84F}, {0.84F, 0.84F}, {-0.84F, 0.84F}};
    case Shape::TRIANGLE:
      return {{0, -0.95F}, {1.0F, 0.8F}, {-1.0F, 0.8F}};
    case Shape::STAR:
      return regular_star(5, 0.42F);
    case Shape::DIAMOND:
      return {{0, -1.0F}, {0.7F, 0}, {0, 1.0F}, {-0.7F, 0}};
    case Shape::CROSS: {
      const float a = 0.32F, b = 0.95F;
      return {{-a, -b}, {a, -b}, {a, -a}, {b, -a}, {b, a},   {a, a},
              {a, b},   {-a, b}, {-a, a}, {-b, a}, {-b, -a}, {-a, -a}};
    }
    case Shape::HEART:
      return heart_outline();
    case Shape::CIRCLE:
    case Shape::RING:
      return {};
  }
  return {};
}

// Largest rotation, in radians, at which the shape keeps its name.
float largest_turn(Shape shape) {
  switch (shape) {
    case Shape::STAR:
      return 0.6F;
    case Shape::SQUARE:
    case Shape::CROSS:
    case Shape::TRIANGLE:
    case Shape::HEART:
      return 0.22F;
    case Shape::DIAMOND:
      return 0.12F;
    case Shape::CIRCLE:
    case Shape::RING:
      return 0;
  }
  return 0;
}

// Signed distance to a simple polygon: negative inside (even-odd crossings give the sign).
float polygon_distance(const Polygon& polygon, Point p) {
  float nearest = 1e9F;
  bool inside = false;
  for (size_t i = 0, j = polygon.size() - 1; i < polygon.size(); j = i++) {
    const Point a = polygon[j], b = polygon[i];
    const float ex = b.x - a.x, ey = b.y - a.y, wx = p.x - a.x, wy = p.y - a.y;
    const float t = std::clamp((wx * ex + wy * ey) / (ex * ex + ey * ey), 0.0F, 1.0F);
    const float dx = wx - t * ex, dy = wy - t * ey;
    nearest = std::min(nearest, dx * dx + dy * dy);
    if ((a.y > p.y) != (b.y > p.y) && p.x < a.x + (p.y - a.y) / ey * ex) inside = !inside;
  }
  return inside ? -std::sqrt(nearest) : std::sqrt(nearest);
}

// The centre of an object `width` x `height` pixels large, moved at random so that it keeps 2 pixels from its cell's
// edge.
Point place_centre(int place, float width, float height, Rng& rng) {
  const float cell = kSize / 3.0F;
  const float slack_x = std::clamp((cell - width) / 2 - 2, 0.0F, 5.0F),
              slack_y = std::clamp((cell - height) / 2 - 2, 0.0F, 5.0F);
  return {(static_cast<float>(place % 3) + 0.5F) * cell + rng.uniform(-slack_x, slack_x),
          (static_cast<float>(place / 3) + 0.5F) * cell + rng.uniform(-slack_y, slack_y)};
}

void draw_background(Canvas& canvas, Rng& rng) {
  std::array<float, 3> from{}, to{};
  const float light = rng.uniform(205, 242), slope = rng.uniform(-14, 14);
  for (size_t c = 0; c < 3; ++c) {
    from[c] = light + rng.uniform(-14, 12);
    to[c] = from[c] + slope + rng.uniform(-8, 8);
  }
  const float angle = rng.uniform(0, 2 * std::numbers::pi_v<float>);
  const float dx = std::cos(angle) / kSize * 0.7F, dy = std::sin(angle) / kSize * 0.7F;
  for (int y = 0; y < kSize; ++y) {
    for (int x = 0; x < kSize; ++x) {
      const float t = std::clamp(0.5F + dx * static_cast<float>(x - kSize / 2) + dy * static_cast<float>(y - kSize / 2),
                                 0.0F, 1.0F);
      float* pixel = &canvas.rgb[static_cast<size_t>(y * kSize + x) * 3];
      for (size_t c = 0; c < 3; ++c) pixel[c] = from[c] + t * (to[c] - from[c]);
    }
  }
}

void draw_shape(Canvas& canvas, const Object& object, int index, Rng& rng) {
  const auto shape = static_cast<Shape>(object.thing.index);
  const float size = rng.uniform(25, 36), radius = size / 2;
  const Point centre = place_centre(object.place, size, size, rng);
  const float turn = rng.uniform(-1, 1) * largest_turn(shape);
  std::array<float, 3> colour{};
  for (size_t c = 0; c < 3; ++c) {
    colour[c] = kColourTable[static_cast<size_t>(object.thing.colour)].rgb[c] + rng.uniform(-11, 11);
  }
  Polygon polygon = unit_polygon(shape);
  for (Point& p : polygon) {
    p = {centre.x + radius * (std::cos(turn) * p.x - std::sin(turn) * p.y),
         centre.y + radius * (std::sin(turn) * p.x + std::cos(turn) * p.y)};
  }
  const float reach = radius * 1.15F + 1;
  for (int y = std::max(0, static_cast<int>(centre.y - reach)); y < std::min<float>(kSize, centre.y + reach); ++y) {
    for (int x = std::max(0, static_cast<int>(centre.x - reach)); x < std::min<float>(kSize, centre.x + reach); ++x) {
      const Point p{static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F};
      float distance = 0;
      bool owned = false;
      if (polygon.empty()) {
        const float r = std::hypot(p.x - centre.x, p.y - centre.y);
        distance = shape == Shape::RING ? std::abs(r - radius * 0.76F) - radius * 0.2F : r - radius * 0.94F;
        owned = r < radius;  // a ring owns its hole
      } else {
        distance = polygon_distance(polygon, p);
        owned = distance < 0;
      }
      if (owned) canvas.own(x, y, index);
      const float alpha = std::clamp(0.5F - distance, 0.0F, 1.0F);
      if (alpha > 0) canvas.blend(x, y, colour, alpha);
    }
  }
}

void draw_pictogram(Canvas& canvas, const Sprite& sprite, int place, int index, Rng& rng) {
  const Point centre = place_centre(place, static_cast<float>(sprite.width), static_cast<float>(sprite.height), rng);
  const int left = static_cast<int>(std::lround(centre.x - static_cast<float>(sprite.width) / 2));
  const int top = static_cast<int>(std::lround(centre.y - static_cast<float>(sprite.height) / 2));
  for (int y = 0; y < sprite.height; ++y) {
    for (int x = 0; x < sprite.width; ++x) {
      const uint8_t* source = &sprite.rgba[static_cast<size_t>(y * sprite.width + x) * 4];
      if (source[3] == 0) continue;
      const float alpha = static_cast<float>(source[3]) / 255.0F;
      float* pixel = &canvas.rgb[static_cast<size_t>((top + y) * kSize + left + x) * 3];
      for (int c = 0; c < 3; ++c) pixel[c] = pixel[c] * (1 - alpha) + static_cast<float>(source[c]);
      if (source[3] > 127) canvas.own(left + x, top + y, index);
    }
  }
}

// Dark text on a light plate with a thin border.
void draw_sign(Canvas& canvas, const Mask& text, int place, int index, Rng& rng) {
  const int width = text.width + 4, height = text.height + 8;
  const Point centre = place_centre(place, static_cast<float>(width), static_cast<float>(height), rng);
  const int left = static_cast<int>(std::lround(centre.x - static_cast<float>(width) / 2));
  const int top = static_cast<int>(std::lround(centre.y - static_cast<float>(height) / 2));
  const float shade = rng.uniform(0, 30);
  const std::array<float, 3> ink = {20 + shade, 24 + shade, 40 + shade}, plate = {252, 252, 248},
                             border = {110, 116, 128};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool edge = x == 0 || y == 0 || x == width - 1 || y == height - 1;
      canvas.blend(left + x, top + y, edge ? border : plate, 1);
      canvas.own(left + x, top + y, index);
    }
  }
  for (int y = 0; y < text.height; ++y) {
    for (int x = 0; x < text.width; ++x) {
      const float alpha = static_cast<float>(text.coverage[static_cast<size_t>(y * text.width + x)]) / 255.0F;
      canvas.blend(left + 2 + x, top + 4 + y, ink, alpha);
    }
  }
}

PatchLabels label(const Canvas& canvas, const Scene& scene) {
  PatchLabels labels;
  for (int patch = 0; patch < 64; ++patch) {
    std::array<int, kMaxObjects + 1> pixels{};
    for (int y = 0; y < 16; ++y) {
      for (int x = 0; x < 16; ++x) {
        ++pixels[canvas.owner[static_cast<size_t>((patch / 8 * 16 + y) * kSize + patch % 8 * 16 + x)]];
      }
    }
    const auto most = std::max_element(pixels.begin() + 1, pixels.end());
    if (*most < 40) continue;  // under about a sixth of the patch, it counts as background
    const Thing& thing = scene.objects[static_cast<size_t>(most - pixels.begin() - 1)].thing;
    labels.object[static_cast<size_t>(patch)] = static_cast<int16_t>(class_of(thing));
    labels.colour[static_cast<size_t>(patch)] = static_cast<int16_t>(thing.colour + 1);
  }
  return labels;
}

}  // namespace

Renderer::Renderer(const FontFiles& fonts) {
  for (const Pictogram& pictogram : kPictogramTable) {
    const Sprite large = load_pictogram(fonts.pictograms, pictogram.code_point);
    auto& sizes = pictograms_.emplace_back();
    for (int size = kMinPictogram; size <= kMaxPictogram; ++size) sizes.push_back(scaled(large, size));
  }
  for (const std::string_view word : kWordTable) {
    auto& sizes = words_.emplace_back();
    for (const int width : kWordWidths) sizes.push_back(draw_text(fonts.text, std::string(word), width, 14));
  }
  for (int number = 0; number < kNumbers; ++number) {
    auto& sizes = numbers_.emplace_back();
    for (const int height : kNumberHeights) sizes.push_back(draw_text(fonts.text, std::to_string(number), 34, height));
  }
}

LabelledPicture Renderer::draw(const Scene& scene, Rng& rng) const {
  Canvas canvas;
  draw_background(canvas, rng);
  for (size_t i = 0; i < scene.objects.size(); ++i) {
    const Object& object = scene.objects[i];
    const auto thing = static_cast<size_t>(object.thing.index);
    const int index = static_cast<int>(i);
    switch (object.thing.kind) {
      case Kind::SHAPE:
        draw_shape(canvas, object, index, rng);
        break;
      case Kind::PICTOGRAM:
        draw_pictogram(canvas, rng.pick(pictograms_[thing]), object.place, index, rng);
        break;
      case Kind::WORD:
        draw_sign(canvas, rng.pick(words_[thing]), object.place, index, rng);
        break;
      case Kind::NUMBER:
        draw_sign(canvas, rng.pick(numbers_[thing]), object.place, index, rng);
        break;
    }
  }
  LabelledPicture picture{scene, {kSize, kSize, std::vector<uint8_t>(canvas.rgb.size())}, label(canvas, scene)};
  // Grey grain of up to 3 levels each way: one random number gives 21 pixels of 3 bits.
  const int strength = rng.between(0, 3);
  uint64_t bits = 0;
  for (int i = 0; i < kSize * kSize; ++i) {
    if (i % 21 == 0) bits = rng.next();
    const int grain = strength == 0 ? 0 : static_cast<int>(bits & 7) * strength / 4 - strength;
    bits >>= 3;
    for (int c = 0; c < 3; ++c) {
      const size_t at = static_cast<size_t>(i * 3 + c);
      picture.image.rgb[at] =
          static_cast<uint8_t>(std::clamp(canvas.rgb[at] + static_cast<float>(grain) + 0.5F, 0.0F, 255.0F));
    }
  }
  return picture;
}

}  // namespace qvlm::demo
