// A recipe's budget turned into bits of blocks: sizes as they are stored, users' bits kept, what is refused; latency tables.
#include <QtTest>

#include <cmath>
#include <random>

#include "core/base/error.h"
#include "core/model/planes.h"
#include "core/run/bit_budget.h"
#include "tests/base/verify_refused.h"

using namespace qvlm;

namespace {

DecoderConfig small_decoder() {
  DecoderConfig c;
  c.hidden = 64;
  c.ffn = 96;
  c.layers = 2;
  c.heads = 4;
  c.kv_heads = 2;
  c.head_dim = 16;
  return c;
}

Partition partition_of(std::vector<Block> blocks) { return {std::move(blocks)}; }
const Partition kFour = partition_of({{0, 1}, {2, 3}, {4, 5}, {6, 7}});

std::vector<std::vector<double>> modelled(const std::vector<double>& at_four) {
  std::vector<std::vector<double>> losses;
  for (const double loss : at_four) {
    losses.emplace_back();
    for (const int bits : budget_widths()) losses.back().push_back(modelled_loss(loss, 4, bits));
  }
  return losses;
}

// All sites' shapes at all widths; time by the lanes that run: 4 bits up to 4, else 8.
LatencyTable table_of(const DecoderConfig& c) {
  LatencyTable table{"a device", 0.5, {}};
  for (int kind = 0; kind < kSitesPerLayer; ++kind) {
    const SiteShape shape = shape_of(c, static_cast<SiteKind>(kind));
    for (const int bits : budget_widths()) {
      if (table.find(shape.all_rows(), shape.columns, bits, 32, false)) continue;
      table.rows.push_back({shape.all_rows(), shape.columns, bits, 32, false, 1e-5 * static_cast<double>(shape.weights()) * (bits <= 4 ? 1 : 2)});
    }
  }
  return table;
}

}  // namespace

class TestBitBudget : public QObject {
  Q_OBJECT
 private slots:
  // Against a matrix that is packed and counted.
  void bytesAreThoseOfTheFile() {
    const DecoderConfig c = small_decoder();
    for (const bool symmetric : {false, true}) {
      for (const int64_t group : {int64_t{32}, int64_t{0}}) {
        Recipe recipe;
        recipe.weight_group = group;
        recipe.weight_symmetric = symmetric;
        for (const int rank : {0, 4}) {
          recipe.residual_rank = rank;
          for (int kind = 0; kind < kSitesPerLayer; ++kind) {
            const SiteShape shape = shape_of(c, static_cast<SiteKind>(kind));
            QCOMPARE(shape.columns, int64_t{width_of(c, static_cast<SiteKind>(kind))});
            QCOMPARE(shape.rows.size(), linears_of(static_cast<SiteKind>(kind)).size());
            for (const int bits : budget_widths()) {
              int64_t expected = 0;
              for (const int64_t rows : shape.rows) {
                QuantizedMatrix m;
                m.rows = rows;
                m.columns = shape.columns;
                m.bits = bits;
                m.group = group == 0 ? m.columns : group;
                m.codes.assign(static_cast<size_t>(rows * m.columns), 1);
                expected += static_cast<int64_t>(pack_codes(m).size()) + rows * m.groups() * (symmetric ? 2 : 3) + 2 * rank * (rows + m.columns);
              }
              QCOMPARE(stored_bytes(shape, bits, recipe), expected);
            }
          }
        }
      }
    }
  }

  void aBudgetOfBitsIsKeptAndUsed() {
    const DecoderConfig c = small_decoder();
    std::mt19937 random(5);
    for (double budget = 3.75; budget <= 8.8; budget += 0.25) {  // 3 bits with their scales and zeros, up to 8 and more
      Recipe recipe;
      recipe.budget_bits_per_weight = budget;
      std::vector<double> at_four;
      for (int i = 0; i < 4; ++i) at_four.push_back(std::exp(static_cast<double>(random() % 500) / 100));
      const auto losses = modelled(at_four);
      const Allocation a = allocate_bits(c, recipe, kFour, losses);
      QVERIFY2(a.bits_per_weight <= budget + 1e-9, qPrintable(QString("%1 of %2").arg(a.bits_per_weight).arg(budget)));
      QCOMPARE(open_blocks(a.partition).size(), size_t{0});
      validate(a.partition, 8, "allocated");
      double loss = 0;
      for (size_t b = 0; b < 4; ++b) {
        QCOMPARE(a.partition.blocks[b].first, kFour.blocks[b].first);
        loss += modelled_loss(at_four[b], 4, a.partition.blocks[b].bits);
      }
      QVERIFY(std::abs(a.loss - loss) <= 1e-12 * loss);
      // The least of all 625 assignments within the budget, and within a step less.
      const auto least = [&](double within) {
        double best = INFINITY;
        for (int code = 0; code < 625; ++code) {
          int64_t bytes = 0, weights = 0;
          double sum = 0;
          for (int b = 0, rest = code; b < 4; ++b, rest /= 5) {
            const auto w = static_cast<size_t>(rest % 5);
            for (int site = 2 * b; site <= 2 * b + 1; ++site) {
              bytes += stored_bytes(shape_of(c, Site::at(site).kind), budget_widths()[w], recipe);
              weights += shape_of(c, Site::at(site).kind).weights();
            }
            sum += losses[static_cast<size_t>(b)][w];
          }
          if (8.0 * static_cast<double>(bytes) / static_cast<double>(weights) <= within + 1e-9) best = std::min(best, sum);
        }
        return best;
      };
      QVERIFY(a.loss >= least(budget) * (1 - 1e-9));
      const double step = 2 * 0.3;  // two bits of the larger kind of block, of all weights
      if (std::isfinite(least(budget - step))) QVERIFY(a.loss <= least(budget - step) * (1 + 1e-9));
    }
  }

