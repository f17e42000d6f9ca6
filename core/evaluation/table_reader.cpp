// table.json back as a table.
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/data/text_set.h"
#include "core/evaluation/table.h"

namespace qvlm {

namespace {

constexpr int64_t kVersion = 1;

RunFigures run_from_json(const Json& json, const std::string& where) {
  RunFigures run;
  run.block_error = field<double>(json, "block_error", where);
  run.layer_error = field<double>(json, "layer_error", where);
  run.token_error = field_or<double>(json, "token_error", where, 0);  // earlier tables lack it
  run.output_error = field<double>(json, "output_error", where);
  run.site_forwards = field<int64_t>(json, "site_forwards", where);
  run.seconds = field<double>(json, "seconds", where);
  run.peak_bytes = field<int64_t>(json, "peak_bytes", where);
  run.stored_bytes = field<int64_t>(json, "stored_bytes", where);
  run.stored_bits = field<double>(json, "stored_bits", where);
  return run;
}

void check(const Accuracy& accuracy, const std::string& where) {
  if (accuracy.right < 0 || accuracy.right > accuracy.total)
    throw Error::in(where, "right", "0 to " + std::to_string(accuracy.total), std::to_string(accuracy.right));
}

EvaluationFinished evaluation_from_json(Json json, const std::string& where) {
  json["event"] = "EvaluationFinished";
  try {
    const EvaluationEvent event = evaluation_event_from_json_line(json.dump());
    const auto& result = std::get<EvaluationFinished>(event);
    check(result.overall, "overall");
    if (result.categories.size() > kMaxTableCategories)
      throw Error::in("categories", "", "at most " + std::to_string(kMaxTableCategories), std::to_string(result.categories.size()));
    for (const auto& [category, accuracy] : result.categories) check(accuracy, "categories." + category);
    return result;
  } catch (const Error& error) {
    throw Error(where + ": " + error.what());
  }
}

TableRow row_from_json(const Json& json, const std::string& where) {
  TableRow row;
  row.name = field<std::string>(json, "name", where);
  row.method = field<std::string>(json, "method", where);
  row.bits = field<std::string>(json, "bits", where);
  row.weights = field<std::string>(json, "weights", where);
  row.activations = field<std::string>(json, "activations", where);
  row.failure = field_or<std::string>(json, "failure", where, "");
  if (has_field(json, "run")) row.run = run_from_json(object_field(json, "run", where), where + ": run");
  if (has_field(json, "evaluation")) row.evaluation = evaluation_from_json(object_field(json, "evaluation", where), where + ": evaluation");
  return row;
}

}  // namespace

Table table_from_json(const Json& json, const std::string& file) {
  const auto version = field<int64_t>(json, "table_version", file);
  if (version != kVersion) throw Error::in(file, "table_version", std::to_string(kVersion), std::to_string(version));
  Table table;
  table.title = field<std::string>(json, "title", file);
  table.model = field<std::string>(json, "model", file);
  table.calibration = field<std::string>(json, "calibration", file);
  table.questions = field<std::string>(json, "questions", file);
  table.is_text = is_text_set(table.questions);
  const Json& rows = array_field(json, "rows", file);
  if (rows.size() > kMaxTableRows) throw Error::in(file, "rows", "at most " + std::to_string(kMaxTableRows), std::to_string(rows.size()));
  for (const Json& row : rows) table.rows.push_back(row_from_json(row, file + ": rows[" + std::to_string(table.rows.size()) + "]"));
  return table;
}

Table read_table(const std::filesystem::path& path) {
  const std::filesystem::path file = std::filesystem::is_directory(path) ? path / "table.json" : path;
  return table_from_json(read_json(file), file.string());
}

}  // namespace qvlm
