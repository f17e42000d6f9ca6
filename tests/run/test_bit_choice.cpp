// Widths under a budget against exhaustive search and plain loops; Spearman's rho against known values.
#include <QtTest>

#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "core/run/bit_choice.h"
#include "core/run/rank_correlation.h"

using namespace qvlm;

namespace {

constexpr int kWidths[] = {3, 4, 5, 6, 8};

// Items of random sizes and losses; convex in the cost where the losses follow the model.
std::vector<BitItem> random_items(std::mt19937& random, size_t count, bool modelled, bool whole_costs) {
  std::uniform_real_distribution<double> uniform(0, 1);
  std::vector<BitItem> items;
  for (size_t i = 0; i < count; ++i) {
    const double size = whole_costs ? 1 + static_cast<double>(random() % 4) : 0.5 + 2 * uniform(random), loss = std::exp(4 * uniform(random));
    BitItem item;
    for (const int bits : kWidths) item.push_back({bits, size * bits, modelled ? modelled_loss(loss, 4, bits) : loss * uniform(random)});
    items.push_back(item);
  }
  return items;
}

// Every assignment, one by one.
double least_loss(const std::vector<BitItem>& items, double budget) {
  std::vector<size_t> chosen(items.size(), 0);
  double least = std::numeric_limits<double>::infinity();
  for (;;) {
    if (cost_of(items, chosen) <= budget * (1 + 1e-12)) least = std::min(least, loss_of(items, chosen));
    size_t i = 0;
    while (i < items.size() && ++chosen[i] == items[i].size()) chosen[i++] = 0;
    if (i == items.size()) return least;
  }
}

double widest_step(const std::vector<BitItem>& items) {
  double widest = 0;
  for (const BitItem& item : items) {
    for (size_t c = 0; c + 1 < item.size(); ++c) widest = std::max(widest, item[c + 1].cost - item[c].cost);
  }
  return widest;
}

}  // namespace

class TestBitChoice : public QObject {
  Q_OBJECT
 private slots:
  // Where no bound is touched, R_i = R + 1/2 log2((l_i / n_i) / geometric mean).
  void closedFormIsBaqs() {
    const std::vector<double> losses{0.5, 2, 1, 4}, weights{1, 2, 3, 1};
    double logarithm = 0;
    for (size_t i = 0; i < losses.size(); ++i) logarithm += weights[i] / 7 * std::log2(losses[i] / weights[i]);
    const auto bits = closed_form_bits(losses, weights, 5, 3, 8);
    double mean = 0;
    for (size_t i = 0; i < losses.size(); ++i) {
      const double expected = 5 + 0.5 * (std::log2(losses[i] / weights[i]) - logarithm);
      QVERIFY2(std::abs(bits[i] - expected) < 1e-9, qPrintable(QString("%1 %2").arg(bits[i]).arg(expected)));
      mean += weights[i] / 7 * bits[i];
    }
    QVERIFY(std::abs(mean - 5) < 1e-9);
    // And each item's modelled loss a weight is the same there.
    for (size_t i = 1; i < losses.size(); ++i) {
      const auto at = [&](size_t k) { return losses[k] / weights[k] * std::exp2(-kLossDecay * bits[k]); };
      QVERIFY(std::abs(at(i) / at(0) - 1) < 1e-9);
    }
  }

  void closedFormKeepsItsMeanWithinBounds() {
    const std::vector<double> losses{1e-9, 1, 1e6, 0}, weights{1, 1, 1, 2};
    const auto bits = closed_form_bits(losses, weights, 4, 3, 8);
    QCOMPARE(bits[0], 3.0);
    QCOMPARE(bits[3], 3.0);  // costs nothing wherever it is
    double mean = 0;
    for (size_t i = 0; i < bits.size(); ++i) mean += bits[i] * weights[i] / 5;
    QVERIFY(std::abs(mean - 4) < 1e-9);
    for (const double one : bits) QVERIFY(one >= 3 && one <= 8);
    QCOMPARE(closed_form_bits(losses, weights, 2, 3, 8)[2], 3.0);
    QCOMPARE(closed_form_bits(std::vector<double>{0, 0}, std::vector<double>{1, 1}, 5, 3, 8), (std::vector<double>{3, 3}));
  }

