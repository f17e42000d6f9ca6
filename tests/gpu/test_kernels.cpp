// Every kernel on the device against its plain loop, at odd shapes, in both of its variants (buffer addresses, texel
// buffers).
#include <QTest>

#include "gpu/self_test.h"
#include "gpu/self_test_bench.h"
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
