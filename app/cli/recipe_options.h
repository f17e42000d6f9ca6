// The options of qvlm quantize that make a recipe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/run/recipe.h"

namespace CLI {
class App;
}

namespace qvlm::cli {

/// Collects --recipe, --preset and the single options; each later kind overrides the earlier.
class RecipeOptions {
 public:
  void add_to(CLI::App& app);
  /// True where any of them was given.
  bool given() const;
  /// The recipe that they mean. Throws Error: an unreadable or illegal recipe.
  Recipe recipe() const;

 private:
  template <class T, class Set>
  void add(CLI::App& app, const std::string& name, T example, const std::string& help, Set set);

  std::string file_, preset_, latency_file_;
  std::vector<std::function<bool()>> given_;
  std::vector<std::function<void(Recipe&)>> overrides_;
};

}  // namespace qvlm::cli
