// The tower's quantizers in a GGUF file's keys: written, read back, and what a hostile file is told.
#include <QTest>

#include <QTemporaryDir>
#include <cmath>

#include "core/base/error.h"
#include "core/model/gguf_config.h"

using namespace qvlm;

class TestVisionActivations : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  VisionConfig vision_;

  std::filesystem::path path() const { return std::filesystem::path(folder_.path().toStdString()) / "vision.gguf"; }

  // The keys as given, read back.
  std::vector<VisionQuantizer> through(const std::vector<int32_t>& bits, const std::vector<int32_t>& range, const std::vector<int32_t>& counts,
                                       const std::vector<float>& low, const std::vector<float>& high) const {
    GgufWriter writer(path());
    writer.set_text("general.architecture", "clip");
    writer.set_i32s("qvlm.vision.activations.bits", bits);
    writer.set_i32s("qvlm.vision.activations.range", range);
    writer.set_i32s("qvlm.vision.activations.counts", counts);
    writer.set_f32s("qvlm.vision.activations.low", low);
    writer.set_f32s("qvlm.vision.activations.high", high);
    writer.finish();
    return read_vision_activation_keys(GgufFile(path()), vision_);
  }

 private slots:
  void initTestCase() {
    vision_.layers = 1;
    vision_.image_size = 32;
    vision_.patch_size = 16;  // 4 patches and the class token
  }

  void roundTrip() {
    const std::vector<VisionQuantizer> expected{{8, VisionRange::DYNAMIC_TOKEN, {0.9f}, {1.1f}},
                                                {4, VisionRange::STATIC_POSITION, {-1, -2, -3, -4, -5}, {1, 2, 3, 4, 0.1f}},
                                                {16, VisionRange::DYNAMIC_TOKEN, {}, {}},
                                                {6, VisionRange::STATIC_POSITION, {-0.3f}, {7}}};
    {
      GgufWriter writer(path());
      writer.set_text("general.architecture", "clip");
      write_vision_activation_keys(writer, expected);
      writer.finish();
    }
    QVERIFY(read_vision_activation_keys(GgufFile(path()), vision_) == expected);
    {
      GgufWriter writer(path());
      writer.set_text("general.architecture", "clip");
      write_vision_activation_keys(writer, {});
      writer.finish();
    }
    QVERIFY(read_vision_activation_keys(GgufFile(path()), vision_).empty());
  }

  void hostile_data() {
    QTest::addColumn<QList<int>>("bits");
    QTest::addColumn<QList<int>>("range");
    QTest::addColumn<QList<int>>("counts");
    QTest::addColumn<QList<float>>("low");
    QTest::addColumn<QList<float>>("high");
    QTest::addColumn<QString>("message");
    using I = QList<int>;
    using F = QList<float>;
    const I eight{8, 8, 8, 8}, zero{0, 0, 0, 0}, one{1, 1, 1, 1};
    const F four{1, 1, 1, 1};
    QTest::newRow("sites") << I{8, 8} << zero << one << four << four << "bits: expected 4 entries";
    QTest::newRow("range") << eight << I{0, 2, 0, 0} << one << four << four << "range: expected 0 or 1";
    QTest::newRow("count") << eight << zero << I{1, 1, 1, 6} << F{1, 1, 1, 1, 1, 1, 1, 1, 1} << F{1, 1, 1, 1, 1, 1, 1, 1, 1} << "counts: expected 0 to 5";
    QTest::newRow("negative count") << eight << zero << I{1, 1, 1, -1} << four << four << "counts";
    QTest::newRow("no bounds") << eight << zero << I{1, 1, 0, 1} << F{1, 1, 1} << F{1, 1, 1} << "site 2";
    QTest::newRow("three bounds") << eight << zero << I{1, 1, 3, 1} << F{1, 1, 1, 1, 1, 1} << F{1, 1, 1, 1, 1, 1} << "expected 1 or 5";
    QTest::newRow("too few bounds") << eight << zero << one << F{1, 1, 1} << four << "low: expected 4 entries";
    QTest::newRow("bits") << I{8, 8, 12, 8} << zero << one << four << four << "bits: expected 2 to 8";
    QTest::newRow("huge bits") << I{8, 8, 40, 8} << zero << one << four << four << "bits";
    QTest::newRow("not a number") << eight << zero << one << F{1, NAN, 1, 1} << four << "finite";
  }
  void hostile() {
    QFETCH(QList<int>, bits);
    QFETCH(QList<int>, range);
    QFETCH(QList<int>, counts);
    QFETCH(QList<float>, low);
    QFETCH(QList<float>, high);
    QFETCH(QString, message);
    const auto ints = [](const QList<int>& list) { return std::vector<int32_t>(list.begin(), list.end()); };
    const auto floats = [](const QList<float>& list) { return std::vector<float>(list.begin(), list.end()); };
    try {
      through(ints(bits), ints(range), ints(counts), floats(low), floats(high));
    } catch (const Error& error) {
      QVERIFY2(QString(error.what()).contains(message), error.what());
      QVERIFY2(QString(error.what()).contains("vision.gguf"), error.what());
      return;
    }
    QFAIL("nothing was thrown");
  }
};

QTEST_GUILESS_MAIN(TestVisionActivations)
#include "test_vision_activations.moc"
