// Which figures stand where: all of them row by row, and the layouts of Q-VLM's tables.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "core/base/error.h"
#include "core/evaluation/table.h"

namespace qvlm {

namespace {

constexpr std::array<std::pair<TableLayout, std::string_view>, 5> kLayouts{{{TableLayout::ROWS, "rows"},
                                                                            {TableLayout::TABLE_1, "table1"},
                                                                            {TableLayout::TABLE_2, "table2"},
                                                                            {TableLayout::TABLE_4, "table4"},
                                                                            {TableLayout::TABLE_5, "table5"}}};

constexpr const char* kNone = "-";

using Cell = std::function<std::string(const TableRow&)>;
struct Column {
  std::string heading;
  Cell cell;
};

std::string percent(const Accuracy& accuracy) { return fmt::format("{:.2f}", 100 * accuracy.value()); }

std::string interval(const Accuracy& accuracy) { return fmt::format("{:.1f} to {:.1f}", 100 * accuracy.low, 100 * accuracy.high); }

/// The figure by which rows are compared: accuracy of answers, or perplexity of a text.
std::string result_of(const Table& table, const TableRow& row) {
  if (!row.evaluation) return row.failure.empty() ? kNone : "failed";
  if (!table.is_text) return percent(row.evaluation->overall);
  const auto found = row.evaluation->likelihood.find("text");
  return found == row.evaluation->likelihood.end() ? kNone : fmt::format("{:.3f}", found->second.perplexity());
}

std::string with_run(const TableRow& row, const std::function<std::string(const RunFigures&)>& cell) {
  return row.run ? cell(*row.run) : kNone;
}

std::string divergence(const TableRow& row, const char* context, double Divergence::*figure, const char* format,
                       double factor) {
  if (!row.evaluation) return kNone;
  const auto found = row.evaluation->divergence.find(context);
  return found == row.evaluation->divergence.end() ? kNone
                                                   : fmt::format(fmt::runtime(format), factor * (found->second.*figure));
}

std::string perplexity(const TableRow& row) {
  if (!row.evaluation) return kNone;
  const auto found = row.evaluation->likelihood.find("all");
  return found == row.evaluation->likelihood.end() ? kNone : fmt::format("{:.3f}", found->second.perplexity());
}

std::string mebibytes(int64_t bytes) { return fmt::format("{:.1f}", static_cast<double>(bytes) / (1024.0 * 1024)); }

/// ScienceQA's categories in the paper's order, any others by name.
std::vector<std::string> categories_of(const Table& table) {
  std::set<std::string> present;
  for (const TableRow& row : table.rows) {
    if (!row.evaluation) continue;
    for (const auto& [category, accuracy] : row.evaluation->categories) present.insert(category);
  }
  std::vector<std::string> categories;
  for (const char* known : {"NAT", "SOC", "LAN", "TXT", "IMG", "NO"}) {
    if (present.erase(known) > 0) categories.emplace_back(known);
  }
  categories.insert(categories.end(), present.begin(), present.end());
  return categories;
}

std::vector<Column> grid_columns() {
  return {{"row", [](const TableRow& row) { return row.name; }},
          {"weights", [](const TableRow& row) { return row.weights; }},
          {"activations", [](const TableRow& row) { return row.activations; }}};
}

void add_categories(std::vector<Column>& columns, const Table& table) {
  for (const std::string& category : categories_of(table)) {
    columns.push_back({category, [category](const TableRow& row) -> std::string {
                         if (!row.evaluation || !row.evaluation->categories.contains(category)) return kNone;
                         return percent(row.evaluation->categories.at(category));
                       }});
  }
}

Grid grid_of(const Table& table, std::string caption, const std::vector<Column>& columns) {
  Grid grid{std::move(caption), {}, {}, {}};
  for (const Column& column : columns) grid.columns.push_back(column.heading);
  for (const TableRow& row : table.rows) {
    if (!row.failure.empty()) {
      grid.rows.push_back({row.name + " (" + row.weights + "; activations " + row.activations + "): failed: " + row.failure});
      continue;
    }
    auto& cells = grid.rows.emplace_back();
    for (const Column& column : columns) cells.push_back(column.cell(row));
  }
  return grid;
}

Grid accuracy_grid(const Table& table) {
  std::vector<Column> columns = grid_columns();
  columns.push_back({"all", [&](const TableRow& row) { return result_of(table, row); }});
  columns.push_back({"95 % interval", [](const TableRow& row) -> std::string {
                       return row.evaluation ? interval(row.evaluation->overall) : kNone;
                     }});
  columns.push_back({"McNemar p", [](const TableRow& row) -> std::string {
                       if (!row.evaluation || !row.evaluation->mcnemar) return kNone;
                       const McNemar& test = *row.evaluation->mcnemar;
                       return fmt::format("{:.2g} (+{} -{})", test.p_value, test.only_this, test.only_against);
                     }});
  const bool soft = std::any_of(table.rows.begin(), table.rows.end(), [](const TableRow& row) {
    return row.evaluation && row.evaluation->overall.soft;
  });
  if (soft) {
    columns.push_back({"VQA accuracy", [](const TableRow& row) -> std::string {
                         if (!row.evaluation || !row.evaluation->overall.soft) return kNone;
                         return fmt::format("{:.2f}", 100 * *row.evaluation->overall.soft);
                       }});
  }
  add_categories(columns, table);
  return grid_of(table, "Right answers, %; p of McNemar's exact test against float (right here alone, there alone)", columns);
}

Grid interval_grid(const Table& table) {
  std::vector<Column> columns = grid_columns();
  for (const std::string& category : categories_of(table)) {
    columns.push_back({category, [category](const TableRow& row) -> std::string {
                         if (!row.evaluation || !row.evaluation->categories.contains(category)) return kNone;
                         return interval(row.evaluation->categories.at(category));
                       }});
  }
  return grid_of(table, "95 % intervals of the right answers by category, %", columns);
}

Grid distance_grid(const Table& table) {
  std::vector<Column> columns = grid_columns();
  columns.push_back({table.is_text ? "perplexity" : "answers' perplexity", perplexity});
  for (const char* context : {"image", "text"}) {
    const bool there = std::any_of(table.rows.begin(), table.rows.end(), [&](const TableRow& row) {
      return row.evaluation && row.evaluation->divergence.contains(context);
    });
    if (!there) continue;
    columns.push_back({std::string("KL, ") + context, [context](const TableRow& row) {
                         return divergence(row, context, &Divergence::kl, "{:.3e}", 1);
                       }});
    columns.push_back({std::string("top-1 %, ") + context, [context](const TableRow& row) {
                         return divergence(row, context, &Divergence::top1, "{:.1f}", 100);
                       }});
  }
  if (!table.is_text) {
    columns.push_back({"same answer %", [](const TableRow& row) -> std::string {
                         if (!row.evaluation || row.evaluation->against.empty()) return kNone;
                         return fmt::format("{:.1f}", 100 * row.evaluation->agreement);
                       }});
  }
  return grid_of(table, "Distance from float: KL(float || row) in nats a token, and tokens where the most likely one is the same",
                 columns);
}

Grid run_grid(const Table& table) {
  std::vector<Column> columns = grid_columns();
  const auto add = [&](const char* heading, std::function<std::string(const RunFigures&)> cell) {
    columns.push_back({heading, [cell](const TableRow& row) { return with_run(row, cell); }});
  };
  add("block error", [](const RunFigures& run) { return fmt::format("{:.3e}", run.block_error); });
  add("layer error", [](const RunFigures& run) { return fmt::format("{:.3e}", run.layer_error); });
  add("token error", [](const RunFigures& run) { return fmt::format("{:.3e}", run.token_error); });
  add("output error", [](const RunFigures& run) { return fmt::format("{:.3e}", run.output_error); });
  add("site forwards", [](const RunFigures& run) { return fmt::format("{}", run.site_forwards); });
  add("seconds", [](const RunFigures& run) { return fmt::format("{:.1f}", run.seconds); });
  add("peak MiB", [](const RunFigures& run) { return mebibytes(run.peak_bytes); });
  add("stored bits", [](const RunFigures& run) { return fmt::format("{:.2f}", run.stored_bits); });
  add("stored MiB", [](const RunFigures& run) { return mebibytes(run.stored_bytes); });
  return grid_of(table, "The runs: relative squared errors (mean of the blocks; of the layers; of the layers, token by token; last layer), search cost, time and memory", columns);
}

Grid evaluation_grid(const Table& table) {
  std::vector<Column> columns = grid_columns();
  const auto add = [&](const char* heading, std::function<std::string(const EvaluationFinished&)> cell) {
    columns.push_back({heading, [cell](const TableRow& row) { return row.evaluation ? cell(*row.evaluation) : std::string(kNone); }});
  };
  add("ran on", [](const EvaluationFinished& result) { return result.info.device; });
  add("bits a weight", [](const EvaluationFinished& result) { return fmt::format("{:.2f}", result.info.weight_bits); });
  add("activation bits", [](const EvaluationFinished& result) { return fmt::format("{}", result.info.activation_bits); });
  add("seconds", [](const EvaluationFinished& result) { return fmt::format("{:.1f}", result.seconds); });
  add("weights MiB", [](const EvaluationFinished& result) { return mebibytes(result.info.weight_bytes); });
  add("memory MiB", [](const EvaluationFinished& result) { return mebibytes(result.info.total_bytes); });
  return grid_of(table, "The evaluations: what ran them, in which bits, their time, and memory on the device", columns);
}

/// Of Table 4: the paper's are of INT4 kernels.
std::string time_caption(const Table& table) {
  const bool reference = std::all_of(table.rows.begin(), table.rows.end(), [](const TableRow& row) {
    return !row.evaluation || row.evaluation->info.backend == "reference";
  });
  return reference ? "Seconds of the evaluation on the reference, which computes in 32 bits whatever the model's bits are; stored size; result (the "
                     "layout of Q-VLM's Table 4)"
                   : "Seconds of the evaluation on what ran it; stored size; result (the layout of Q-VLM's Table 4)";
}

Grid categories_grid(const Table& table) {
  std::vector<Column> columns{{"bits", [](const TableRow& row) { return row.bits; }},
                              {"weights", [](const TableRow& row) { return row.weights; }},
                              {"activations", [](const TableRow& row) { return row.activations; }},
                              {"method", [](const TableRow& row) { return row.method; }}};
  add_categories(columns, table);
  columns.push_back({table.is_text ? "perplexity" : "Avg", [&](const TableRow& row) { return result_of(table, row); }});
  // Rows of the same bits stand together, in the order in which their bits come first.
  const auto first_of = [&](const TableRow& row) {
    return std::find_if(table.rows.begin(), table.rows.end(), [&](const TableRow& one) { return one.bits == row.bits; });
  };
  Table grouped = table;
  std::stable_sort(grouped.rows.begin(), grouped.rows.end(),
                   [&](const TableRow& a, const TableRow& b) { return first_of(a) < first_of(b); });
  return grid_of(grouped, "Accuracy by category, % (the layout of Q-VLM's Table 2)", columns);
}

std::string setting_of(const TableRow& row) {
  return row.bits + " (weights " + row.weights + "; activations " + row.activations + ")";
}

/// A row a method, and for each setting of bits and groups a column a figure.
Grid pivot(const Table& table, std::string caption, const std::vector<Column>& figures) {
  Grid grid{std::move(caption), {"method"}, {""}, {}};
  std::vector<std::string> settings, methods;
  std::map<std::pair<std::string, std::string>, std::vector<const TableRow*>> found;  // by method and setting, in their order
  for (const TableRow& row : table.rows) {
    auto& rows = found[{row.method, setting_of(row)}];
    rows.push_back(&row);
    const auto note = [](std::vector<std::string>& list, const std::string& value) {
      if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
    };
    note(settings, setting_of(row));
    note(methods, row.method);
  }
  for (const auto& setting : settings) {
    for (const Column& figure : figures) {
      grid.columns.push_back(figure.heading);
      grid.settings.push_back(setting);
    }
  }
  for (const auto& method : methods) {
    // A method may have several rows at one setting: each has a line.
    for (size_t again = 0;; ++again) {
      std::vector<std::string> cells{method};
      bool any = false;
      for (const auto& setting : settings) {
        const auto rows = found.find({method, setting});
        const TableRow* row = rows != found.end() && again < rows->second.size() ? rows->second[again] : nullptr;
        any = any || row != nullptr;
        for (const Column& figure : figures) cells.push_back(row == nullptr ? "" : figure.cell(*row));
      }
      if (!any) break;
      grid.rows.push_back(std::move(cells));
    }
  }
  return grid;
}

}  // namespace

std::string_view name_of(TableLayout layout) {
  for (const auto& [value, name] : kLayouts) {
    if (value == layout) return name;
  }
  return "";
}

TableLayout table_layout_from(std::string_view name) {
  std::string known;
  for (const auto& [value, text] : kLayouts) {
    if (text == name) return value;
    known += (known.empty() ? "" : ", ") + std::string(text);
  }
  throw Error::in("", "layout", "one of " + known, "\"" + std::string(name) + "\"");
}

std::vector<Grid> make_grids(const Table& table, TableLayout layout) {
  const Column result{table.is_text ? "perplexity" : "accuracy %", [&](const TableRow& row) { return result_of(table, row); }};
  const Column cost{"search cost", [](const TableRow& row) {
                      return with_run(row, [](const RunFigures& run) { return fmt::format("{}", run.site_forwards); });
                    }};
  const Column size{"MiB", [](const TableRow& row) {
                      return with_run(row, [](const RunFigures& run) { return mebibytes(run.stored_bytes); });
                    }};
  const Column time{"s", [](const TableRow& row) {
                      return row.evaluation ? fmt::format("{:.1f}", row.evaluation->seconds) : std::string(kNone);
                    }};
  switch (layout) {
    case TableLayout::ROWS: {
      std::vector<Grid> grids;
      if (!table.is_text) grids.push_back(accuracy_grid(table));
      if (!categories_of(table).empty()) grids.push_back(interval_grid(table));
      grids.push_back(distance_grid(table));
      grids.push_back(run_grid(table));
      grids.push_back(evaluation_grid(table));
      return grids;
    }
    case TableLayout::TABLE_1:
      return {pivot(table, "Stored size, search cost in site forwards, result (the layout of Q-VLM's Table 1)", {size, cost, result})};
    case TableLayout::TABLE_2:
      return {categories_grid(table)};
    case TableLayout::TABLE_4:
      return {pivot(table, time_caption(table), {time, size, result})};
    case TableLayout::TABLE_5:
      return {pivot(table, "Result and search cost in site forwards (the layout of Q-VLM's Table 5)", {result, cost})};
  }
  throw Error("table: no such layout");
}

}  // namespace qvlm
