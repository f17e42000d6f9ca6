// Sampling of scenes.
#include "app/demo/scene.h"

namespace qvlm::demo {
namespace {

// What a scene repeats.
struct Theme {
  int shape = -1;
  int colour = -1;
  int pictogram = -1;
};

Thing draw_thing(Rng& rng, const Theme& theme, bool themed) {
  Thing thing;
  if (themed && theme.pictogram >= 0) {
    thing.kind = Kind::PICTOGRAM;
    thing.index = theme.pictogram;
  } else if (themed || rng.chance(0.55)) {
    thing.kind = Kind::SHAPE;
    thing.index = rng.below(kShapes);
    thing.colour = rng.below(kColours);
    if (themed && theme.shape >= 0) thing.index = theme.shape;
    if (themed && theme.colour >= 0) thing.colour = theme.colour;
  } else {
    thing.kind = Kind::PICTOGRAM;
    thing.index = rng.below(kPictograms);
  }
  return thing;
}

// Moves or redraws an object until the split's rule for reserved combinations holds.
bool allowed(const Object& object, Split split, bool want_reserved) {
  const bool is_reserved = reserved(object.thing, object.place);
  return split == Split::TRAIN ? !is_reserved : !want_reserved || is_reserved;
}

}  // namespace

Scene make_scene(Rng& rng, Split split) {
  const int count = rng.between(1, kMaxObjects);
  std::vector<int> places(kPlaces);
  for (int place = 0; place < kPlaces; ++place) places[static_cast<size_t>(place)] = place;
  rng.shuffle(places);

  Theme theme;
  if (rng.chance(0.5)) {
    const double which = rng.unit();
    if (which < 0.4) {
      theme.shape = rng.below(kShapes);
    } else if (which < 0.8) {
      theme.colour = rng.below(kColours);
    } else {
      theme.pictogram = rng.below(kPictograms);
    }
  }
  const bool has_theme = theme.shape >= 0 || theme.colour >= 0 || theme.pictogram >= 0;
  const bool has_word = rng.chance(0.3);
  const bool has_number = rng.chance(0.3);

  Scene scene;
  for (int i = 0; i < count; ++i) {
    Object object;
    object.place = places[static_cast<size_t>(i)];
    const int first_text = has_word ? 0 : -1;
    const int second_text = has_number ? first_text + 1 : -1;
    if (i == first_text) {
      object.thing = {Kind::WORD, rng.below(kWords), -1};
    } else if (i == second_text) {
      object.thing = {Kind::NUMBER, rng.below(kNumbers), -1};
    } else {
      const bool themed = has_theme && rng.chance(0.75);
      const bool want_reserved = split == Split::HELD_OUT && rng.chance(0.3);
      // Redrawing keeps the place: a themed thing that is reserved here falls back to an unthemed one after some tries.
      for (int tries = 0;; ++tries) {
        object.thing = draw_thing(rng, theme, themed && tries < 40);
        if (allowed(object, split, want_reserved && tries < 200)) break;
      }
    }
    scene.objects.push_back(object);
  }
  rng.shuffle(scene.objects);
  return scene;
}

}  // namespace qvlm::demo
