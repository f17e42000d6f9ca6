// Include edges of every file, checked against the floors.
#include "tests/house/floors.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <string_view>

namespace qvlm::house {

namespace {

/// A floor: its folder, its height, and the wing of the house. Wings of one height do not know each other; inside a
/// wing `step` counts.
struct Floor {
  std::string_view folder;
  int height;
  std::string_view wing;
  int step;
};

constexpr std::array kFloors{
    Floor{"core/base/", 0, "", 0},
    Floor{"core/model/", 1, "", 0},
    Floor{"core/input/", 2, "", 0},
    Floor{"core/data/", 3, "", 0},
    Floor{"core/run/", 4, "", 0},
    Floor{"core/inference/", 5, "", 0},
    Floor{"core/evaluation/", 6, "evaluation", 0},
    Floor{"core/export/", 6, "export", 0},
    Floor{"gpu/", 6, "gpu", 0},
    Floor{"core/lab/reference/", 6, "lab", 0},
    Floor{"core/lab/calibration/", 6, "lab", 1},
    Floor{"core/lab/quantization/", 6, "lab", 2},
    Floor{"app/cli/", 7, "cli", 0},
    Floor{"app/demo/", 7, "demo", 0},
    Floor{"app/studio/children/", 7, "studio", 0},
    Floor{"app/studio/style/", 7, "studio", 0},
    Floor{"app/studio/settings", 7, "studio", 1},
    Floor{"app/studio/language", 7, "studio", 1},
    Floor{"app/studio/models/", 7, "studio", 2},
    Floor{"app/studio/views/", 7, "studio", 3},
    Floor{"app/studio/pages/", 7, "studio", 4},
    Floor{"app/studio/", 7, "studio", 5},
    Floor{"tests/", 8, "", 0},
};

/// A library and the only folders whose files may include its headers.
struct Library {
  std::string_view name;
  std::vector<std::string_view> header_prefixes;
  std::vector<std::string_view> folders;
};

const std::vector<Library>& libraries() {
  static const std::vector<Library> all{
      {"libtorch", {"torch/", "ATen/", "c10/"}, {"core/lab/", "app/demo/", "tests/"}},
      {"Vulkan", {"vulkan/", "volk", "spirv/"}, {"gpu/", "tests/gpu/"}},
      {"Qt", {"Q", "qcustomplot"}, {"app/studio/", "tests/"}},
      // What a view draws can be computed and tested without it: models and children know no widget.
      {"Qt's widgets",
       {"QAbstractButton", "QAbstractItemView", "QApplication", "QCheckBox", "QComboBox", "QDialog", "QFrame", "QLabel", "QLineEdit", "QMainWindow",
        "QMenu", "QMessageBox", "QPushButton", "QTableView", "QToolButton", "QToolTip", "QWidget", "qcustomplot"},
       {"app/studio/views/", "app/studio/pages/", "app/studio/style/", "app/studio/language", "app/studio/main", "app/studio/rail",
        "app/studio/heartbeat", "app/studio/single_instance", "tests/"}},
  };
  return all;
}

const Floor* floor_of(std::string_view path) {
  for (const Floor& floor : kFloors) {
    if (path.starts_with(floor.folder)) return &floor;
  }
  return nullptr;
}

bool may_include(const Floor& from, const Floor& to) {
  if (from.folder == to.folder) return true;
  // The studio sees the two engines only as child processes.
  if (from.wing == "studio" && (to.wing == "lab" || to.wing == "gpu")) return false;
  if (from.height != to.height) return from.height > to.height;
  return from.wing == to.wing && from.step > to.step;
}

struct Include {
  std::string target;
  bool quoted;
};

std::vector<Include> includes_of(const std::string& text) {
  std::vector<Include> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    size_t at = line.find_first_not_of(" \t");
    if (at == std::string::npos || line[at] != '#') continue;
    at = line.find_first_not_of(" \t", at + 1);
    if (at == std::string::npos || line.compare(at, 7, "include") != 0) continue;
    at = line.find_first_of("\"<", at + 7);
    if (at == std::string::npos) continue;
    const char close = line[at] == '<' ? '>' : '"';
    const size_t end = line.find(close, at + 1);
    if (end != std::string::npos) found.push_back({line.substr(at + 1, end - at - 1), close == '"'});
  }
  return found;
}

bool is_generated(std::string_view target) {
  return target.ends_with(".moc") || target.starts_with("generated/");
}

std::string folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/') + 1);
}

