// BAQ's closed form, greedy rounding, and the knapsack of choices by dynamic programming.
#include "core/run/bit_choice.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace qvlm {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Costs are sums of many terms: a budget that is met but for the last bits of a double is met.
bool within(double cost, double budget) { return cost <= budget + 1e-12 * std::abs(budget); }

size_t cheapest(const BitItem& item) {
  const auto found = std::min_element(item.begin(), item.end(), [](const BitChoice& a, const BitChoice& b) { return a.cost < b.cost; });
  return static_cast<size_t>(found - item.begin());
}

// Loss a unit of cost between two choices; what costs nothing counts as much as can be.
double ratio(double loss, double cost) { return cost > 0 ? loss / cost : loss > 0 ? kInfinity : 0; }

void upwards(std::span<const BitItem> items, double budget, std::vector<size_t>& chosen) {
  double cost = cost_of(items, chosen);
  for (;;) {
    double best = 0;
    size_t best_item = 0, best_choice = 0;
    for (size_t i = 0; i < items.size(); ++i) {
      const BitChoice& now = items[i][chosen[i]];
      for (size_t c = 0; c < items[i].size(); ++c) {
        const BitChoice& other = items[i][c];
        if (!(other.loss < now.loss) || !within(cost - now.cost + other.cost, budget)) continue;
        const double gain = ratio(now.loss - other.loss, other.cost - now.cost);
        if (gain > best) {
          best = gain;
          best_item = i;
          best_choice = c;
        }
      }
    }
    if (best == 0) return;
    chosen[best_item] = best_choice;
    cost = cost_of(items, chosen);
  }
}

void downwards(std::span<const BitItem> items, double budget, std::vector<size_t>& chosen) {
  while (!within(cost_of(items, chosen), budget)) {
    double least = kInfinity;
    size_t best_item = items.size(), best_choice = 0;
    for (size_t i = 0; i < items.size(); ++i) {
      const BitChoice& now = items[i][chosen[i]];
      for (size_t c = 0; c < items[i].size(); ++c) {
        const BitChoice& other = items[i][c];
        if (!(other.cost < now.cost)) continue;
        const double price = (other.loss - now.loss) / (now.cost - other.cost);
        if (price < least || best_item == items.size()) {
          least = price;
          best_item = i;
          best_choice = c;
        }
      }
    }
    if (best_item == items.size()) return;  // everything is at its cheapest
    chosen[best_item] = best_choice;
  }
}

}  // namespace

double smallest_cost(std::span<const BitItem> items) {
  double cost = 0;
  for (const BitItem& item : items) cost += item[cheapest(item)].cost;
  return cost;
}

double cost_of(std::span<const BitItem> items, std::span<const size_t> chosen) {
  double cost = 0;
  for (size_t i = 0; i < items.size(); ++i) cost += items[i][chosen[i]].cost;
  return cost;
}

double loss_of(std::span<const BitItem> items, std::span<const size_t> chosen) {
  double loss = 0;
  for (size_t i = 0; i < items.size(); ++i) loss += items[i][chosen[i]].loss;
  return loss;
}

double modelled_loss(double loss_at_reference, int reference_bits, int bits) {
  return loss_at_reference * std::exp2(-kLossDecay * (bits - reference_bits));
}

std::vector<double> closed_form_bits(std::span<const double> losses, std::span<const double> weights, double mean_bits, double lowest,
                                     double highest) {
  const size_t count = losses.size();
  std::vector<double> height(count);  // 1 / decay * log2(l / n): what an item wants above the others
  double least = kInfinity, most = -kInfinity, total = 0;
  for (size_t i = 0; i < count; ++i) {
    total += weights[i];
    height[i] = losses[i] > 0 ? std::log2(losses[i] / weights[i]) / kLossDecay : -kInfinity;
    if (std::isinf(height[i])) continue;
    least = std::min(least, height[i]);
    most = std::max(most, height[i]);
  }
  const auto bits_at = [&](double shift) {
    std::vector<double> bits(count);
    for (size_t i = 0; i < count; ++i) bits[i] = std::isinf(height[i]) ? lowest : std::clamp(height[i] + shift, lowest, highest);
    return bits;
  };
  if (std::isinf(least)) return bits_at(0);  // no item has a loss
  // The mean grows with the shift: bisection between everything at the lowest and everything at the highest.
  double low = lowest - most, high = highest - least;
  for (int i = 0; i < 200 && high - low > 0; ++i) {
    const double middle = 0.5 * (low + high);
    if (middle == low || middle == high) break;
    const std::vector<double> bits = bits_at(middle);
    double mean = 0;
    for (size_t k = 0; k < count; ++k) mean += bits[k] * weights[k] / total;
    (mean < mean_bits ? low : high) = middle;
  }
  return bits_at(0.5 * (low + high));
}

std::vector<size_t> choose_greedily(std::span<const BitItem> items, double budget, std::vector<size_t> start) {
  if (start.empty()) {
    for (const BitItem& item : items) start.push_back(cheapest(item));
  }
  downwards(items, budget, start);
  upwards(items, budget, start);
  return start;
}

std::vector<size_t> choose_exactly(std::span<const BitItem> items, double budget, int steps) {
  const double step = budget / steps;
  const size_t columns = static_cast<size_t>(steps) + 1, count = items.size();
  // least[c]: the least loss of the items so far at a cost of at most c steps; taken[i][c]: item i's choice there.
  std::vector<double> least(columns, 0), next(columns);
  std::vector<std::vector<uint8_t>> taken(count, std::vector<uint8_t>(columns, 0));
  for (size_t i = 0; i < count; ++i) {
    std::fill(next.begin(), next.end(), kInfinity);
    for (size_t choice = 0; choice < items[i].size(); ++choice) {
      // A cost that is a whole number of steps but for a double's last bits is that number.
      const double needed = step > 0 ? std::ceil(items[i][choice].cost / step - 1e-9) : items[i][choice].cost > 0 ? kInfinity : 0;
      if (needed >= static_cast<double>(columns)) continue;
      const auto size = static_cast<size_t>(std::max(needed, 0.0));
      for (size_t c = size; c < columns; ++c) {
        const double loss = least[c - size] + items[i][choice].loss;
        if (loss >= next[c]) continue;
        next[c] = loss;
        taken[i][c] = static_cast<uint8_t>(choice);
      }
    }
    std::swap(least, next);
  }
  std::vector<size_t> chosen(count);
  if (std::isinf(least.back())) return choose_greedily(items, budget);  // so tight that only the rounding up of costs exceeds it
  size_t at = columns - 1;
  for (size_t i = count; i-- > 0;) {
    chosen[i] = taken[i][at];
    const double needed = step > 0 ? std::ceil(items[i][chosen[i]].cost / step - 1e-9) : 0;
    at -= static_cast<size_t>(std::max(needed, 0.0));
  }
  return choose_greedily(items, budget, chosen);
}

}  // namespace qvlm
