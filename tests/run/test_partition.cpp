// Partitions: edits, the greedy rule against a plain loop, strict JSON.
#include <QtTest>

#include <algorithm>
#include <cmath>
#include <random>

#include "core/base/error.h"
#include "core/run/partition.h"

using namespace qvlm;

namespace {

Partition of(std::vector<Block> blocks) { return {std::move(blocks)}; }

// Eq. 7 as it is printed: the union of k_r..k_s while D(k_r, k_s) > (k_s - k_r) h0.
std::vector<std::pair<int, int>> greedy_plain(const std::vector<double>& d, int sites, double h0) {
  std::vector<std::pair<int, int>> blocks;
  int r = 0;
  while (r < sites) {
    int s = r;
    for (int next = r + 1; next < sites && next - r + 1 <= kMaxBlockDepth; ++next) {
      double sum = 0;
      for (int k = r; k < next; ++k) sum += d[static_cast<size_t>(k)];
      if (!(sum > (next - r) * h0)) break;
      s = next;
    }
    blocks.emplace_back(r, s);
    r = s + 1;
  }
  return blocks;
}

}  // namespace

class TestPartition : public QObject {
  Q_OBJECT
 private slots:
  void greedyByHand() {
    // mean dependency over 0.5: 0-1 yes (0.9), 0-1-2 yes (0.9 + 0.2 > 1.0), then 3 alone (0.4 fails), 4-5.
    const std::vector<double> d{0.9, 0.2, 0.8, 0.4, 0.6};
    const Partition p = greedy_partition(d, 6, 0.5);
    QCOMPARE(p, of({{0, 2}, {3, 3}, {4, 5}}));
  }