  void whatTheUserHasGivenStays() {
    const DecoderConfig c = small_decoder();
    Partition given = kFour;
    given.blocks[1].bits = 8;
    Recipe recipe;
    recipe.budget_megabytes = 0.05;
    const Allocation a = allocate_bits(c, recipe, given, modelled({1, 1, 1}));
    QCOMPARE(a.partition.blocks[1].bits, 8);
    QVERIFY(static_cast<double>(a.bytes) <= 0.05e6);
    QCOMPARE(open_blocks(a.partition).size(), size_t{0});
    recipe.budget_megabytes = 0.001;
    verify_refused([&] { allocate_bits(c, recipe, given, modelled({1, 1, 1})); }, "budget_megabytes: expected at least 0.0");
    for (Block& block : given.blocks) block.bits = 8;
    verify_refused([&] { allocate_bits(c, recipe, given, {}); }, "the smallest assignment of this partition");
    verify_refused([&] { allocate_bits(c, recipe, kFour, modelled({1})); }, "4 blocks");
  }

  void aBudgetBelowTheSmallestNamesItAndTheNamedOneIsTaken() {
    const DecoderConfig c = small_decoder();
    Recipe recipe;
    recipe.budget_bits_per_weight = 3.5;
    verify_refused([&] { allocate_bits(c, recipe, kFour, modelled({1, 1, 1, 1})); }, "budget_bits_per_weight: expected at least 3.75, the smallest assignment");
    QCOMPARE(smallest_budget(c, recipe, kFour), 3.75);
    recipe.budget_bits_per_weight = 3.75;
    for (const Block& block : allocate_bits(c, recipe, kFour, modelled({1, 1, 1, 1})).partition.blocks) QCOMPARE(block.bits, 3);
    recipe.weight_symmetric = true;
    QCOMPARE(smallest_budget(c, recipe, kFour), 3.5);
    recipe.budget_bits_per_weight = 16;
    for (const Block& block : allocate_bits(c, recipe, kFour, modelled({1, 1, 1, 1})).partition.blocks) QCOMPARE(block.bits, 8);
  }

  void aBudgetOfMillisecondsByTheTable() {
    const DecoderConfig c = small_decoder();
    Recipe recipe;
    recipe.latency_table = table_of(c);
    recipe.budget_milliseconds = 1;
    const double smallest = smallest_budget(c, recipe, kFour);
    // Two layers of 64 x 128 + 64 x 64 + 2 x 64 x 96 + 96 x 64 weights at 1e-5 ms, and the rest.
    QVERIFY(std::abs(smallest - (0.5 + 1e-5 * 2 * (64 * 128 + 64 * 64 + 3 * 64 * 96))) < 1e-12);
    recipe.budget_milliseconds = smallest;
    for (const Block& block : allocate_bits(c, recipe, kFour, modelled({1, 2, 3, 4})).partition.blocks) QCOMPARE(block.bits, 4);  // as fast as 3
    recipe.budget_milliseconds = smallest + 1e-5 * 3 * 64 * 96 + 1e-3;  // one MLP in lanes of 8 bits: the one that gains the most
    const Allocation a = allocate_bits(c, recipe, kFour, modelled({1, 2, 3, 4}));
    QVERIFY(a.milliseconds <= recipe.budget_milliseconds);
    QCOMPARE(a.partition.blocks[3].bits, 8);
    QCOMPARE(a.partition.blocks[1].bits, 4);
    recipe.budget_milliseconds = 0.6;
    verify_refused([&] { allocate_bits(c, recipe, kFour, modelled({1, 2, 3, 4})); }, "budget_milliseconds: expected at least 1.1");
  }

