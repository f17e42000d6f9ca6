// Mixed precision under a recipe's budget: what blocks of the partition cost at each width, in bytes as they are stored or in measured
// milliseconds, and the widths that a budget leaves them (algorithms.md 2.7 and 2.8).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/model/sites.h"
#include "core/model/vlm_config.h"
#include "core/run/bit_choice.h"
#include "core/run/partition.h"
#include "core/run/recipe.h"

namespace qvlm {

/// The widths that blocks may take under a budget.
std::span<const int> budget_widths();  // 3, 4, 5, 6, 8

bool has_budget(const Recipe& recipe);

/// The linears that read a site: their output features in the order of linears_of(kind), and their common input width.
struct SiteShape {
  std::vector<int64_t> rows;
  int64_t columns = 0;
  int64_t all_rows() const;
  int64_t weights() const { return all_rows() * columns; }
};
SiteShape shape_of(const DecoderConfig& config, SiteKind kind);

/// Bytes of the site's linears at a width, as the model's file stores them (core/model/planes.h): codes packed row by row, a float16 scale a
/// group, a zero point of a byte a group unless the recipe's grid is symmetric, and the recipe's low-rank residual. GGUF's Q4_0, Q5_0 and
/// Q8_0, which hold some symmetric grids, take the same.
int64_t stored_bytes(const SiteShape& shape, int bits, const Recipe& recipe);

/// The blocks whose bits the user has left open (Block::bits 0), by index.
std::vector<size_t> open_blocks(const Partition& partition);

/// A partition whose open blocks have got bits.
struct Allocation {
  Partition partition;
  double bits_per_weight = 0;  // over all of the decoder's linears, with scales and zeros
  int64_t bytes = 0;           // of the same
  double milliseconds = 0;     // of one decoded token, by the recipe's latency table; 0 without one
  double loss = 0;             // the open blocks' losses at their bits, added up
};

/// Bits for the open blocks under the recipe's budget. losses[i][w]: of open block i at budget_widths()[w], 0 or more.
/// A budget of bits or bytes: the closed form's widths, rounded down, then greedy steps. A budget of milliseconds: the least sum of losses
/// (core/run/bit_choice.h); widths without a row in the recipe's latency table are not used.
/// Throws Error naming the recipe's key: a budget below the smallest assignment (says the smallest), a shape without any row in the table.
Allocation allocate_bits(const DecoderConfig& config, const Recipe& recipe, const Partition& partition,
                         std::span<const std::vector<double>> losses);

/// The smallest budget that allocate_bits takes, in the unit of the recipe's key. Same errors, but for the budget itself.
double smallest_budget(const DecoderConfig& config, const Recipe& recipe, const Partition& partition);

/// "5 blocks of 3 bits, 11 of 4; 3.98 bits a weight of 4, 4.7 MB": for people.
std::string describe(const Allocation& allocation, const Recipe& recipe);

}  // namespace qvlm