  void greedyEqualsPlainLoop() {
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
      const int sites = 1 + static_cast<int>(random() % 30);
      std::vector<double> d;
      for (int k = 0; k + 1 < sites; ++k) d.push_back((random() % 1000) / 1000.0);
      const double h0 = (random() % 1000) / 1000.0;
      const Partition p = greedy_partition(d, sites, h0);
      const auto expected = greedy_plain(d, sites, h0);
      QCOMPARE(p.blocks.size(), expected.size());
      for (size_t b = 0; b < expected.size(); ++b) {
        QCOMPARE(p.blocks[b].first, expected[b].first);
        QCOMPARE(p.blocks[b].last, expected[b].second);
      }
      validate(p, sites, "greedy");
    }
  }

  void exactIsTheBestOfAll() {
    std::mt19937 random(7);
    std::uniform_real_distribution<double> uniform(0, 1);
    for (int trial = 0; trial < 40; ++trial) {
      const int sites = 1 + trial % 11;
      std::vector<double> d(static_cast<size_t>(sites - 1));
      for (double& one : d) one = uniform(random);
      Partition keep;
      if (trial % 4 == 3 && sites >= 6) keep = of({{0, 1}, {2, 3, true}, {4, sites - 1}});
      const double gain = 0.2 + uniform(random);
      const Partition p = exact_partition(d, sites, 0.5, gain, 5, keep);
      validate(p, sites, "exact");
      // Every partition of so few sites: a border behind site k or none.
      double mean = 0, square = 0, best = -1e9;
      for (const double one : d) mean += one / static_cast<double>(d.size());
      for (const double one : d) square += (one - mean) * (one - mean) / static_cast<double>(d.size());
      const double deviation = square > 0 ? std::sqrt(square) : 1;
      const auto value = [&](const Partition& q) {
        double sum = 0;
        for (const Block& block : q.blocks) {
          for (int k = block.first; k < block.last; ++k) sum += gain * (d[static_cast<size_t>(k)] - 0.5) / deviation;
          sum -= std::pow(5.0, block.depth()) / 125;
        }
        return sum;
      };
      for (unsigned borders = 0; borders < 1u << (sites - 1); ++borders) {
        Partition q = of({{0, 0}});
        for (int site = 1; site < sites; ++site) {
          if (borders >> (site - 1) & 1) {
            q.blocks.push_back({site, site});
          } else {
            q.blocks.back().last = site;
          }
        }
        bool legal = std::all_of(q.blocks.begin(), q.blocks.end(), [](const Block& b) { return b.depth() <= kMaxBlockDepth; });
        if (!keep.blocks.empty()) legal = legal && std::any_of(q.blocks.begin(), q.blocks.end(), [](const Block& b) { return b.first == 2 && b.last == 3; });
        if (legal) best = std::max(best, value(q));
      }
      QVERIFY2(std::abs(value(p) - best) < 1e-9, qPrintable(QString("%1 %2").arg(value(p)).arg(best)));
      if (!keep.blocks.empty()) QVERIFY(p.blocks[static_cast<size_t>(p.block_of(2))].locked);
    }
  }

  void greedyKeepsLockedBlocks() {
    const std::vector<double> d(7, 1.0);
    Partition keep = of({{0, 0}, {1, 1}, {2, 3}, {4, 6}, {7, 7}});
    keep.blocks[2].locked = true;
    keep.blocks[2].bits = 8;
    const Partition p = greedy_partition(d, 8, 0.5, keep);
    QCOMPARE(p.blocks.size(), size_t{4});
    QCOMPARE(p.blocks[0], (Block{0, 1}));
    QCOMPARE(p.blocks[1], (Block{2, 3, true, 8}));
    QCOMPARE(p.blocks[2], (Block{4, 6}));
  }

  void greedyNarrowed() { QCOMPARE(greedy_partition(std::vector<double>(3, 1.0), 4, 0.5, {}, 1), layerwise_partition(4)); }

  void moveBorder() {
    Partition p = of({{0, 1}, {2, 3}, {4, 4}});
    QVERIFY(p.move_border(0, 0));
    QCOMPARE(p, of({{0, 0}, {1, 3}, {4, 4}}));
    QVERIFY(!p.move_border(1, 4));  // would empty the next block
    QVERIFY(!p.move_border(2, 4));  // has no next block
    QVERIFY(!p.move_border(0, -1));
    QVERIFY(p.move_border(0, 2));
    QCOMPARE(p, of({{0, 2}, {3, 3}, {4, 4}}));
    QVERIFY(!p.move_border(0, 3));  // four deep, and the next one would be empty
    QVERIFY(p.set_locked(1, true));
    QVERIFY(!p.move_border(0, 1));
  }

  void splitAndMerge() {
    Partition p = of({{0, 2}, {3, 3}});
    QVERIFY(!p.split_after(2));
    QVERIFY(!p.merge_with_next(0));  // four deep
    QVERIFY(p.split_after(0));
    QCOMPARE(p, of({{0, 0}, {1, 2}, {3, 3}}));
    QVERIFY(p.merge_with_next(1));
    QCOMPARE(p, of({{0, 0}, {1, 3}}));
    QVERIFY(!p.merge_with_next(1));
    QVERIFY(p.set_locked(1, true));
    QVERIFY(!p.split_after(1));
    QVERIFY(!p.merge_with_next(0));
  }

  void bits() {
    Partition p = of({{0, 1}});
    QVERIFY(p.set_bits(0, 8));
    QVERIFY(!p.set_bits(0, 9));
    QVERIFY(!p.set_bits(0, 1));
    QVERIFY(!p.set_bits(1, 4));
    QCOMPARE(p.blocks[0].bits, 8);
  }

  void commonBlocks() {
    const Partition a = of({{0, 1}, {2, 3}, {4, 4}});
    QCOMPARE(common_blocks(a, of({{0, 1}, {2, 2}, {3, 4}})), 1);
    QCOMPARE(common_blocks(a, a), 3);
    Partition locked = a;
    locked.blocks[0].locked = true;
    QCOMPARE(common_blocks(a, locked), 3);  // a lock changes no result
    locked.blocks[1].bits = 8;
    QCOMPARE(common_blocks(a, locked), 1);
  }

  void jsonRoundTrip() {
    Partition p = of({{0, 2}, {3, 3, true, 0}, {4, 5, false, 8}});
    QCOMPARE(partition_from_json(to_json(p), "test"), p);
  }

  void jsonIsStrict_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("mentions");
    QTest::newRow("not JSON") << "{" << "not valid JSON";
    QTest::newRow("no blocks") << "{}" << "blocks";
    QTest::newRow("unknown key") << R"({"blocks":[{"first":0,"last":0,"colour":1}]})" << "colour";
    QTest::newRow("unknown top key") << R"({"blocks":[],"x":1})" << "\"x\"";
    QTest::newRow("gap") << R"({"blocks":[{"first":0,"last":0},{"first":2,"last":2}]})" << "blocks[1].first: expected 1, found 2";
    QTest::newRow("too deep") << R"({"blocks":[{"first":0,"last":3}]})" << "blocks[0].last: expected 0 to 2, found 3";
    QTest::newRow("not a number") << R"({"blocks":[{"first":"0","last":0}]})" << "an integer";
    QTest::newRow("beyond int") << R"({"blocks":[{"first":0,"last":4294967296}]})" << "32 bits";
    QTest::newRow("bits") << R"({"blocks":[{"first":0,"last":0,"bits":1}]})" << "bits";
  }
  void jsonIsStrict() {
    QFETCH(QString, text);
    QFETCH(QString, mentions);
    try {
      partition_from_json(text.toStdString(), "p.json");
      QFAIL("accepted");
    } catch (const Error& error) {
      QVERIFY2(QString(error.what()).contains(mentions), error.what());
      QVERIFY(QString(error.what()).startsWith("p.json"));
    }
  }

  void validateCountsSites() {
    QVERIFY_THROWS_EXCEPTION(Error, validate(of({{0, 1}}), 3, "test"));
    validate(of({{0, 1}, {2, 2}}), 3, "test");
  }
};

QTEST_GUILESS_MAIN(TestPartition)
#include "test_partition.moc"
