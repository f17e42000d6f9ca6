// Checks that every format of data set shares.
#include "core/data/problems.h"

#include "core/base/error.h"

namespace qvlm {
namespace {

constexpr size_t kShown = 5;

}  // namespace

void Problems::add(std::string_view entry, std::string_view what) {
  ++count_;
  if (first_.size() < kShown) first_.push_back("entry " + std::string(entry) + ": " + std::string(what));
}

void Problems::throw_if_any() const {
  if (count_ == 0) return;
  std::string message = file_.string() + ": ";
  if (count_ == 1) throw Error(message + first_.front());
  message += std::to_string(count_) + " problems";
  if (count_ > kShown) message += ", of which the first " + std::to_string(kShown);
  message += ":";
  for (const std::string& problem : first_) message += "\n  " + problem;
  throw Error(message);
}

void check_ids(const std::vector<Sample>& samples, Problems& problems) {
  std::unordered_set<std::string_view> seen;
  for (const Sample& sample : samples) {
    if (!seen.insert(sample.id).second) problems.add("\"" + sample.id + "\"", "id: expected one that is there once, found it twice");
  }
}

void check_images(const std::vector<Sample>& samples, Problems& problems) {
  for (const Sample& sample : samples) {
    for (const auto& path : sample.images) {
      std::error_code ignored;
      if (!std::filesystem::is_regular_file(path, ignored)) problems.add("\"" + sample.id + "\"", "image: no such file: " + path.string());
    }
  }
}

std::filesystem::path image_path(const std::filesystem::path& root, const std::string& name) {
  std::error_code ignored;
  const auto direct = root / name, inside = root / "images" / name;
  if (!std::filesystem::exists(direct, ignored) && std::filesystem::exists(inside, ignored)) return inside;
  return direct;
}

}  // namespace qvlm
