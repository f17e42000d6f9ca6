// A scene of the demo world: which things stand where, before it is drawn.
#pragma once

#include <cstdint>
#include <vector>

#include "app/demo/rng.h"
#include "app/demo/things.h"

namespace qvlm::demo {

/// TRAIN (also used for calibration) never shows a reserved combination; HELD_OUT often does.
enum class Split { TRAIN, HELD_OUT };

inline constexpr int kPictureSize = 128;  // pixels, both ways
inline constexpr int kMaxObjects = 5;

struct Object {
  Thing thing;
  int place = 0;  // 0..8
};

struct Scene {
  std::vector<Object> objects;  // 1..5, in distinct places; at most one word and one number
};

/// Draws a scene. A part of the scenes repeats one shape or one colour, so that there is something to count.
Scene make_scene(Rng& rng, Split split);

}  // namespace qvlm::demo
