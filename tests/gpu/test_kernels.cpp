// Every kernel on the device against its plain loop, at odd shapes, in both of its variants (buffer addresses, texel
// buffers).
#include <QTest>

#include "gpu/self_test.h"
#include "gpu/self_test_bench.h"
#include "tests/gpu/tuned_folder.h"
#include "tests/gpu/without_device.h"

using namespace qvlm;

class TestKernels : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    const std::string why = without_device();
    QVERIFY2(why.empty(), why.c_str());
  }

  void every_kernel_data() {
    QTest::addColumn<bool>("texel_kernels");
    QTest::newRow("texel buffers on CPU devices") << true;
    QTest::newRow("buffer addresses") << false;
  }

  void every_kernel() {
    QFETCH(bool, texel_kernels);
    // Driver compilation of the address kernels takes long on a CPU device; QVLM_BRIEF: see CMakeLists.txt.
    const bool brief = !texel_kernels || qEnvironmentVariableIsSet("QVLM_BRIEF");
    GpuContext gpu({.without = texel_kernels ? FeatureSet{} : FeatureSet{Feature::TEXEL_BUFFERS}});
    for (const SelfTestLine& line : test_all_kernels(gpu, brief)) {
      const std::string text = line.kernel + " " + line.shape + ": error " + std::to_string(line.largest_error) + ", " +
                               std::to_string(line.seconds) + " s " + line.message;
      if (qEnvironmentVariableIsSet("QVLM_VERBOSE")) qInfo("%s", text.c_str());
      QVERIFY2(line.passed, text.c_str());
    }
  }

  // Every head size that is tuned and odd ones, over numbers of keys about the edges of subgroups and ranges; ranges without keys among them.
  void attention_in_ranges_data() {
    QTest::addColumn<bool>("texel_kernels");
    QTest::addColumn<int>("head_dim");
    QTest::addColumn<int>("ranges");
    QTest::addColumn<int>("kv_bits");
    for (const int head_dim : {40, 64, 72, 80, 96, 128, 256}) QTest::addRow("heads of %d", head_dim) << true << head_dim << 4 << 16;
    QTest::newRow("16 ranges") << true << 128 << 16 << 16;
    QTest::newRow("2 ranges of an 8-bit cache") << true << 72 << 2 << 8;
    QTest::newRow("by address") << false << 64 << 8 << 16;
    QTest::newRow("by address, of an 8-bit cache") << false << 80 << 4 << 8;
  }

  void attention_in_ranges() {
    QFETCH(bool, texel_kernels);
    QFETCH(int, head_dim);
    QFETCH(int, ranges);
    QFETCH(int, kv_bits);
    GpuContext gpu({.without = texel_kernels ? FeatureSet{} : FeatureSet{Feature::TEXEL_BUFFERS}});
    for (const uint32_t keys : {1u, 2u, 7u, 8u, 9u, 31u, 32u, 33u, 100u, 511u, 1030u, 4100u}) {
      const SelfTestLine line = test_attention(gpu, {.past = keys - 1,
                                                     .heads = 6,
                                                     .kv_heads = 2,
                                                     .head_dim = static_cast<uint32_t>(head_dim),
                                                     .kv_bits = kv_bits,
                                                     .ranges = static_cast<uint32_t>(ranges)});
      QVERIFY2(line.passed, (line.shape + ": error " + std::to_string(line.largest_error) + " " + line.message).c_str());
    }
  }

  // Codes cannot hold it: it must not turn into a number.
  void what_is_not_a_number_stays_so_in_integer_products() {
    GpuContext gpu({.without = kByAddress});
    if (!gpu.profile().info.integer_dot_product) QSKIP("the device has no integer dot product");
    const MatrixShape shape{20, 96, 3, 4, 32};
    const ProductClass product = product_class(WeightFormat::INT4, shape.rows, shape.columns, shape.tokens, true);
    Tuning tuning;
    tuning.choose(product, {integer_variant(product, gpu.profile()).value()});
    const Kernels kernels(gpu.profile(), tuning);
    testing::Bench bench(gpu);
    plain::Tensor x = testing::random_tensor(shape.tokens, shape.columns, 1);
    x.at(1, 37) = std::nanf("");
    const DeviceTensor in = bench.upload(x), y = bench.tensor(shape.tokens, shape.rows);
    DeviceCodes codes{.columns = shape.columns, .group = shape.columns};
    codes.codes = bench.bytes(std::vector<std::byte>(size_t{shape.tokens} * codes.stride()));
    codes.grids = bench.bytes(std::vector<std::byte>(size_t{shape.tokens} * 2 * sizeof(float)));
    const Dispatch d = kernels.matrix(bench.matrix(testing::random_matrix(shape, 1, 2)), {in, codes}, y);
    QCOMPARE(d.pipeline.shader, std::string("matvec_integer"));
    bench.run({kernels.round(in, {}, codes), d});
    const plain::Tensor found = bench.download(y);
    for (uint32_t row = 0; row < shape.tokens; ++row)
      for (uint32_t n = 0; n < shape.rows; ++n) QCOMPARE(std::isnan(found.at(row, n)), row == 1);
  }

  // What every line above relies on.
  void a_write_outside_of_a_buffer_is_seen() {
    GpuContext gpu({});
    testing::Bench bench(gpu);
    const DeviceTensor x = bench.upload(testing::random_tensor(1, 72, 1));
    const DeviceVector weight = bench.vector(std::vector<float>(72, 1.0f));
    DeviceTensor y = bench.tensor(1, 72);
    bench.run({gpu.kernels().norm(x, y, weight, {}, 1e-5f)});
    DeviceTensor small = bench.tensor(1, 64);
    small.columns = 72;
    QVERIFY_THROWS_EXCEPTION(Error, bench.run({gpu.kernels().norm(x, small, weight, {}, 1e-5f)}));
  }

  void one_failed_line_fails_the_report() {
    SelfTestReport report;
    QVERIFY(!report.passed());  // nothing ran
    report.lines = {{.passed = true}, {.passed = false}};
    QVERIFY(!report.passed());
    report.lines.pop_back();
    QVERIFY(report.passed());
  }
};

QTEST_GUILESS_MAIN(TestKernels)
#include "test_kernels.moc"
