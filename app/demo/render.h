// Drawing a scene: background, shapes by signed distance, pictograms, signs; with the patch labels.
#pragma once

#include <vector>

#include "app/demo/fonts.h"
#include "app/demo/world.h"

namespace qvlm::demo {

/// Holds every pictogram and text bitmap at every size used. Immutable after construction.
class Renderer {
 public:
  explicit Renderer(const FontFiles& fonts);

  /// Draws the scene with random sizes, offsets, hues, rotations and background. About half a millisecond.
  LabelledPicture draw(const Scene& scene, Rng& rng) const;

 private:
  std::vector<std::vector<Sprite>> pictograms_;  // [pictogram][size step]
  std::vector<std::vector<Mask>> words_;         // [word][size step]
  std::vector<std::vector<Mask>> numbers_;       // [number][size step]
};

}  // namespace qvlm::demo
