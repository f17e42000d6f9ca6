// Strict reading of a table's specification.
#include "core/evaluation/table_spec.h"

#include <nlohmann/json.hpp>
#include <set>

#include "core/base/error.h"
#include "core/base/json.h"

namespace qvlm {

namespace {

std::string file_name_of(const std::string& name) {
  std::string file;
  for (const char raw : name) {
    const char c = raw >= 'A' && raw <= 'Z' ? static_cast<char>(raw - 'A' + 'a') : raw;
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain) file.push_back(c);
    if (!plain && !file.empty() && file.back() != '-') file.push_back('-');
  }
  while (!file.empty() && file.back() == '-') file.pop_back();
  return file;
}

TableRowSpec read_row(const Json& json, const Json& base, const std::string& origin) {
  if (!json.is_object()) throw Error::in(origin, "", "an object", describe(json));
  refuse_unknown_keys(json, {"name", "method", "recipe"}, origin);
  TableRowSpec row;
  row.name = field<std::string>(json, "name", origin);
  row.method = field_or<std::string>(json, "method", origin, row.name);
  row.file = file_name_of(row.name);
  if (row.file.empty()) throw Error::in(origin, "name", "letters or digits", "\"" + row.name + "\"");
  Json recipe = base;
  if (has_field(json, "recipe")) recipe.update(object_field(json, "recipe", origin));
  row.recipe = recipe_from_json(recipe.dump(), origin + " \"" + row.name + "\": recipe");
  return row;
}

}  // namespace

TableSpec read_table_spec(const std::filesystem::path& path) {
  const std::string file = path.string();
  const Json json = read_json(path);
  if (!json.is_object()) throw Error::in(file, "", "an object", describe(json));
  refuse_unknown_keys(json,
                      {"title", "model", "vision_tower", "template", "calibration", "calibration_images",
                       "calibration_prompt", "questions", "question_images", "limit", "max_tokens", "context", "batch",
                       "base", "rows"},
                      file);
  const std::filesystem::path folder = path.parent_path();
  const auto place = [&](const char* key, bool required) {
    const std::string text = required ? field<std::string>(json, key, file) : field_or<std::string>(json, key, file, "");
    return text.empty() ? std::filesystem::path() : (folder / text).lexically_normal();
  };
  const auto count = [&](const char* key, int fallback, int least) {
    const int value = field_or<int>(json, key, file, fallback);
    if (value < least) throw Error::in(file, key, "at least " + std::to_string(least), std::to_string(value));
    return value;
  };
  TableSpec spec;
  spec.title = field_or<std::string>(json, "title", file, path.stem().string());
  spec.model = place("model", true);
  spec.vision_tower = place("vision_tower", false);
  spec.chat_template = field_or<std::string>(json, "template", file, "");
  spec.calibration = place("calibration", true);
  spec.calibration_images = place("calibration_images", false);
  spec.calibration_prompt = field_or<std::string>(json, "calibration_prompt", file, "");
  spec.questions = place("questions", true);
  spec.question_images = place("question_images", false);
  spec.limit = count("limit", 0, 0);
  spec.max_tokens = count("max_tokens", 32, 1);
  spec.context = count("context", 0, 0);
  spec.batch = count("batch", 32, 1);
  const Json base = has_field(json, "base") ? object_field(json, "base", file) : Json::object();
  std::set<std::string> files;
  const Json& rows = array_field(json, "rows", file);
  for (size_t i = 0; i < rows.size(); ++i) {
    TableRowSpec row = read_row(rows[i], base, file + ": rows[" + std::to_string(i) + "]");
    if (row.file == "float" || !files.insert(row.file).second) {
      throw Error::in(file, "rows[" + std::to_string(i) + "].name", "a name of its own (in lower case letters and digits)",
                      "\"" + row.name + "\"");
    }
    spec.rows.push_back(std::move(row));
  }
  if (spec.rows.empty()) throw Error::in(file, "rows", "at least one row", "none");
  return spec;
}

}  // namespace qvlm
