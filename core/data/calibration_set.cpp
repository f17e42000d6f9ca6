// Recognises the set's form, reads it, draws the subset, and checks that its pictures are there.
#include "core/data/calibration_set.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/data/llava_conversations.h"
#include "core/data/problems.h"

namespace qvlm {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kConversations = "conversations.json";

bool is_picture_name(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::array<std::string_view, 6> kExtensions{".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"};
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

std::vector<Sample> read_pictures(const fs::path& folder, const std::string& prompt) {
  if (prompt.find_first_not_of(" \t\r\n") == std::string::npos) throw Error("the prompt for the pictures of " + folder.string() + " is empty");
  std::vector<fs::path> pictures;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() && is_picture_name(entry.path())) pictures.push_back(entry.path());
  }
  if (pictures.empty()) {
    throw Error::in(folder.string(), "", "pictures (PNG, JPEG, WebP, BMP, GIF) or " + std::string(kConversations), "neither");
  }
  std::sort(pictures.begin(), pictures.end());
  std::vector<Sample> samples;
  for (const fs::path& picture : pictures) {
    Sample sample;
    sample.id = picture.filename().string();
    sample.images = {picture};
    sample.messages = {{Role::USER, prompt, 1}};
    samples.push_back(std::move(sample));
  }
  return samples;
}

std::vector<Sample> read_texts(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path.string() + ": cannot be read");
  std::vector<Sample> samples;
  std::string line, text;
  const auto finish = [&] {
    if (text.empty()) return;
    text.pop_back();  // the last line end
    Sample sample;
    sample.id = std::to_string(samples.size());
    sample.text = std::move(text);
    samples.push_back(std::move(sample));
    text.clear();
  };
  while (std::getline(file, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.find_first_not_of(" \t") == std::string::npos) {
      finish();
    } else {
      text += line + "\n";
    }
  }
  if (file.bad()) throw Error(path.string() + ": cannot be read");
  finish();
  if (samples.empty()) throw Error::in(path.string(), "", "a text", "an empty file");
  return samples;
}

}  // namespace

std::vector<Sample> read_calibration_set(const fs::path& path, const CalibrationOptions& options) {
  std::error_code status;
  if (!fs::exists(path, status)) throw Error(path.string() + ": no such file or folder");
  if (fs::is_directory(path)) {
    if (fs::exists(path / kConversations)) return read_calibration_set(path / kConversations, options);
    return select_samples(read_pictures(path, options.prompt), options.samples, options.seed);
  }
  if (path.extension() == ".txt") return select_samples(read_texts(path), options.samples, options.seed);

  const Json set = read_json(path);
  if (!is_llava_conversations(set)) {
    throw Error::in(path.string(), "", "a calibration set (a list of entries with \"conversations\", a folder of pictures, or a .txt file)", describe(set));
  }
  Problems problems(path);
  auto samples = parse_llava_conversations(set, path.string(), options.images.empty() ? path.parent_path() : options.images, problems);
  check_ids(samples, problems);
  problems.throw_if_any();
  samples = select_samples(std::move(samples), options.samples, options.seed);
  check_images(samples, problems);
  problems.throw_if_any();
  return samples;
}

}  // namespace qvlm
