// Where the golden files are, and comparing pictures.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/input/image.h"

namespace qvlm {

inline std::filesystem::path golden(const std::string& name) { return std::filesystem::path(QVLM_SOURCE_DIR) / "tests/golden" / name; }

/// The greatest difference of two channel values; 256 where the sizes differ.
inline int greatest_difference(const Image& a, const Image& b) {
  if (a.width != b.width || a.height != b.height) return 256;
  int greatest = 0;
  for (size_t i = 0; i < a.rgb.size(); ++i) greatest = std::max(greatest, std::abs(a.rgb[i] - b.rgb[i]));
  return greatest;
}

/// The picture of tests/golden/images/make.py.
inline Image formula_picture(int width, int height) {
  Image image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        image.rgb.push_back(static_cast<uint8_t>(x * (3 + c) + y * (5 - c) + 40 * c + ((x / 9 + y / 7) % 3) * 70 + (x * y) / 16));
      }
    }
  }
  return image;
}

}  // namespace qvlm
