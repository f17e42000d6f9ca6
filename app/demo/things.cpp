// Names, class ids and the held-out rule of the demo world's things.
#include "app/demo/things.h"

#include "app/demo/rng.h"

namespace qvlm::demo {

std::string name_of(const Thing& thing) {
  const auto index = static_cast<size_t>(thing.index);
  switch (thing.kind) {
    case Kind::SHAPE:
      return std::string(kColourTable[static_cast<size_t>(thing.colour)].name) + " " + std::string(kShapeNames[index]);
    case Kind::PICTOGRAM:
      return std::string(kPictogramTable[index].name);
    case Kind::WORD:
      return "word " + std::string(kWordTable[index]);
    case Kind::NUMBER:
      return "number " + std::to_string(thing.index);
  }
  return {};
}

int class_of(const Thing& thing) {
  switch (thing.kind) {
    case Kind::SHAPE:
      return 1 + thing.index;
    case Kind::PICTOGRAM:
      return 1 + kShapes + thing.index;
    case Kind::WORD:
      return 1 + kShapes + kPictograms + thing.index;
    case Kind::NUMBER:
      return 1 + kShapes + kPictograms + kWords + thing.index;
  }
  return 0;
}

int object_classes() {
  return 1 + kShapes + kPictograms + kWords + kNumbers;
}

int colour_classes() {
  return 1 + kColours;
}

bool reserved(const Thing& thing, int place) {
  if (thing.kind != Kind::SHAPE && thing.kind != Kind::PICTOGRAM) return false;
  const auto key = static_cast<uint64_t>((class_of(thing) * 16 + thing.colour + 1) * 16 + place);
  return mix64(key ^ 0x51564c4d64656d6fULL) % 100 < 8;
}

}  // namespace qvlm::demo
