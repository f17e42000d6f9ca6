// What the model sees equals transformers' slow, PIL-based CLIPImageProcessor (and LLaVA's pad to square), pixel for pixel.
#include <QTest>

#include <cmath>

#include "core/base/error.h"
#include "core/input/preprocess.h"
#include "tests/input/golden.h"

using namespace qvlm;

class TestPreprocess : public QObject {
  Q_OBJECT
 private slots:
  void fits_as_clip_data() {
    QTest::addColumn<int>("width");
    QTest::addColumn<int>("height");
    QTest::addColumn<int>("edge");
    QTest::addColumn<bool>("pad");
    for (const auto& [width, height] : {std::pair(1, 1), std::pair(3, 200), std::pair(200, 3), std::pair(127, 129), std::pair(640, 480), std::pair(90, 400)}) {
      for (const int edge : {40, 48, 32}) QTest::addRow("crop %dx%d from %d", width, height, edge) << width << height << edge << false;
      QTest::addRow("pad %dx%d", width, height) << width << height << 40 << true;
    }
  }
  void fits_as_clip() {
    QFETCH(int, width);
    QFETCH(int, height);
    QFETCH(int, edge);
    QFETCH(bool, pad);
    PreprocessConfig config;
    config.shortest_edge = edge;
    config.size = 40;
    config.fit = pad ? PreprocessConfig::Fit::PAD_SQUARE : PreprocessConfig::Fit::CENTER_CROP;
    const auto name = std::string(pad ? "pad_" : "crop_") + std::to_string(width) + "x" + std::to_string(height) + "_" + std::to_string(edge) + "_40.png";
    QCOMPARE(greatest_difference(fit_image(formula_picture(width, height), config), read_image(golden("images/" + name))), 0);
  }

  void resizes_as_pillow_data() {
    QTest::addColumn<int>("filter");
    QTest::addColumn<QString>("name");
    int number = 0;
    for (const char* name : {"nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"}) QTest::newRow(name) << number++ << name;
  }
  void resizes_as_pillow() {
    QFETCH(int, filter);
    QFETCH(QString, name);
    for (const auto& [width, height] : {std::pair(23, 31), std::pair(61, 17)}) {
      const Image found = resize(formula_picture(40, 37), width, height, static_cast<PreprocessConfig::Resample>(filter));
      const auto file = "images/resize_" + name.toStdString() + "_" + std::to_string(width) + "x" + std::to_string(height) + ".png";
      QCOMPARE(greatest_difference(found, read_image(golden(file))), 0);
    }
  }

  void same_size_is_a_copy() {
    const Image image = formula_picture(13, 9);
    QCOMPARE(greatest_difference(resize(image, 13, 9, PreprocessConfig::Resample::LANCZOS), image), 0);
  }

  void a_very_long_picture_takes_little_memory() {
    // 60,000 x 1 would be 13 million x 224 pixels between resizing and cropping; only the crop is computed.
    PreprocessConfig config;
    config.shortest_edge = config.size = 224;
    const Image image = fit_image(formula_picture(60000, 1), config);
    QCOMPARE(image.width, 224);
    config.fit = PreprocessConfig::Fit::PAD_SQUARE;
    QCOMPARE(fit_image(formula_picture(2, 30000), config).height, 224);
  }

  void normalises_channel_by_channel() {
    PreprocessConfig config;
    config.shortest_edge = config.size = 2;
    const Image image{2, 2, {0, 51, 255, 1, 52, 254, 2, 53, 253, 3, 54, 252}};
    const PixelTensor tensor = preprocess(image, config);
    QCOMPARE(tensor.size, 2);
    QCOMPARE(tensor.values.size(), size_t{12});
    for (size_t c = 0; c < 3; ++c) {
      for (size_t i = 0; i < 4; ++i) {
        const double expected = (image.rgb[i * 3 + c] / 255.0 - config.mean[c]) / config.std[c];
        QVERIFY(std::abs(tensor.values[c * 4 + i] - expected) < 1e-6);
      }
    }
    config.normalize = false;
    QCOMPARE(preprocess(image, config).values[4], 51 / 255.0f);
  }

  void the_hash_is_of_the_values() {
    PreprocessConfig config;
    config.shortest_edge = config.size = 8;
    const PixelTensor a = preprocess(formula_picture(20, 30), config), b = preprocess(formula_picture(20, 30), config);
    QCOMPARE(a.hash, b.hash);
    QVERIFY(preprocess(formula_picture(21, 30), config).hash != a.hash);
  }

  void refuses_sizes_that_cannot_be() {
    PreprocessConfig config;
    config.shortest_edge = 16;
    QVERIFY_THROWS_EXCEPTION(Error, fit_image(formula_picture(4, 4), config));  // size 0
    config.size = 16;
    QVERIFY_THROWS_EXCEPTION(Error, fit_image(Image{}, config));
    config.crop = false;
    QVERIFY_THROWS_EXCEPTION(Error, fit_image(formula_picture(4, 8), config));  // 16 x 32 without a crop
    QCOMPARE(fit_image(formula_picture(4, 4), config).width, 16);
  }
};

QTEST_GUILESS_MAIN(TestPreprocess)
#include "test_preprocess.moc"
