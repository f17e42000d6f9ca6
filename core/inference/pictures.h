// Pictures as a model sees them, read from files and kept while a dialogue goes on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "core/inference/chat_events.h"
#include "core/input/preprocess.h"
#include "core/model/vlm_config.h"

namespace qvlm {

struct Picture {
  PixelTensor pixels;
  SeenImage seen;
};

/// A grey picture of the size that the model sees: what a question is asked over when the pictures are blanked.
Image blank_picture(const VlmConfig& config);

/// Reads, decodes and preprocesses; the last few pictures stay, keyed by path, size and time of writing.
class PictureReader {
 public:
  /// Throws Error where the model has no tower.
  explicit PictureReader(const VlmConfig& config, size_t kept = 16);
  /// Throws Error naming the file: absent, no picture, too large.
  std::shared_ptr<const Picture> read(const std::filesystem::path& path);
  /// How pictures that are read from now on are brought to the tower's square: cropped, padded, or (empty) as the model has it.
  void set_fit(std::optional<PreprocessConfig::Fit> fit);
  /// The grey picture, as if it stood at `path`.
  std::shared_ptr<const Picture> blank(const std::filesystem::path& path) const;

 private:
  struct Entry {
    std::filesystem::path path;
    uintmax_t bytes = 0;
    std::filesystem::file_time_type written;
    PreprocessConfig::Fit fit = PreprocessConfig::Fit::CENTER_CROP;
    std::shared_ptr<const Picture> picture;
  };
  std::shared_ptr<const Picture> picture_of(const Image& image, const std::filesystem::path& path) const;

  VlmConfig config_;
  PreprocessConfig own_;  // the model's; config_ has the one in force
  size_t kept_;
  std::list<Entry> entries_;  // the last used first
};

}  // namespace qvlm