/// The file of the tree that an include means: from the root, or (in shaders) beside the file. Empty: none.
std::string resolve(const Tree& tree, const std::string& from, const std::string& target) {
  if (tree.contains(target)) return target;
  if (from.starts_with("shaders/") && tree.contains(folder_of(from) + target)) return folder_of(from) + target;
  return "";
}

void check_form(const std::string& path, const std::string& text, std::vector<std::string>& found) {
  if (!text.starts_with("//") && !text.starts_with("/*"))
    found.push_back(path + ": does not begin with a comment that says what it is for");
  const auto lines = std::count(text.begin(), text.end(), '\n');
  if (lines > 500)
    found.push_back(path + ": has " + std::to_string(lines) + " lines; a file holds one concept in at most 500");
  if (path.ends_with(".h") && text.find("#pragma once") == std::string::npos)
    found.push_back(path + ": lacks #pragma once");
}

void check_libraries(const std::string& path, const Include& include, std::vector<std::string>& found) {
  for (const Library& library : libraries()) {
    const auto begins = [&](std::string_view prefix) {
      if (!include.target.starts_with(prefix)) return false;
      // Qt's headers are Q and a capital; "Q" alone would catch too much.
      return prefix != "Q" || (include.target.size() > 1 &&
                               ((include.target[1] >= 'A' && include.target[1] <= 'Z') || include.target[1] == 't'));
    };
    if (std::none_of(library.header_prefixes.begin(), library.header_prefixes.end(), begins)) continue;
    const auto holds = [&](std::string_view folder) { return path.starts_with(folder); };
    if (std::none_of(library.folders.begin(), library.folders.end(), holds)) {
      found.push_back(path + ": includes <" + include.target + ">, but " + std::string(library.name) +
                      " is not this floor's");
    }
  }
}

/// Depth-first search for a circle of includes; says each circle once.
void check_circles(const std::map<std::string, std::set<std::string>>& edges, std::vector<std::string>& found) {
  enum class Mark { NEW, OPEN, DONE };
  std::map<std::string, Mark> marks;
  std::vector<std::string> trail;
  const std::function<void(const std::string&)> visit = [&](const std::string& file) {
    marks[file] = Mark::OPEN;
    trail.push_back(file);
    if (const auto out = edges.find(file); out != edges.end()) {
      for (const std::string& next : out->second) {
        if (marks[next] == Mark::NEW) visit(next);
        if (marks[next] != Mark::OPEN) continue;
        std::string circle = next;
        for (auto at = std::find(trail.begin(), trail.end(), next) + 1; at != trail.end(); ++at) circle += " -> " + *at;
        found.push_back(file + ": include circle: " + circle + " -> " + next);
      }
    }
    trail.pop_back();
    marks[file] = Mark::DONE;
  };
  for (const auto& [file, targets] : edges) {
    if (marks[file] == Mark::NEW) visit(file);
  }
}

}  // namespace

Tree read_tree(const std::string& root) {
  Tree tree;
  for (const char* part : {"app", "core", "gpu", "shaders", "tests"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(std::filesystem::path(root) / part)) {
      const std::string kind = entry.path().extension();
      const bool source = kind == ".h" || kind == ".cpp" || kind == ".comp" || kind == ".glsl";
      if (!entry.is_regular_file() || !source) continue;
      std::ifstream file(entry.path());
      std::ostringstream text;
      text << file.rdbuf();
      tree[std::filesystem::relative(entry.path(), root).string()] = text.str();
    }
  }
  return tree;
}

std::vector<std::string> violations_of(const Tree& tree) {
  std::vector<std::string> found;
  std::map<std::string, std::set<std::string>> edges;
  for (const auto& [path, text] : tree) {
    check_form(path, text, found);
    const bool shader = path.starts_with("shaders/");
    const Floor* from = floor_of(path);
    if (!from && !shader) found.push_back(path + ": stands on no floor of the house");
    for (const Include& include : includes_of(text)) {
      if (is_generated(include.target)) continue;
      check_libraries(path, include, found);
      if (!include.quoted) continue;
      const std::string target = resolve(tree, path, include.target);
      if (target.empty()) {
        found.push_back(path + ": \"" + include.target +
                        "\" is no file of the tree (includes are written from the root)");
        continue;
      }
      edges[path].insert(target);
      const Floor* to = floor_of(target);
      if (shader != target.starts_with("shaders/"))
        found.push_back(path + ": includes " + target + " across the shaders' wall");
      if (from && to && !may_include(*from, *to)) {
        found.push_back(path + ": includes " + target +
                        ", which stands higher or is a neighbour that it must not know");
      }
    }
  }
  check_circles(edges, found);
  return found;
}

}  // namespace qvlm::house
