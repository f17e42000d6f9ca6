// Reading pictures once.
#include "core/inference/pictures.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "core/base/error.h"
#include "core/input/image.h"

namespace qvlm {

Image blank_picture(const VlmConfig& config) {
  const int size = config.vision->image_size;
  return {size, size, std::vector<uint8_t>(static_cast<size_t>(size) * static_cast<size_t>(size) * 3, 128)};
}

PictureReader::PictureReader(const VlmConfig& config, size_t kept) : config_(config), own_(config.preprocess), kept_(std::max<size_t>(kept, 1)) {
  if (!config_.vision) throw Error(config_.name + ": this model takes no pictures");
}

std::shared_ptr<const Picture> PictureReader::picture_of(const Image& image, const std::filesystem::path& path) const {
  auto picture = std::make_shared<Picture>();
  picture->pixels = preprocess(image, config_.preprocess);
  const bool pads = config_.preprocess.fit == PreprocessConfig::Fit::PAD_SQUARE;
  picture->seen = {path.string(),
                   image.width,
                   image.height,
                   picture->pixels.size,
                   pads ? "padded to square" : "centre crop",
                   config_.vision->image_tokens()};
  return picture;
}

void PictureReader::set_fit(std::optional<PreprocessConfig::Fit> fit) {
  config_.preprocess = own_;
  if (!fit || *fit == own_.fit) return;
  config_.preprocess.fit = *fit;
  config_.preprocess.crop = true;  // what was padded needed none
}

std::shared_ptr<const Picture> PictureReader::read(const std::filesystem::path& path) {
  std::error_code problem;
  const uintmax_t bytes = std::filesystem::file_size(path, problem);
  const auto written = problem ? std::filesystem::file_time_type() : std::filesystem::last_write_time(path, problem);
  if (!problem) {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
      return entry.path == path && entry.fit == config_.preprocess.fit && entry.bytes == bytes && entry.written == written;
    });
    if (found != entries_.end()) {
      entries_.splice(entries_.begin(), entries_, found);
      return entries_.front().picture;
    }
  }
  auto picture = picture_of(read_image(path), path);  // says what is wrong with the file
  entries_.push_front({path, bytes, written, config_.preprocess.fit, picture});
  if (entries_.size() > kept_) entries_.pop_back();
  return picture;
}

std::shared_ptr<const Picture> PictureReader::blank(const std::filesystem::path& path) const {
  return picture_of(blank_picture(config_), path);
}

}  // namespace qvlm
