// Costs of blocks, and the budget's unit.
#include "core/run/bit_budget.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "core/base/error.h"

namespace qvlm {
namespace {

constexpr std::array kWidths{3, 4, 5, 6, 8};

// What a budget counts in: a recipe's key, and how many units of cost (bytes or milliseconds) one of its units is.
struct Unit {
  const char* key;
  double budget;        // as the recipe has it
  double cost_of_unit;  // bytes or milliseconds
  bool of_time;
};

int64_t weights_of(const DecoderConfig& config, const Block& block) {
  int64_t weights = 0;
  for (int site = block.first; site <= block.last; ++site) weights += shape_of(config, Site::at(site).kind).weights();
  return weights;
}

int64_t all_weights(const DecoderConfig& config, const Partition& partition) {
  int64_t weights = 0;
  for (const Block& block : partition.blocks) weights += weights_of(config, block);
  return weights;
}

int64_t bytes_of(const DecoderConfig& config, const Recipe& recipe, const Block& block, int bits) {
  int64_t bytes = 0;
  for (int site = block.first; site <= block.last; ++site) bytes += stored_bytes(shape_of(config, Site::at(site).kind), bits, recipe);
  return bytes;
}

// Nothing where the table has no row for a site of the block.
std::optional<double> milliseconds_of(const DecoderConfig& config, const Recipe& recipe, const Block& block, int bits) {
  double milliseconds = 0;
  for (int site = block.first; site <= block.last; ++site) {
    const SiteShape shape = shape_of(config, Site::at(site).kind);
    const auto time = recipe.latency_table.find(shape.all_rows(), shape.columns, bits, recipe.weight_group, recipe.weight_symmetric);
    if (!time) return std::nullopt;
    milliseconds += *time;
  }
  return milliseconds;
}

std::string place_of(const Block& block) {
  const auto text = [](int index) {
    const Site site = Site::at(index);
    return fmt::format("{}.{}", site.layer, short_name_of(site.kind));
  };
  return block.first == block.last ? text(block.first) : text(block.first) + " to " + text(block.last);
}

Unit unit_of(const Recipe& recipe, int64_t weights) {
  if (recipe.budget_milliseconds > 0) return {"budget_milliseconds", recipe.budget_milliseconds, 1, true};
  if (recipe.budget_megabytes > 0) return {"budget_megabytes", recipe.budget_megabytes, 1e6, false};
  return {"budget_bits_per_weight", recipe.budget_bits_per_weight, static_cast<double>(weights) / 8, false};
}

double cost_at(const DecoderConfig& config, const Recipe& recipe, const Block& block, int bits, bool of_time) {
  if (!of_time) return static_cast<double>(bytes_of(config, recipe, block, bits));
  if (const auto time = milliseconds_of(config, recipe, block, bits)) return *time;
  throw Error::in("recipe", "latency_table",
                  fmt::format("rows for the shapes of {} at {} bits, group {}, {}", place_of(block), bits, recipe.weight_group,
                              recipe.weight_symmetric ? "symmetric" : "with zero points"),
                  "none (measured on " + recipe.latency_table.device + ")");
}

// What the partition's open blocks may take, and what the rest costs.
struct Problem {
  Unit unit;
  std::vector<BitItem> items;  // of the open blocks
  double fixed = 0;            // cost of the others, and of the rest of a token
};

Problem make_problem(const DecoderConfig& config, const Recipe& recipe, const Partition& partition,
                     std::span<const std::vector<double>> losses) {
  Problem problem;
  problem.unit = unit_of(recipe, all_weights(config, partition));
  const bool of_time = problem.unit.of_time;
  if (of_time) problem.fixed = recipe.latency_table.rest_milliseconds;
  for (const Block& block : partition.blocks) {
    if (block.bits != 0) {
      problem.fixed += cost_at(config, recipe, block, block.bits, of_time);
      continue;
    }
    const size_t index = problem.items.size();
    BitItem item;
    for (size_t w = 0; w < kWidths.size(); ++w) {
      if (of_time && !milliseconds_of(config, recipe, block, kWidths[w])) continue;
      item.push_back({kWidths[w], cost_at(config, recipe, block, kWidths[w], of_time), losses.empty() ? 0 : losses[index].at(w)});
    }
    if (item.empty()) cost_at(config, recipe, block, kWidths.front(), true);  // throws: says which rows are absent
    problem.items.push_back(std::move(item));
  }
  return problem;
}

// Rounded up, so that the number said is itself accepted.
std::string rounded_up(double value) { return fmt::format("{}", std::ceil(value * 1e4 - 1e-6) / 1e4); }

// The closed form's widths, each rounded down to one that the item has.
std::vector<size_t> closed_form_start(const DecoderConfig& config, const Recipe& recipe, const Partition& partition, const Problem& problem,
                                      double budget) {
  std::vector<double> losses, weights;
  double bytes_beside_codes = 0, total = 0;
  for (const size_t b : open_blocks(partition)) {
    const Block& block = partition.blocks[b];
    weights.push_back(static_cast<double>(weights_of(config, block)));
    losses.push_back(problem.items[weights.size() - 1].front().loss);
    bytes_beside_codes += static_cast<double>(bytes_of(config, recipe, block, 8)) - weights.back();  // at 8 bits a code is a byte
    total += weights.back();
  }
  const double mean = 8 * (budget - bytes_beside_codes) / total;
  const std::vector<double> bits = closed_form_bits(losses, weights, mean, kWidths.front(), kWidths.back());
  std::vector<size_t> start;
  for (size_t i = 0; i < bits.size(); ++i) {
    size_t choice = 0;
    while (choice + 1 < problem.items[i].size() && problem.items[i][choice + 1].bits <= bits[i] + 1e-9) ++choice;
    start.push_back(choice);
  }
  return start;
}

}  // namespace

std::span<const int> budget_widths() { return kWidths; }

bool has_budget(const Recipe& recipe) {
  return recipe.budget_bits_per_weight > 0 || recipe.budget_megabytes > 0 || recipe.budget_milliseconds > 0;
}

int64_t SiteShape::all_rows() const {
  int64_t sum = 0;
  for (const int64_t count : rows) sum += count;
  return sum;
}

SiteShape shape_of(const DecoderConfig& config, SiteKind kind) {
  const int64_t heads = int64_t{config.heads} * config.head_dim, kv = int64_t{config.kv_heads} * config.head_dim;
  switch (kind) {
    case SiteKind::ATTENTION_INPUT: return {{heads, kv, kv}, config.hidden};
    case SiteKind::OUTPUT_INPUT: return {{config.hidden}, heads};
    case SiteKind::MLP_INPUT: return {{config.ffn, config.ffn}, config.hidden};
    case SiteKind::DOWN_INPUT: return {{config.hidden}, config.ffn};
  }
  throw Error("unknown kind of site");
}

int64_t stored_bytes(const SiteShape& shape, int bits, const Recipe& recipe) {
  const int64_t groups = recipe.weight_group == 0 ? 1 : shape.columns / recipe.weight_group;
  const int64_t row = (shape.columns * bits + 7) / 8 + groups * (recipe.weight_symmetric ? 2 : 3);
  int64_t bytes = shape.all_rows() * row;
  for (const int64_t rows : shape.rows) bytes += 2 * std::min({int64_t{recipe.residual_rank}, rows, shape.columns}) * (rows + shape.columns);
  return bytes;
}

std::vector<size_t> open_blocks(const Partition& partition) {
  std::vector<size_t> open;
  for (size_t b = 0; b < partition.blocks.size(); ++b) {
    if (partition.blocks[b].bits == 0) open.push_back(b);
  }
  return open;
}

double smallest_budget(const DecoderConfig& config, const Recipe& recipe, const Partition& partition) {
  const Problem problem = make_problem(config, recipe, partition, {});
  return (problem.fixed + smallest_cost(problem.items)) / problem.unit.cost_of_unit;
}

Allocation allocate_bits(const DecoderConfig& config, const Recipe& recipe, const Partition& partition,
                         std::span<const std::vector<double>> losses) {
  const std::vector<size_t> open = open_blocks(partition);
  if (losses.size() != open.size()) throw Error::in("budget", "losses", std::to_string(open.size()) + " blocks", std::to_string(losses.size()));
  const Problem problem = make_problem(config, recipe, partition, losses);
  const Unit& unit = problem.unit;
  const double smallest = (problem.fixed + smallest_cost(problem.items)) / unit.cost_of_unit;
  if (unit.budget < smallest * (1 - 1e-12)) {
    throw Error::in("recipe", unit.key, fmt::format("at least {}, the smallest assignment of this partition", rounded_up(smallest)),
                    fmt::format("{:g}", unit.budget));
  }
  const double budget = unit.budget * unit.cost_of_unit - problem.fixed;
  std::vector<size_t> chosen;
  if (!open.empty()) {
    if (unit.of_time) {
      chosen = choose_exactly(problem.items, budget);
    } else {
      // From below, too: a start that the rounding has put a step too high is not always made good.
      chosen = choose_greedily(problem.items, budget, closed_form_start(config, recipe, partition, problem, budget));
      const std::vector<size_t> from_below = choose_greedily(problem.items, budget);
      if (loss_of(problem.items, from_below) < loss_of(problem.items, chosen)) chosen = from_below;
    }
  }
  Allocation result;
  result.partition = partition;
  result.loss = loss_of(problem.items, chosen);
  for (size_t i = 0; i < open.size(); ++i) result.partition.blocks[open[i]].bits = problem.items[i][chosen[i]].bits;
  if (!recipe.latency_table.rows.empty()) result.milliseconds = recipe.latency_table.rest_milliseconds;
  for (const Block& block : result.partition.blocks) {
    result.bytes += bytes_of(config, recipe, block, block.bits);
    if (!recipe.latency_table.rows.empty()) result.milliseconds += milliseconds_of(config, recipe, block, block.bits).value_or(0);
  }
  result.bits_per_weight = 8 * static_cast<double>(result.bytes) / static_cast<double>(all_weights(config, partition));
  return result;
}

std::string describe(const Allocation& allocation, const Recipe& recipe) {
  std::map<int, int> blocks;
  for (const Block& block : allocation.partition.blocks) ++blocks[block.bits];
  std::string text = "bits by budget:";
  for (const auto& [bits, count] : blocks) {
    text += fmt::format("{} {} block{} of {} bits", bits == blocks.begin()->first ? "" : ",", count, count == 1 ? "" : "s", bits);
  }
  text += fmt::format("; {:.4g} bits a weight", allocation.bits_per_weight);
  if (recipe.budget_bits_per_weight > 0) text += fmt::format(" of {:g}", recipe.budget_bits_per_weight);
  text += fmt::format(", {:.4g} MB", static_cast<double>(allocation.bytes) / 1e6);
  if (recipe.budget_megabytes > 0) text += fmt::format(" of {:g}", recipe.budget_megabytes);
  if (recipe.budget_milliseconds > 0) {
    text += fmt::format(", {:.4g} ms a token of {:g} by the table of {}", allocation.milliseconds, recipe.budget_milliseconds, recipe.latency_table.device);
  }
  return text;
}

}  // namespace qvlm
