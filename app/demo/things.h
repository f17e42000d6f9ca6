// The closed lists of the demo world: what can stand in a picture, in which colour, at which place.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace qvlm::demo {

inline constexpr int kShapes = 8;
inline constexpr int kColours = 8;
inline constexpr int kPictograms = 32;
inline constexpr int kWords = 24;
inline constexpr int kNumbers = 100;  // 0..99
inline constexpr int kPlaces = 9;     // 3 x 3, row by row from the top left

enum class Shape { CIRCLE, SQUARE, TRIANGLE, STAR, DIAMOND, CROSS, RING, HEART };

struct Colour {
  std::string_view name;
  std::array<uint8_t, 3> rgb;
};

struct Pictogram {
  std::string_view name;
  std::string_view plural;
  char32_t code_point;  // in Noto Color Emoji
};

inline constexpr std::array<std::string_view, kShapes> kShapeNames = {"circle",  "square", "triangle", "star",
                                                                      "diamond", "cross",  "ring",     "heart"};
inline constexpr std::array<std::string_view, kShapes> kShapePlurals = {"circles",  "squares", "triangles", "stars",
                                                                        "diamonds", "crosses", "rings",     "hearts"};
inline constexpr std::array<Colour, kColours> kColourTable = {{{"red", {214, 38, 38}},
                                                               {"green", {38, 150, 60}},
                                                               {"blue", {40, 86, 214}},
                                                               {"yellow", {244, 214, 40}},
                                                               {"orange", {238, 112, 20}},
                                                               {"purple", {128, 50, 168}},
                                                               {"pink", {244, 138, 188}},
                                                               {"black", {34, 34, 38}}}};
inline constexpr std::array<Pictogram, kPictograms> kPictogramTable = {{{"dog", "dogs", 0x1F436},
                                                                        {"cat", "cats", 0x1F431},
                                                                        {"car", "cars", 0x1F697},
                                                                        {"tree", "trees", 0x1F333},
                                                                        {"apple", "apples", 0x1F34E},
                                                                        {"banana", "bananas", 0x1F34C},
                                                                        {"house", "houses", 0x1F3E0},
                                                                        {"fish", "fish", 0x1F41F},
                                                                        {"bird", "birds", 0x1F426},
                                                                        {"flower", "flowers", 0x1F337},
                                                                        {"moon", "moons", 0x1F319},
                                                                        {"umbrella", "umbrellas", 0x2614},
                                                                        {"bicycle", "bicycles", 0x1F6B2},
                                                                        {"plane", "planes", 0x2708},
                                                                        {"boat", "boats", 0x26F5},
                                                                        {"train", "trains", 0x1F686},
                                                                        {"rocket", "rockets", 0x1F680},
                                                                        {"clock", "clocks", 0x23F0},
                                                                        {"key", "keys", 0x1F511},
                                                                        {"book", "books", 0x1F4D5},
                                                                        {"cup", "cups", 0x2615},
                                                                        {"cake", "cakes", 0x1F382},
                                                                        {"frog", "frogs", 0x1F438},
                                                                        {"pig", "pigs", 0x1F437},
                                                                        {"butterfly", "butterflies", 0x1F98B},
                                                                        {"mushroom", "mushrooms", 0x1F344},
                                                                        {"cactus", "cactuses", 0x1F335},
                                                                        {"guitar", "guitars", 0x1F3B8},
                                                                        {"ball", "balls", 0x26BD},
                                                                        {"crown", "crowns", 0x1F451},
                                                                        {"balloon", "balloons", 0x1F388},
                                                                        {"ghost", "ghosts", 0x1F47B}}};
inline constexpr std::array<std::string_view, kWords> kWordTable = {
    "STOP", "OPEN", "CAFE", "EXIT", "TAXI", "BUS",  "SHOP", "PARK", "BANK",  "ZOO",   "HELP",  "GYM",
    "BAR",  "ICE",  "MILK", "TEA",  "NEWS", "LOVE", "SALE", "WEST", "HOTEL", "MUSIC", "RADIO", "FIRE"};
inline constexpr std::array<std::string_view, kPlaces> kPlaceNames = {
    "top left", "top", "top right", "left", "centre", "right", "bottom left", "bottom", "bottom right"};

enum class Kind { SHAPE, PICTOGRAM, WORD, NUMBER };

/// One thing that can stand in a picture.
struct Thing {
  Kind kind = Kind::SHAPE;
  int index = 0;    // into the table of its kind; a number's value
  int colour = -1;  // into kColourTable; shapes alone have one
  bool operator==(const Thing&) const = default;
};

/// "red circle", "dog", "word STOP", "number 42".
std::string name_of(const Thing& thing);

/// Class ids for patch labels: 0 background, then shapes, pictograms, words, numbers.
int class_of(const Thing& thing);
int object_classes();  // how many class ids there are, background included
int colour_classes();  // 1 + kColours; 0 is "none"

/// The held-out rule: about 8 % of the combinations (shape, colour, place) and (pictogram, place), by a fixed hash.
/// Pictures of the training split never contain one. Words and numbers are never reserved.
bool reserved(const Thing& thing, int place);

}  // namespace qvlm::demo
