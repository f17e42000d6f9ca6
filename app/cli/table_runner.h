// Making the rows of a table: quantize, evaluate, keep what is done.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "app/cli/command.h"
#include "app/cli/model_options.h"
#include "core/data/sample.h"
#include "core/evaluation/baseline.h"
#include "core/evaluation/evaluate.h"
#include "core/evaluation/table.h"
#include "core/evaluation/table_spec.h"

namespace qvlm::cli {

/// One table in one folder. Of a row named NAME the folder holds NAME.qvlm, NAME.recipe.json, NAME.answers.jsonl (what
/// `qvlm evaluate --json` says) and NAME.key, which says what the answers are of. A row whose recipe, model and data are
/// the same as those of its files is not made again.
class TableRunner {
 public:
  /// Reads the data and opens the model. Throws Error.
  TableRunner(const TableSpec& spec, std::filesystem::path folder, int threads, Session& session, std::stop_token stop);
  ~TableRunner();

  /// The model in full precision. Throws Error: without it there is no table.
  TableRow float_row();
  /// Throws Cancelled; any other failure stands in the row.
  TableRow row(const TableRowSpec& spec);
  /// Told before each row: the ETA is of all of them.
  void begin_row(const std::string& name, int number, int rows);

 private:
  using Path = std::filesystem::path;
  using EvaluationMaker = std::function<EvaluationFinished(const EvaluationListener&)>;

  bool is_made(const TableRowSpec& spec, const Path& model) const;
  void quantize(const TableRowSpec& spec, const Path& model);
  std::string quantize_once(const std::vector<std::string>& arguments);
  RunOptions run_options() const;
  EvaluationFinished evaluate_model(const std::shared_ptr<const Model>& model, EvaluationOptions options,
                                    const EvaluationListener& listener);
  /// What stands in the folder under this key, or what `make` gives, which is then kept.
  EvaluationFinished kept_or_made(const std::string& file, const std::string& key, const EvaluationMaker& make);
  std::string key_of(const Model& model, const std::string& more) const;
  const Baseline& baseline();
  std::string calibration_fingerprint(const Recipe& recipe) const;
  void tell(const std::string& phase, int64_t done, int64_t total);

  const TableSpec& spec_;
  Path folder_;
  int threads_;
  Session& session_;
  std::stop_token stop_;
  std::shared_ptr<const Model> model_;
  std::vector<Sample> questions_;
  std::string text_, data_;  // the text of a .txt set; the set's fingerprint
  std::optional<Baseline> baseline_;
  std::unique_ptr<BatchGenerator> float_;
  mutable std::map<std::pair<int, uint64_t>, std::string> calibration_;  // fingerprints by samples and seed

  std::string row_name_;
  int row_number_ = 0, row_count_ = 0, fresh_rows_ = 0;
  bool row_is_fresh_ = false;
  std::chrono::steady_clock::time_point row_start_;
  double fresh_seconds_ = 0;
};

}  // namespace qvlm::cli
