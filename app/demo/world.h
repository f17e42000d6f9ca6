// The demo VLM's world: procedurally drawn pictures with questions and answers about them, from a 64-bit seed.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "app/demo/questions.h"
#include "app/demo/scene.h"
#include "core/input/image.h"

namespace qvlm::demo {

class Renderer;

/// What each 16 x 16 patch of a picture shows (8 x 8 patches, row by row).
struct PatchLabels {
  std::array<int16_t, 64> object{};  // class_of the thing that covers most of the patch; 0 = background
  std::array<int16_t, 64> colour{};  // 1 + colour index of that thing; 0 = none (background, pictograms, text)
};

/// One dialogue over one picture or two.
struct Example {
  std::vector<Scene> scenes;
  std::vector<Image> images;
  std::vector<PatchLabels> labels;
  std::vector<Turn> turns;
};

/// A picture with its labels.
struct LabelledPicture {
  Scene scene;
  Image image;
  PatchLabels labels;
};

struct FontFiles {
  std::filesystem::path pictograms = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf";
  std::filesystem::path text = "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf";
};

/// Everything is a function of (seed, split): the same on every machine. Seeds of the two splits never share a picture.
/// All const members may be called from several threads at once.
class World {
 public:
  /// Reads the fonts and prepares every pictogram and sign. Throws Error that names an absent or unfit font.
  explicit World(const FontFiles& fonts = {});
  ~World();

  /// A dialogue: about 85 % over one picture, 15 % over two. Up to `questions` turns (fewer where the scene runs out of
  /// them).
  Example example(uint64_t seed, Split split, int questions) const;
  /// A dialogue over `pictures` (1 or 2) pictures.
  Example example(uint64_t seed, Split split, int questions, int pictures) const;
  /// A picture and its patch labels alone.
  LabelledPicture picture(uint64_t seed, Split split) const;

 private:
  std::unique_ptr<const Renderer> renderer_;
};

}  // namespace qvlm::demo
