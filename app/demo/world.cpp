// Examples from seeds.
#include "app/demo/world.h"

#include "app/demo/render.h"

namespace qvlm::demo {
namespace {

// Streams of random numbers that never meet: one a split and a use.
Rng stream(uint64_t seed, Split split, uint64_t use) {
  return Rng(mix64(seed) ^ mix64(0x7175657374696f6eULL + use * 2 + (split == Split::HELD_OUT ? 1 : 0)));
}

}  // namespace

World::World(const FontFiles& fonts) : renderer_(std::make_unique<const Renderer>(fonts)) {}
World::~World() = default;

Example World::example(uint64_t seed, Split split, int questions) const {
  Rng rng = stream(seed, split, 1);
  return example(seed, split, questions, rng.chance(0.15) ? 2 : 1);
}

Example World::example(uint64_t seed, Split split, int questions, int pictures) const {
  Rng rng = stream(seed, split, 2);
  Example example;
  for (int i = 0; i < pictures; ++i) {
    LabelledPicture picture = renderer_->draw(make_scene(rng, split), rng);
    example.scenes.push_back(std::move(picture.scene));
    example.images.push_back(std::move(picture.image));
    example.labels.push_back(picture.labels);
  }
  example.turns = ask(example.scenes, rng, questions);
  return example;
}

LabelledPicture World::picture(uint64_t seed, Split split) const {
  Rng rng = stream(seed, split, 3);
  return renderer_->draw(make_scene(rng, split), rng);
}

}  // namespace qvlm::demo