  void widthsWithoutARowAreNotUsed() {
    const DecoderConfig c = small_decoder();
    Recipe recipe;
    recipe.latency_table = table_of(c);
    recipe.budget_milliseconds = 100;
    std::erase_if(recipe.latency_table.rows, [](const LatencyRow& row) { return row.bits == 8 && row.columns == 96; });
    const Allocation a = allocate_bits(c, recipe, kFour, modelled({1, 1, 1, 1}));
    QCOMPARE(a.partition.blocks[0].bits, 8);
    QCOMPARE(a.partition.blocks[1].bits, 6);
    std::erase_if(recipe.latency_table.rows, [](const LatencyRow& row) { return row.columns == 96; });
    verify_refused([&] { allocate_bits(c, recipe, kFour, modelled({1, 1, 1, 1})); }, "latency_table: expected rows for the shapes of 0.up to 0.down");
    recipe.weight_group = 64;
    verify_refused([&] { smallest_budget(c, recipe, kFour); }, "group 64");
    Partition given = kFour;
    given.blocks[0].bits = 7;
    recipe.weight_group = 32;
    recipe.latency_table = table_of(c);
    verify_refused([&] { smallest_budget(c, recipe, given); }, "at 7 bits");
  }

  void latencyTablesAreStrict_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("mentions");
    const QString row = R"({"rows": 8, "columns": 64, "bits": 4, "group": 32, "symmetric": false, "milliseconds": 0.1})";
    const auto table = [](const QString& rows) { return QString(R"({"device": "d", "rest_milliseconds": 1, "rows": [%1]})").arg(rows); };
    const auto with = [&](const QString& from, const QString& to) { return table(QString(row).replace(from, to)); };
    QTest::newRow("no JSON") << "rows" << "not valid JSON";
    QTest::newRow("no rows") << table("") << "an array of one row or more";
    QTest::newRow("rows of another type") << R"({"device": "d", "rest_milliseconds": 1, "rows": 3})" << "an array of one row or more";
    QTest::newRow("no device") << R"({"rest_milliseconds": 1, "rows": []})" << "device";
    QTest::newRow("unknown key") << with("\"bits\"", "\"bit\"") << "rows[0]: bits: expected a value";
    QTest::newRow("one key more") << with("\"bits\"", "\"speed\": 1, \"bits\"") << "unknown key \"speed\"";
    QTest::newRow("bits") << with("\"bits\": 4", "\"bits\": 9") << "bits: expected 2 to 8, found 9";
    QTest::newRow("group") << with("\"group\": 32", "\"group\": 48") << "a divisor of 64";
    QTest::newRow("time 0") << with("0.1", "0") << "milliseconds: expected a positive number";
    QTest::newRow("no time") << with("0.1", "null") << "milliseconds: expected a positive number";
    QTest::newRow("negative rest") << table(row).replace(QString("\"rest_milliseconds\": 1"), QString("\"rest_milliseconds\": -1")) << "rest_milliseconds: expected 0 or more";
    QTest::newRow("twice") << table(row + "," + row) << "rows[1]: a shape and grid that stand in the table already";
  }
  void latencyTablesAreStrict() {
    QFETCH(QString, text);
    QFETCH(QString, mentions);
    try {
      latency_table_from_json(text.toStdString(), "table.json");
      QFAIL("accepted");
    } catch (const Error& error) {
      QVERIFY2(QString(error.what()).contains(mentions), error.what());
      QVERIFY2(QString(error.what()).startsWith("table.json"), error.what());
    }
  }

  void latencyTablesRoundTrip() {
    const LatencyTable table = table_of(small_decoder());
    QCOMPARE(latency_table_from_json(to_json(table), "t"), table);
    QVERIFY_THROWS_EXCEPTION(Error, read_latency_table("/nowhere/table.json"));
    QCOMPARE(table.find(128, 64, 4, 32, false).has_value(), true);
    QCOMPARE(table.find(128, 64, 4, 0, false).has_value(), false);
    LatencyTable rows{"d", 0, {{8, 64, 4, 64, true, 1}}};
    QCOMPARE(rows.find(8, 64, 4, 0, true), std::optional<double>(1));
  }

  void saysWhatItGave() {
    Recipe recipe;
    recipe.budget_bits_per_weight = 4.5;
    const std::string text = describe(allocate_bits(small_decoder(), recipe, kFour, modelled({1, 100, 1, 100})), recipe);
    QVERIFY2(QString::fromStdString(text).contains("bits a weight of 4.5"), text.c_str());
    QVERIFY2(QString::fromStdString(text).contains("of 3 bits"), text.c_str());
  }
};

QTEST_GUILESS_MAIN(TestBitBudget)
#include "test_bit_budget.moc"
