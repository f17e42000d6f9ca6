// Packed weights are the matrix's own, wherever they lie; the picture cache keeps to its budget.
#include <QTest>

#include "core/base/error.h"
#include "core/base/half.h"
#include "gpu/image_cache.h"
#include "gpu/packing.h"
#include "gpu/reference/plain_kernels.h"
#include "gpu/self_test.h"

using namespace qvlm;

namespace {

QuantizedMatrix random_quantized(int64_t rows, int64_t columns, int bits, int64_t group, bool symmetric,
                                 uint32_t seed, bool minimums = false) {
  return qvlm::random_quantized(MatrixShape{static_cast<uint32_t>(rows), static_cast<uint32_t>(columns), 1, bits, static_cast<uint32_t>(group), symmetric, minimums}, seed, 0.1f);
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
    QTest::addColumn<bool>("minimums");
    QTest::newRow("int4, group 32") << 16 << 64 << 4 << 32 << true << 8 << false;
    QTest::newRow("int4, odd rows, row group") << 13 << 72 << 4 << 72 << false << 8 << false;
    QTest::newRow("int8, group 64") << 5 << 128 << 8 << 64 << false << 1 << false;
    QTest::newRow("2 bits") << 9 << 32 << 2 << 32 << false << 4 << false;
    QTest::newRow("5 bits") << 9 << 4304 << 5 << 4304 << true << 16 << false;
    QTest::newRow("6 bits, group 128") << 3 << 256 << 6 << 128 << false << 8 << false;
    QTest::newRow("6 bits, group 16") << 11 << 256 << 6 << 16 << true << 8 << false;
    QTest::newRow("int4, minimums") << 11 << 256 << 4 << 32 << false << 8 << true;
    QTest::newRow("5 bits, minimums, group 16") << 11 << 256 << 5 << 16 << false << 4 << true;
  }

  void quantized_weights_survive() {
    QFETCH(int, rows);
    QFETCH(int, columns);
    QFETCH(int, bits);
    QFETCH(int, group);
    QFETCH(bool, symmetric);
    QFETCH(int, interleave);
    QFETCH(bool, minimums);
    const QuantizedMatrix q = random_quantized(rows, columns, bits, group, symmetric, 1, minimums);
    const PackedMatrix packed = pack(Weight(q), static_cast<uint32_t>(interleave), "w");
    QCOMPARE(packed.layout.format, bits <= 4 ? WeightFormat::INT4 : group == 16 ? WeightFormat::INT8_HALF : WeightFormat::INT8);
    QCOMPARE(packed.layout.has_minimums, minimums);
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
    q = random_quantized(4, 64, 4, 32, false, 1, true);
    q.minimums[3] = -70000;
    QVERIFY(refusal(q).contains("decoder.0.mlp.up.weight: holds -70000"));
    q = random_quantized(4, 64, 4, 16, true, 1);  // int4 has whole steps alone
    QVERIFY(refusal(q).contains("group: expected 32, 64, 128 or the whole row, found 16"));
  }

  // As the K-quants have them: products that float16 rounds.
  void float32_scales_become_float16() {
    QuantizedMatrix q = random_quantized(3, 64, 4, 32, false, 1, true);
    for (const uint16_t scale : q.scales) q.wide_scales.push_back(from_half(scale) * 1.0001f);
    q.scales.clear();
    const PackedMatrix packed = pack(Weight(q), 8, "w");
    for (uint32_t r = 0; r < 3; ++r)
      for (uint32_t c = 0; c < 64; ++c) {
        const size_t group = r * 2 + c / 32;
        QCOMPARE(plain::weight_at(packed, r, c), static_cast<float>(q.codes[r * 64 + c]) * from_half(to_half(q.wide_scales[group])) + q.minimums[group]);
      }
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

  void a_gate_and_what_it_gates_lie_in_turns() {
    const Weight gate(random_quantized(21, 64, 4, 32, false, 1)), up(random_quantized(21, 64, 4, 32, false, 2));
    const Weight* parts[] = {&gate, &up};
    const PackedMatrix packed = pack(parts, 8, "w", 16);
    QCOMPARE(packed.layout.outputs, 21u);
    QCOMPARE(packed.layout.rows, 64u);  // two blocks of 16 pairs
    const std::vector<float> first = std::get<QuantizedMatrix>(gate).dequantize(), second = std::get<QuantizedMatrix>(up).dequantize();
    for (uint32_t n = 0; n < 21; ++n)
      for (uint32_t i = 0; i < 64; ++i) {
        const uint32_t row = n / 16 * 32 + n % 16;
        QCOMPARE(plain::weight_at(packed, row, i), first[n * 64 + i]);
        QCOMPARE(plain::weight_at(packed, row + 16, i), second[n * 64 + i]);
      }
    for (uint32_t i = 0; i < 64; ++i) QCOMPARE(plain::weight_at(packed, 32 + 5, i), 0.0f);  // fills the last block
    const Weight shorter(random_quantized(20, 64, 4, 32, false, 3));
    const Weight* unlike[] = {&gate, &shorter};
    QVERIFY_THROWS_EXCEPTION(Error, pack(unlike, 8, "w", 16));
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