  // On convex tables greedy steps are optimal for the cost that they stop at, which is less than a step below the budget.
  void greedyAgainstExhaustiveSearch() {
    std::mt19937 random(1);
    double worst = 1;
    int equal = 0;
    for (int round = 0; round < 60; ++round) {
      const auto items = random_items(random, 6, true, false);
      const double least = smallest_cost(items), budget = least * (1.05 + 0.01 * round);
      const auto chosen = choose_greedily(items, budget);
      QVERIFY(cost_of(items, chosen) <= budget * (1 + 1e-12));
      const double optimum = least_loss(items, budget), loss = loss_of(items, chosen);
      QVERIFY(loss >= optimum * (1 - 1e-12));
      if (budget - widest_step(items) >= least) QVERIFY(loss <= least_loss(items, budget - widest_step(items)) * (1 + 1e-12));
      worst = std::max(worst, loss / optimum);
      equal += loss <= optimum * (1 + 1e-12) ? 1 : 0;
    }
    qInfo("greedy finds the least loss in %d of 60 tables, at worst %.3f times it", equal, worst);
    QVERIFY(equal > 20);
  }

  void greedyFromAnyStartKeepsTheBudget() {
    std::mt19937 random(2);
    for (int round = 0; round < 30; ++round) {
      const auto items = random_items(random, 5, round % 2 == 0, false);
      const double budget = smallest_cost(items) * (1 + 0.03 * round);
      const auto chosen = choose_greedily(items, budget, std::vector<size_t>(5, 4));
      QVERIFY(cost_of(items, chosen) <= budget * (1 + 1e-12));
    }
    const auto items = random_items(random, 4, true, false);
    QCOMPARE(choose_greedily(items, smallest_cost(items)), std::vector<size_t>(4, 0));
    QCOMPARE(choose_greedily(items, 1e9), std::vector<size_t>(4, 4));
  }

  void exactAgainstExhaustiveSearch() {
    std::mt19937 random(3);
    for (int round = 0; round < 60; ++round) {
      const bool whole = round % 2 == 0;
      const auto items = random_items(random, 6, round % 4 < 2, whole);
      const double budget = whole ? std::ceil(smallest_cost(items) * 1.3) : smallest_cost(items) * (1.02 + 0.01 * round);
      const int steps = whole ? static_cast<int>(budget) * 10 : 2000;
      const auto chosen = choose_exactly(items, budget, steps);
      QVERIFY(cost_of(items, chosen) <= budget * (1 + 1e-12));
      const double loss = loss_of(items, chosen);
      QVERIFY(loss >= least_loss(items, budget) - 1e-12);
      const double reachable = least_loss(items, whole ? budget : budget * (1 - 6.0 / steps));
      QVERIFY2(loss <= reachable * (1 + 1e-12), qPrintable(QString("%1 %2").arg(loss).arg(reachable)));
    }
    // The very smallest budget, which rounding up alone would exceed.
    const auto items = random_items(random, 6, true, false);
    QCOMPARE(choose_exactly(items, smallest_cost(items), 100), std::vector<size_t>(6, 0));
  }

  // Two widths of the same time, as 3 and 4 bits are to a kernel of 4-bit lanes: the better one is free.
  void whatCostsNothingIsTaken() {
    const std::vector<BitItem> items{{{3, 1, 5}, {4, 1, 2}, {5, 2, 1}}, {{3, 1, 9}, {4, 1, 3}, {5, 2, 2.5}}};
    QCOMPARE(choose_exactly(items, 2, 20), (std::vector<size_t>{1, 1}));
    QCOMPARE(choose_exactly(items, 3, 30), (std::vector<size_t>{2, 1}));
    QCOMPARE(choose_greedily(items, 2), (std::vector<size_t>{1, 1}));
  }

  void ranks() {
    const std::vector<double> values{3, 1, 3, 2};
    QCOMPARE(ranks_of(values), (std::vector<double>{3.5, 1, 3.5, 2}));
    const std::vector<double> x{1, 2, 3, 4, 5}, y{5, 6, 7, 8, 7}, flat{1, 1, 1, 1, 1};
    QVERIFY(std::abs(rank_correlation(x, y) - 0.8207826816681233) < 1e-12);  // scipy.stats.spearmanr
    const std::vector<double> cubes{1, 8, 27, 64, 125}, backwards{9, 7, 5, 3, -100};
    QVERIFY(std::abs(rank_correlation(x, cubes) - 1) < 1e-12);
    QVERIFY(std::abs(rank_correlation(x, backwards) + 1) < 1e-12);
    QVERIFY(std::isnan(rank_correlation(x, flat)));
  }
};

QTEST_GUILESS_MAIN(TestBitChoice)
#include "test_bit_choice.moc"
