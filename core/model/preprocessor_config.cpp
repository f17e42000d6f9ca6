// Reads CLIPImageProcessor's and LlavaImageProcessor's configuration.
#include "core/model/preprocessor_config.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/json.h"

namespace qvlm {

namespace {

int in_range(int value, const std::string& key, const std::string& file) {
  if (value < 1 || value > 1 << 14) throw Error::in(file, key, "1 to 16384 pixels", std::to_string(value));
  return value;
}

// 336, {"shortest_edge": 336} or {"height": 336, "width": 336}.
int read_edge(const Json& config, const std::string& key, const std::string& file, int fallback) {
  if (!has_field(config, key)) return fallback;
  if (config[key].is_number()) return in_range(field<int>(config, key, file), key, file);
  const Json& size = object_field(config, key, file);
  const std::string where = file + ": " + key;
  if (has_field(size, "shortest_edge")) return in_range(field<int>(size, "shortest_edge", where), key, file);
  const int height = field<int>(size, "height", where), width = field<int>(size, "width", where);
  if (height != width) throw Error::in(where, "height and width", "a square", fmt::format("{} and {}", height, width));
  return in_range(height, key, file);
}

std::array<float, 3> read_colour(const Json& config, const std::string& key, const std::string& file,
                                 const std::array<float, 3>& fallback) {
  if (!has_field(config, key)) return fallback;
  const auto values = field<std::vector<float>>(config, key, file);
  if (values.size() != 3) throw Error::in(file, key, "three numbers", std::to_string(values.size()));
  return {values[0], values[1], values[2]};
}

}  // namespace

void check_preprocess(const PreprocessConfig& preprocess, const VisionConfig& vision, const std::string& origin) {
  if (preprocess.size != vision.image_size)
    throw Error::in(origin, "size of the picture", fmt::format("{} (image_size of the tower)", vision.image_size),
                    std::to_string(preprocess.size));
  for (float deviation : preprocess.std)
    if (!(deviation > 0) || !std::isfinite(deviation))
      throw Error::in(origin, "image_std", "positive numbers", std::to_string(deviation));
  if (!(preprocess.rescale > 0))
    throw Error::in(origin, "rescale_factor", "a positive number", std::to_string(preprocess.rescale));
}

PreprocessConfig read_preprocess_config(const std::filesystem::path& folder, const VisionConfig& vision,
                                        bool pad_square) {
  PreprocessConfig result;
  result.size = result.shortest_edge = vision.image_size;
  if (pad_square) result.fit = PreprocessConfig::Fit::PAD_SQUARE;

  std::filesystem::path path = folder / "preprocessor_config.json";
  Json config;
  if (std::filesystem::exists(path)) {
    config = read_json(path);
  } else if (path = folder / "processor_config.json"; std::filesystem::exists(path)) {
    const Json processor = read_json(path);
    if (!has_field(processor, "image_processor")) return result;
    config = object_field(processor, "image_processor", path.string());
  } else {
    return result;
  }
  const std::string file = path.string();

  result.resize = field_or<bool>(config, "do_resize", file, true);
  result.crop = field_or<bool>(config, "do_center_crop", file, true);
  result.normalize = field_or<bool>(config, "do_normalize", file, true);
  if (!field_or<bool>(config, "do_rescale", file, true))
    result.rescale = 1;
  else
    result.rescale = field_or<float>(config, "rescale_factor", file, 1.0f / 255.0f);
  result.shortest_edge = read_edge(config, "size", file, vision.image_size);
  result.size = result.crop ? read_edge(config, "crop_size", file, vision.image_size) : result.shortest_edge;
  result.mean = read_colour(config, "image_mean", file, result.mean);
  result.std = read_colour(config, "image_std", file, result.std);
  const int resample = field_or<int>(config, "resample", file, static_cast<int>(PreprocessConfig::Resample::BICUBIC));
  if (resample < 0 || resample > 5)
    throw Error::in(file, "resample", "0 to 5 (PIL's filters)", std::to_string(resample));
  result.resample = static_cast<PreprocessConfig::Resample>(resample);
  if (has_field(config, "do_pad")) pad_square = field<bool>(config, "do_pad", file);
  result.fit = pad_square ? PreprocessConfig::Fit::PAD_SQUARE : PreprocessConfig::Fit::CENTER_CROP;
  check_preprocess(result, vision, file);
  return result;
}

}  // namespace qvlm
