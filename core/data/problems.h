// What is wrong with a data set, collected so that a user sees several faults at once.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/data/sample.h"

namespace qvlm {

class Problems {
 public:
  explicit Problems(std::filesystem::path file) : file_(std::move(file)) {}

  /// `entry`: the entry's id, or its number.
  void add(std::string_view entry, std::string_view what);
  /// Throws one Error naming the file and the first five problems, if there are any.
  void throw_if_any() const;

 private:
  std::filesystem::path file_;
  std::vector<std::string> first_;
  size_t count_ = 0;
};

/// Adds a problem for each id that is there twice.
void check_ids(const std::vector<Sample>& samples, Problems& problems);
/// Adds a problem for each picture that is not there.
void check_images(const std::vector<Sample>& samples, Problems& problems);

/// Where a set's picture is: `root` / name, or `root` / "images" / name where only that exists.
std::filesystem::path image_path(const std::filesystem::path& root, const std::string& name);

}  // namespace qvlm
