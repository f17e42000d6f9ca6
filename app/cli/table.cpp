// qvlm table: a recipe a row, each quantized and evaluated against the model in full precision, as text, JSON and HTML.
#include "core/evaluation/table.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "app/cli/table_runner.h"
#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/data/text_set.h"
#include "core/evaluation/table_spec.h"
#include "core/inference/struct_json.h"

namespace qvlm::cli {

namespace {

namespace fs = std::filesystem;

struct Options {
  std::string spec, output, layout = "rows";
  int threads = 0;
};

void write_table(const Table& table, TableLayout layout, const fs::path& folder) {
  write_file(folder / "table.txt", std::string_view(to_text(table, layout)));
  write_file(folder / "table.json", std::string_view(to_json(table)));
  write_file(folder / "table.html", std::string_view(to_html(table, layout)));
}

void tell_end_of_row(Session& session, const TableRow& row) {
  nlohmann::ordered_json line{{"event", row.failure.empty() ? "RowFinished" : "RowFailed"}, {"name", row.name}};
  if (!row.failure.empty()) {
    line["message"] = row.failure;
    session.output.note(row.name + ": " + row.failure);
  } else {
    line["right"] = row.evaluation->overall.right;
    line["total"] = row.evaluation->overall.total;
    line["kl"] = row.evaluation->mean_kl;
  }
  session.output.json_line(one_line(line));
}

void make_table(Session& session, const Options& options) {
  if (!has_laboratory()) throw Error(no_laboratory("table"));
  const TableLayout layout = table_layout_from(options.layout);
  const TableSpec spec = read_table_spec(options.spec);
  const fs::path folder = options.output;
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) throw Error(folder.string() + ": cannot be made: " + problem.message());

  Interrupt::Scope scope(session.interrupt);
  TableRunner runner(spec, folder, options.threads, session, scope.token());
  const int count = static_cast<int>(spec.rows.size()) + 1;
  Table table{spec.title, spec.model.string(), spec.calibration.string(), spec.questions.string(),
              is_text_set(spec.questions), {}};
  int failed = 0;
  try {
    for (int number = 1; number <= count; ++number) {
      const TableRowSpec* row = number == 1 ? nullptr : &spec.rows[static_cast<size_t>(number) - 2];
      if (scope.token().stop_requested()) throw Cancelled();
      runner.begin_row(row ? row->name : "float", number, count);
      table.rows.push_back(row ? runner.row(*row) : runner.float_row());
      failed += table.rows.back().failure.empty() ? 0 : 1;
      tell_end_of_row(session, table.rows.back());
      write_table(table, layout, folder);
    }
  } catch (const Cancelled&) {
    throw Error(fmt::format("cancelled; {} holds what is done, the same command goes on", folder.string()));
  }
  session.output.text(to_text(table, layout));
  session.output.note(fmt::format("written: {0}/table.txt, {0}/table.json, {0}/table.html", folder.string()));
  session.output.json_line(one_line({{"event", "TableFinished"},
                                     {"rows", count},
                                     {"failed", failed},
                                     {"files", {(folder / "table.txt").string(), (folder / "table.json").string(),
                                                (folder / "table.html").string()}}}));
  if (failed > 0) throw Error(fmt::format("{} of {} rows failed; the table says why", failed, count));
}

}  // namespace

Command add_table(CLI::App& app) {
  auto options = std::make_shared<Options>();
  Command command;
  command.app = app.add_subcommand(
      "table", "Quantizes a model by several recipes, evaluates each against the model itself, and writes a table");
  command.app->add_option("SPEC", options->spec,
                          "JSON: {\"model\", \"calibration\", \"questions\", \"base\": {recipe}, \"rows\": [{\"name\", "
                          "\"recipe\": {...}}]}; paths are relative to the file")
      ->required();
  command.app->add_option("-o,--output", options->output, "A folder; rows that are finished there are not made again")
      ->required();
  command.app->add_option("--layout", options->layout, "rows, or table1, table2, table4, table5 of the Q-VLM paper")
      ->capture_default_str();
  command.app->add_option("--threads", options->threads, "CPU threads of the evaluation; 0: all")
      ->check(CLI::NonNegativeNumber);
  command.run = [options](Session& session) { make_table(session, *options); };
  return command;
}

}  // namespace qvlm::cli
