// Packed weights are the matrix's own, wherever they lie; the picture cache keeps to its budget.
#include <QTest>
#include <random>

#include "core/base/error.h"
#include "core/base/half.h"
#include "gpu/image_cache.h"
#include "gpu/packing.h"
#include "gpu/reference/plain_kernels.h"

using namespace qvlm;

namespace {

QuantizedMatrix random_quantized(int64_t rows, int64_t columns, int bits, int64_t group, bool symmetric,
                                 uint32_t seed) {
  std::mt19937 generator(seed);
  QuantizedMatrix q{.rows = rows, .columns = columns, .bits = bits, .group = group, .symmetric = symmetric};
  for (int64_t i = 0; i < rows * columns; ++i) q.codes.push_back(static_cast<uint8_t>(generator() % (1u << bits)));
  for (int64_t i = 0; i < rows * q.groups(); ++i) {
    q.scales.push_back(to_half(0.01f + static_cast<float>(generator() % 100) / 1000));
    q.zeros.push_back(static_cast<uint8_t>(symmetric ? 1 << (bits - 1) : generator() % (1u << bits)));
  }
  return q;
}

}  // namespace

class TestPacking : public QObject {
  Q_OBJECT
 private slots:
  void quantized_weights_survive_data() {
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("columns");
    QTest::addColumn<int>("bits");
    QTest::addColumn<int>("group");
    QTest::addColumn<bool>("symmetric");
    QTest::addColumn<int>("interleave");
    QTest::newRow("int4, group 32") << 16 << 64 << 4 << 32 << true << 8;
    QTest::newRow("int4, odd rows, row group") << 13 << 72 << 4 << 72 << false << 8;
    QTest::newRow("int8, group 64") << 5 << 128 << 8 << 64 << false << 1;
    QTest::newRow("2 bits") << 9 << 32 << 2 << 32 << false << 4;
    QTest::newRow("5 bits") << 9 << 4304 << 5 << 4304 << true << 16;
    QTest::newRow("6 bits, group 128") << 3 << 256 << 6 << 128 << false << 8;
  }

  void quantized_weights_survive() {
    QFETCH(int, rows);
    QFETCH(int, columns);
    QFETCH(int, bits);
    QFETCH(int, group);
    QFETCH(bool, symmetric);
    QFETCH(int, interleave);
    const QuantizedMatrix q = random_quantized(rows, columns, bits, group, symmetric, 1);
    const PackedMatrix packed = pack(Weight(q), static_cast<uint32_t>(interleave), "w");
    QCOMPARE(packed.layout.format, bits <= 4 ? WeightFormat::INT4 : WeightFormat::INT8);
    const std::vector<float> expected = q.dequantize();
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < columns; ++c)
        QCOMPARE(plain::weight_at(packed, static_cast<uint32_t>(r), static_cast<uint32_t>(c)),
                 expected[static_cast<size_t>(r * columns + c)]);
  }

  void codebooks_and_residuals_are_refused_by_name() {
    const auto refusal = [](const QuantizedMatrix& matrix) -> QString {
      try {
        pack(Weight(matrix), 8, "decoder.0.mlp.up.weight");
      } catch (const Error& error) {
        return error.what();
      }
      return {};
    };
    QuantizedMatrix q = random_quantized(4, 64, 4, 64, true, 1);
    QCOMPARE(refusal(q), QString());
    for (int i = 0; i < 16; ++i) q.codebook.push_back(static_cast<float>(i) - 8);
    QCOMPARE(refusal(q),
             "decoder.0.mlp.up.weight: has a codebook of 16 values, which the Vulkan engine does not run; --backend "
             "reference does");
    q.codebook.clear();
    q.residual = {2, std::vector<uint16_t>(8), std::vector<uint16_t>(128)};
    QVERIFY(refusal(q).contains("a low-rank residual of rank 2"));
  }

  void plain_weights_become_float16() {
    const std::vector<float> values{1.0f, -2.5f, 65504.0f, 0.1f, 3e-6f, 0.0f};
    const Weight weight(TensorView{DType::F32, {2, 3}, std::as_bytes(std::span(values)), "w"});
    const PackedMatrix packed = pack(weight, 8, "w");
    for (uint32_t i = 0; i < 6; ++i) QCOMPARE(plain::weight_at(packed, i / 3, i % 3), from_half(to_half(values[i])));
    const std::vector<float> large{1.0f, 70000.0f};
    QVERIFY_THROWS_EXCEPTION(
        Error, pack(Weight(TensorView{DType::F32, {1, 2}, std::as_bytes(std::span(large)), "w"}), 8, "w"));
    const std::vector<float> nan{1.0f, std::nanf("")};
    QVERIFY_THROWS_EXCEPTION(Error,
                             pack(Weight(TensorView{DType::F32, {1, 2}, std::as_bytes(std::span(nan)), "w"}), 8, "w"));
    const std::vector<int32_t> integers{1, 2};
    QVERIFY_THROWS_EXCEPTION(
        Error, pack(Weight(TensorView{DType::I32, {1, 2}, std::as_bytes(std::span(integers)), "w"}), 8, "w"));
  }

  void stacked_rows_lie_below_each_other() {
    const Weight a(random_quantized(3, 64, 4, 32, false, 1)), b(random_quantized(5, 64, 4, 32, false, 2)),
        c(random_quantized(2, 64, 8, 32, false, 3));
    const Weight* parts[] = {&a, &b};
    QVERIFY(can_stack(parts));
    const PackedMatrix packed = pack(parts, 8, "w");
    const std::vector<float> first = std::get<QuantizedMatrix>(a).dequantize(),
                             second = std::get<QuantizedMatrix>(b).dequantize();
    for (uint32_t i = 0; i < 64; ++i) {
      QCOMPARE(plain::weight_at(packed, 2, i), first[2 * 64 + i]);
      QCOMPARE(plain::weight_at(packed, 3 + 4, i), second[4 * 64 + i]);
    }
    const Weight* unlike[] = {&a, &c};
    QVERIFY(!can_stack(unlike));
    QVERIFY_THROWS_EXCEPTION(Error, pack(unlike, 8, "w"));
  }

  void the_picture_cache_keeps_to_its_budget() {
    ImageCache cache(3 * 400);
    const auto picture = [] { return std::make_shared<const std::vector<float>>(100, 1.0f); };
    for (uint64_t hash = 1; hash <= 3; ++hash) cache.insert(hash, picture());
    QVERIFY(cache.find(1));
    cache.insert(4, picture());
    QVERIFY(!cache.find(2));  // the least recently used went
    QVERIFY(cache.find(1) && cache.find(3) && cache.find(4));
    QCOMPARE(cache.bytes(), int64_t(1200));
    cache.insert(5, std::make_shared<const std::vector<float>>(1000, 1.0f));
    QVERIFY(!cache.find(5) && cache.find(1));
  }
};

QTEST_GUILESS_MAIN(TestPacking)
#include "test_packing.moc"
