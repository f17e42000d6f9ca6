// Reading a run's report, naming a recipe's grid, and a table as text, for a sheet, and as JSON.
#include "core/evaluation/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/json.h"

namespace qvlm {

RunFigures read_run_figures(const std::filesystem::path& report) {
  const std::string file = report.string();
  const Json json = read_json(report);
  RunFigures figures;
  const Json& blocks = array_field(json, "blocks", file);
  for (const Json& block : blocks) {
    figures.block_error += field<double>(block, "joint_error", file) / static_cast<double>(blocks.size());
  }
  figures.layer_error = field<double>(json, "mean_layer_error", file);
  figures.token_error = field<double>(json, "mean_token_error", file);
  figures.output_error = field<double>(json, "layer_output_error", file);
  figures.site_forwards = field<int64_t>(json, "site_forwards", file);
  figures.seconds = field<double>(json, "seconds", file);
  figures.peak_bytes = field<int64_t>(json, "peak_bytes", file);
  figures.stored_bytes = field<int64_t>(json, "stored_bytes", file);
  figures.stored_bits = field<double>(json, "stored_bits", file);
  return figures;
}

namespace {

/// "4 bit, group 32", "4 bit, row"
std::string grid_of(int bits, int64_t group) {
  return group == 0 ? fmt::format("{} bit, row", bits) : fmt::format("{} bit, group {}", bits, group);
}

}  // namespace

void describe_recipe(const Recipe& recipe, TableRow& row) {
  row.bits = fmt::format("W{}A{}", recipe.weight_bits, recipe.activation_bits);
  row.weights = grid_of(recipe.weight_bits, recipe.weight_group);
  row.activations = fmt::format("{} bit", recipe.activation_bits);
  if (recipe.activation_bits < 16) {
    row.activations += fmt::format(", {}", name_of(recipe.activation_mode));
    if (recipe.activation_mode == ActivationMode::DYNAMIC_GROUP) {
      row.activations += fmt::format(" {}", recipe.activation_group);
    }
  }
  if (recipe.vision_bits < 16 || recipe.vision_activation_bits < 16) {
    row.bits += fmt::format(" V{}A{}", recipe.vision_bits, recipe.vision_activation_bits);
    // At 8 bits the tower has one scale a row; groups are those of 4 bits.
    row.weights += recipe.vision_bits == 16 ? std::string("; tower 16 bit")
                                            : "; tower " + grid_of(recipe.vision_bits, recipe.vision_bits == 4 ? recipe.vision_group : 0);
    row.activations += fmt::format("; tower {} bit", recipe.vision_activation_bits);
    if (recipe.vision_activation_bits < 16) row.activations += fmt::format(", {}", recipe_name_of(recipe.vision_activation_mode));
  }
  if (recipe.projector_bits < 16) row.weights += fmt::format("; projector {} bit", recipe.projector_bits);
}

namespace {

/// Characters, counting each UTF-8 sequence as one.
size_t width_of(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string line_of(const std::vector<std::string>& cells, const std::vector<size_t>& widths) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string gap(widths[i] - width_of(cells[i]), ' ');
    line += (i == 0 ? "" : "  ") + (i == 0 ? cells[i] + gap : gap + cells[i]);
  }
  return line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

std::vector<std::string> headings_of(const Grid& grid) {
  std::vector<std::string> headings;
  for (size_t column = 0; column < grid.columns.size(); ++column) headings.push_back(grid.heading(column));
  return headings;
}

std::string to_text(const Grid& grid) {
  const std::vector<std::string> headings = headings_of(grid);
  std::vector<size_t> widths;
  for (const auto& heading : headings) widths.push_back(width_of(heading));
  for (const auto& row : grid.rows) {
    if (row.size() == grid.columns.size()) {
      for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  std::string text = grid.caption + "\n" + line_of(headings, widths);
  for (const auto& row : grid.rows) text += row.size() == widths.size() ? line_of(row, widths) : row.front() + "\n";
  return text;
}

std::string tsv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells) {
    if (!line.empty()) line += '\t';
    for (const char c : cell) {
      const bool space = c == ' ' || (c >= '\t' && c <= '\r');
      if (!space) line += c;
      if (space && !line.empty() && line.back() != ' ' && line.back() != '\t') line += ' ';
    }
  }
  return line + "\n";
}

}  // namespace

std::string Grid::heading(size_t column) const {
  return settings.empty() || settings[column].empty() ? columns[column] : settings[column] + " " + columns[column];
}

std::string to_tsv(const Table& table, TableLayout layout) {
  std::string text;
  for (const Grid& grid : make_grids(table, layout)) {
    text += (text.empty() ? "" : "\n") + tsv_line({grid.caption}) + tsv_line(headings_of(grid));
    for (const auto& row : grid.rows) text += tsv_line(row);
  }
  return text;
}

std::string to_text(const Table& table, TableLayout layout) {
  std::string text = fmt::format("{}\nmodel {}, calibration {}, {} {}\n", table.title, table.model, table.calibration,
                                 table.is_text ? "text" : "questions", table.questions);
  for (const Grid& grid : make_grids(table, layout)) text += "\n" + to_text(grid);
  return text;
}

std::string to_json(const Table& table) {
  nlohmann::ordered_json json{{"table_version", 1},
                              {"title", table.title},
                              {"model", table.model},
                              {"calibration", table.calibration},
                              {"questions", table.questions},
                              {"rows", nlohmann::ordered_json::array()}};
  for (const TableRow& row : table.rows) {
    nlohmann::ordered_json object{{"name", row.name},
                                  {"method", row.method},
                                  {"bits", row.bits},
                                  {"weights", row.weights},
                                  {"activations", row.activations}};
    if (!row.failure.empty()) object["failure"] = row.failure;
    if (row.run) {
      object["run"] = {{"block_error", row.run->block_error},     {"layer_error", row.run->layer_error},
                       {"token_error", row.run->token_error},     {"output_error", row.run->output_error},
                       {"site_forwards", row.run->site_forwards}, {"seconds", row.run->seconds},
                       {"peak_bytes", row.run->peak_bytes},       {"stored_bytes", row.run->stored_bytes},
                       {"stored_bits", row.run->stored_bits}};
    }
    if (row.evaluation) {
      object["evaluation"] = nlohmann::ordered_json::parse(to_json_line(*row.evaluation));
      object["evaluation"].erase("event");
    }
    json["rows"].push_back(std::move(object));
  }
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace qvlm
