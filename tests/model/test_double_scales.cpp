// Scales that are quantized themselves: against bitsandbytes' formula in plain loops, and files that lie about them.
#include <QTest>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include <nlohmann/json.hpp>

#include "core/base/half.h"
#include "core/model/double_scales.h"
#include "core/model/quantized_matrix.h"
#include "tests/model/tiny_checkpoint.h"

using namespace qvlm;

namespace {

template <class T>
std::vector<T> values_of_hex(const std::string& hex) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) bytes.push_back(static_cast<uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

nlohmann::json golden(const char* name) {
  std::ifstream file(std::string(QVLM_SOURCE_DIR "/tests/golden/weight_methods/") + name);
  return nlohmann::json::parse(file);
}

/// Two rows of four groups of 32 and a codebook; the scales rise.
QuantizedMatrix small_matrix() {
  QuantizedMatrix matrix{2, 128, 2, 32, true, std::vector<uint8_t>(256, 3), {}, std::vector<uint8_t>(8, 2)};
  matrix.codebook = {-1, -0.25f, 0.25f, 1};
  matrix.double_scales = double_quantize(std::vector<float>{0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f});
  return matrix;
}

}  // namespace

class TestDoubleScales : public QObject {
  Q_OBJECT

 private slots:
  void levels_ascend() {
    const auto levels = dynamic_levels();
    QCOMPARE(levels.size(), size_t{256});
    for (size_t i = 1; i < levels.size(); ++i) QVERIFY(levels[i - 1] < levels[i]);
    QCOMPARE(levels.back(), 1.0f);
    QVERIFY(std::find(levels.begin(), levels.end(), 0.0f) != levels.end());
  }

  void equals_bitsandbytes() {
    const auto weight = golden("nf4.json"), expected = golden("nf4_scales.json");
    const auto halves = values_of_hex<uint16_t>(weight["weight"]);
    const size_t block = weight["block"];
    std::vector<float> maxima;
    for (size_t begin = 0; begin < halves.size(); begin += block) {
      float largest = 0;
      for (size_t i = begin; i < begin + block; ++i) largest = std::max(largest, std::abs(from_half(halves[i])));
      maxima.push_back(largest);
    }
    const DoubleScales got = double_quantize(maxima);
    QCOMPARE(got.maxima.size(), size_t{2});  // a whole block of 256 and a rest
    QVERIFY(got.codes == values_of_hex<uint8_t>(expected["codes"]));
    QVERIFY(got.maxima == values_of_hex<float>(expected["maxima"]));
    QCOMPARE(got.mean, values_of_hex<float>(expected["mean"])[0]);
    QVERIFY(values_of(got) == values_of_hex<float>(expected["scales"]));
  }

  void comes_near() {
    std::vector<float> scales;
    for (int i = 0; i < 1000; ++i) scales.push_back(0.5f + static_cast<float>((i * 7919) % 1000) / 1000.0f);
    const auto values = values_of(double_quantize(scales));
    for (size_t i = 0; i < scales.size(); ++i) QVERIFY(std::abs(values[i] - scales[i]) < 0.01f);
    for (const float one : {0.75f, 0.0f, 1e-30f}) {  // all the same
      for (const float value : values_of(double_quantize(std::vector<float>(300, one)))) QCOMPARE(value, one);
    }
    QVERIFY(double_quantize({}).empty());
  }

  void a_matrix_of_them() {
    const QuantizedMatrix matrix = small_matrix();
    validate(matrix, "m");
    const auto scales = values_of(matrix.double_scales);
    const auto weights = matrix.dequantize();
    for (size_t i = 0; i < weights.size(); ++i) QCOMPARE(weights[i], scales[i / 32]);  // code 3 is 1
    QCOMPARE(matrix.bits_per_weight(), 2 + 8.0 / 32 + (32.0 * 2 + 32.0 * 4) / 256);
    QCOMPARE(beyond_integers(matrix), std::string("a codebook of 4 values and doubly quantized scales"));
  }

  void refusals() {
    QuantizedMatrix bad = small_matrix();
    bad.scales.assign(8, to_half(1.0f));
    VERIFY_MESSAGE(validate(bad, "m"), "m: scales: expected 0, found 8");
    bad = small_matrix();
    bad.double_scales.codes.pop_back();
    VERIFY_MESSAGE(validate(bad, "m"), "m: codes of scales: expected 8, found 7");
    bad = small_matrix();
    bad.double_scales.maxima.clear();
    VERIFY_MESSAGE(validate(bad, "m"), "m: maxima of scales: expected 1, found 0");
    for (const float value : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(), -1.0f}) {
      bad = small_matrix();
      bad.double_scales.maxima[0] = value;
      VERIFY_MESSAGE(validate(bad, "m"), "m: maximum of scales: expected a finite number");
    }
    bad = small_matrix();
    bad.double_scales.mean = std::numeric_limits<float>::quiet_NaN();
    VERIFY_MESSAGE(validate(bad, "m"), "m: mean of scales: expected a finite number");
    bad = small_matrix();  // finite each, their sum is not
    bad.double_scales.mean = bad.double_scales.maxima[0] = std::numeric_limits<float>::max();
    VERIFY_MESSAGE(validate(bad, "m"), "m: maximum of scales");
  }
};

QTEST_GUILESS_MAIN(TestDoubleScales)
#include "test_double_scales.moc"
