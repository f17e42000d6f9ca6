// A table of quantization results: one model, one set of questions (or a text), a recipe a row.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/evaluation/evaluation_events.h"
#include "core/run/recipe.h"

namespace qvlm {

/// What a quantization run cost and reached, from its report.json.
struct RunFigures {
  double block_error = 0;     // mean over the blocks of the chosen tuple's relative squared error, as its search measured it: compare rows by layer_error
  double layer_error = 0;     // mean over the decoder's layers of their outputs' error: comparable between partitions
  double token_error = 0;     // the same, each token against its own norm: few tokens of a huge norm do not hide the others
  double output_error = 0;    // layer_error of the last layer's output, quantized stream against float stream
  int64_t site_forwards = 0;  // search cost
  double seconds = 0;
  int64_t peak_bytes = 0, stored_bytes = 0;
  double stored_bits = 0;  // a weight, over the decoder's linears
};

/// Throws Error naming the file and key.
RunFigures read_run_figures(const std::filesystem::path& report);

struct TableRow {
  std::string name, method;
  std::string bits;         // "W4A16", "W4A4 V8A8" with a quantized tower; "float"
  std::string weights;      // "4 bit, group 32", "4 bit, row"; "16 bit" and the like for the model itself
  std::string activations;  // "4 bit, dynamic-token", "4 bit, dynamic-group 32", "16 bit"
  std::string failure;      // why there are no figures; empty: there are
  std::optional<RunFigures> run;  // none for the model itself
  std::optional<EvaluationFinished> evaluation;
};

/// Fills bits, weights and activations.
void describe_recipe(const Recipe& recipe, TableRow& row);

/// The rows of models in full precision (bits "float") come first; `qvlm table` has one.
struct Table {
  std::string title, model, calibration, questions;
  bool is_text = false;  // perplexity of a text instead of answers
  std::vector<TableRow> rows;
};

/// How a table is laid out. ROWS: everything, a row a recipe. The others follow the tables of the Q-VLM paper:
/// TABLE_1 (stored size, search cost, accuracy by bits), TABLE_2 (accuracy by category), TABLE_4 (time, size, accuracy
/// by bits), TABLE_5 (accuracy and search cost by bits).
enum class TableLayout { ROWS, TABLE_1, TABLE_2, TABLE_4, TABLE_5 };
/// "rows", "table1", "table2", "table4", "table5".
std::string_view name_of(TableLayout layout);
/// Throws Error listing the names.
TableLayout table_layout_from(std::string_view name);

/// Cells of text under headings.
struct Grid {
  std::string caption;
  std::vector<std::string> columns;
  std::vector<std::string> settings;           // bits and groups that each column is of, empty for none; no entries: none is of any
  std::vector<std::vector<std::string>> rows;  // each as long as `columns`, or one cell that spans them all: a failure

  /// "W4A4 (weights 4 bit, group 32; activations 4 bit, dynamic-token) accuracy %", or the column alone.
  std::string heading(size_t column) const;
};
std::vector<Grid> make_grids(const Table& table, TableLayout layout);

std::string to_text(const Table& table, TableLayout layout);
/// For a sheet: cells between tabs, an empty line between grids; white space inside a cell as one blank.
std::string to_tsv(const Table& table, TableLayout layout);
std::string to_json(const Table& table);
/// One self-contained page: plots (inline SVG) of accuracy or perplexity and of KL by row, and the grids; light and dark.
std::string to_html(const Table& table, TableLayout layout);

inline constexpr size_t kMaxTableRows = 500;
inline constexpr size_t kMaxTableCategories = 500;
/// What to_json wrote; unknown keys are passed over. Throws Error naming file, row and field: a later version, what is absent, a wrong type, more
/// right answers than questions, more rows or categories than these.
Table table_from_json(const Json& json, const std::string& file);
/// `path`: a table.json, or the folder that `qvlm table` wrote one into. Throws Error.
Table read_table(const std::filesystem::path& path);

}  // namespace qvlm
