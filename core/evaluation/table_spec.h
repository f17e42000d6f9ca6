// What `qvlm table` is asked for: one model, one calibration set, one question set, and a recipe a row.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/run/recipe.h"

namespace qvlm {

struct TableRowSpec {
  std::string name;    // unique; names the row
  std::string method;  // groups rows in the layouts of Q-VLM's tables; the name where it is not given
  std::string file;    // of its files in the output folder: the name in lower case, letters, digits and dashes
  Recipe recipe;
};

/// JSON: {"title", "model", "vision_tower", "template", "calibration", "calibration_images", "calibration_prompt",
/// "questions", "question_images", "limit", "max_tokens", "context", "batch", "base": {recipe}, "rows": [{"name",
/// "method", "recipe": {recipe}}]}. Required: model, calibration, questions, rows. A row's recipe overrides `base` key
/// by key. `questions` is a question set, or a text (.txt) cut into stretches of `context` tokens. Paths are relative to
/// the file's folder.
struct TableSpec {
  std::string title;
  std::filesystem::path model, vision_tower;
  std::string chat_template;
  std::filesystem::path calibration, calibration_images;
  std::string calibration_prompt;
  std::filesystem::path questions, question_images;
  int limit = 0;  // questions, or stretches of a text; 0: all
  int max_tokens = 32;
  int64_t context = 0;  // positions; 0: the model's
  int batch = 32;
  std::vector<TableRowSpec> rows;
};

/// Throws Error naming the file, the row and the key: an unknown key (of a recipe too), a wrong type, no rows, a name
/// that is there twice or has neither letter nor digit.
TableSpec read_table_spec(const std::filesystem::path& path);

}  // namespace qvlm
