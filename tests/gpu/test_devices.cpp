// Listing devices, the self-test's report, and machines without a driver.
#include <QTest>
#include <cstdlib>

#include "core/base/error.h"
#include "gpu/bench.h"
#include "gpu/devices.h"
#include "gpu/vulkan_generator.h"
#include "tests/gpu/random_model.h"
#include "tests/gpu/without_device.h"

using namespace qvlm;

class TestDevices : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    const std::string why = without_device();
    QVERIFY2(why.empty(), why.c_str());
  }

  void devices_are_listed() {
    const auto devices = list_devices();
    QVERIFY(!devices.empty());
    for (size_t i = 0; i < devices.size(); ++i) {
      QCOMPARE(devices[i].index, int(i));
      QVERIFY(!devices[i].name.empty() && !devices[i].kind.empty() && !devices[i].api.empty());
      QVERIFY(devices[i].memory_bytes > 0);
    }
  }

  void the_read_bandwidth_is_plausible() {
    const ReadBandwidth bandwidth = measure_read_bandwidth(-1, "", int64_t{32} << 20, 2);
    qInfo("%.1f GB/s", bandwidth.gigabytes_per_second);
    QCOMPARE(bandwidth.bytes, int64_t(32) << 20);
    QVERIFY(bandwidth.gigabytes_per_second > 0.05 && bandwidth.gigabytes_per_second < 20000);
    QVERIFY_THROWS_EXCEPTION(Error, measure_read_bandwidth(-1, "", 10, 1));
  }

  void without_a_loader_the_message_says_what_to_install() {
    std::string message;
    try {
      make_vulkan_generator(std::make_shared<RandomModel>(small_config(), RandomWeights{}),
                            {.loader = "libvulkan-that-is-not-there.so"});
    } catch (const Error& error) {
      message = error.what();
    }
    QVERIFY2(message.find("no Vulkan loader") != std::string::npos && message.find("libvulkan1") != std::string::npos,
             message.c_str());
    QVERIFY(!list_devices().empty());  // and the process goes on
  }

  void without_a_driver_the_message_says_what_to_install() {
    // The loader reads these when an instance is made.
    qputenv("VK_ICD_FILENAMES", "/nonexistent.json");
    qputenv("VK_DRIVER_FILES", "/nonexistent.json");
    std::string message;
    try {
      make_vulkan_generator(std::make_shared<RandomModel>(small_config(), RandomWeights{}));
    } catch (const Error& error) {
      message = error.what();
    }
    qunsetenv("VK_ICD_FILENAMES");
    qunsetenv("VK_DRIVER_FILES");
    QVERIFY2(message.find("mesa-vulkan-drivers") != std::string::npos, message.c_str());
    QVERIFY2(message.find("--backend reference") != std::string::npos, message.c_str());
  }
};

QTEST_GUILESS_MAIN(TestDevices)
#include "test_devices.moc"
