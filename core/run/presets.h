// Recipes by name: three for users, and one for each row of the tables that the papers print.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/run/recipe.h"

namespace qvlm {

struct Preset {
  std::string_view name;         // "balanced"
  std::string_view description;  // one line
  Recipe recipe;                 // threads and library version are filled when a run starts
};

/// In the order in which they are offered.
std::span<const Preset> presets();

/// Throws Error listing the known names.
const Preset& preset_named(std::string_view name);

}  // namespace qvlm
