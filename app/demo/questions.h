// Questions about scenes, with their one right answer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/demo/scene.h"

namespace qvlm::demo {

enum class Category { NAMING, COLOUR, COUNT, PRESENCE, PLACE, READING, TWO_IMAGES };
inline constexpr int kCategories = 7;

/// "naming", "colour", "count", "presence", "place", "reading", "two images".
std::string_view category_name(Category category);

struct Turn {
  std::string question;
  std::string answer;
  Category category = Category::NAMING;
  bool novel = false;  // the thing asked about stands in a reserved combination (never trained on)
};

/// Up to `count` different questions over one scene or two, categories drawn evenly among those the scene allows.
std::vector<Turn> ask(const std::vector<Scene>& scenes, Rng& rng, int count);

/// One question of a category, or nothing where the scenes do not allow it. Two scenes allow TWO_IMAGES alone.
std::vector<Turn> ask_one(const std::vector<Scene>& scenes, Rng& rng, Category category);

}  // namespace qvlm::demo
