// Widths for blocks of weights under a budget: which of a few widths each takes, so that the sum of losses is small and the sum of costs
// is at most the budget. Pure arithmetic on tables; where they come from: core/run/bit_budget.h.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace qvlm {

/// One width that an item may take.
struct BitChoice {
  int bits = 0;
  double cost = 0;  // bytes, or milliseconds
  double loss = 0;  // added up over items
};

/// What shares a width. Choices in ascending order of bits, at least one.
using BitItem = std::vector<BitChoice>;

double smallest_cost(std::span<const BitItem> items);
/// Of the chosen indices, one an item.
double cost_of(std::span<const BitItem> items, std::span<const size_t> chosen);
double loss_of(std::span<const BitItem> items, std::span<const size_t> chosen);

/// By how much the loss model falls a bit: loss(R) = loss(reference) * 2^(-kLossDecay (R - reference)), the squared error of rounding on a
/// uniform grid (BAQ, arXiv 2506.05664; algorithms.md 2.7).
inline constexpr double kLossDecay = 2;
double modelled_loss(double loss_at_reference, int reference_bits, int bits);

/// The widths, not rounded, that minimise the sum of modelled losses while the mean over weights is `mean_bits` (BAQ's closed form, here for
/// items of unlike sizes):
///   R_i = mean_bits + 1 / kLossDecay * log2((l_i / n_i) / G), G the geometric mean of l / n over weights, l at one reference width for all,
/// clamped to [lowest, highest] with the others' mean shifted so that the whole mean holds (mean_bits within the bounds is met to 1e-9).
/// An item without loss takes `lowest`. Same sizes, weights positive.
std::vector<double> closed_form_bits(std::span<const double> losses, std::span<const double> weights, double mean_bits, double lowest,
                                     double highest);

/// From `start` (indices; empty: the cheapest choices) downwards while the budget is exceeded, the least loss a cost first, then upwards
/// while something fits, the greatest gain a cost first (to any wider choice of an item). Deterministic. The budget holds on return; it must
/// be at least smallest_cost(items).
std::vector<size_t> choose_greedily(std::span<const BitItem> items, double budget, std::vector<size_t> start = {});

/// The least sum of losses under the budget by dynamic programming over the cost in `steps` steps, costs rounded up, so that the budget
/// holds and the loss is at most the least one under budget * (1 - items / steps); then upwards greedily with what is left.
std::vector<size_t> choose_exactly(std::span<const BitItem> items, double budget, int steps = 20000);

}  // namespace qvlm
