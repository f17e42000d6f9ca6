// Quantizing activations in torch gives what the plain loop gives.
#include <torch/types.h>

#undef slots
#include <QtTest>

#include "core/base/error.h"
#include "core/lab/reference/activation.h"
#include "core/lab/reference/tensors.h"

using namespace qvlm;

namespace {

// algorithms.md 1.4 "Quantiser" in whole-tensor operations.
torch::Tensor by_the_formula(const torch::Tensor& x, const ActivationQuantizer& quantizer) {
  const int64_t channels = x.size(-1);
  const auto rows = x.reshape({-1, quantizer.granularity == ActivationGranularity::DYNAMIC_GROUP ? quantizer.group : channels});
  torch::Tensor low = torch::full({1, 1}, std::min(quantizer.low, 0.0f)), high = torch::full({1, 1}, std::max(quantizer.high, 0.0f));
  if (quantizer.granularity != ActivationGranularity::STATIC_TENSOR) {
    low = (rows.amin(-1, true) * quantizer.clip).clamp_max(0);
    high = (rows.amax(-1, true) * quantizer.clip).clamp_min(0);
  }
  const double top = (1 << quantizer.bits) - 1;
  const auto scale = ((high - low) / top).clamp_min(1e-8);
  const auto zero = torch::round(-low / scale).clamp(0, top);
  const auto codes = (torch::round(rows / scale) + zero).clamp(0, top);
  return ((codes - zero) * scale).reshape(x.sizes());
}

}  // namespace

class TestActivationTorch : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void equals_the_formula_data() {
    QTest::addColumn<int>("granularity");
    QTest::addColumn<int>("bits");
    QTest::addColumn<int>("group");
    QTest::addColumn<float>("clip");
    using G = ActivationGranularity;
    for (const int bits : {2, 4, 8}) {
      QTest::addRow("static %d", bits) << static_cast<int>(G::STATIC_TENSOR) << bits << 0 << 1.0f;
      QTest::addRow("token %d", bits) << static_cast<int>(G::DYNAMIC_TOKEN) << bits << 0 << 0.9f;
      QTest::addRow("group %d", bits) << static_cast<int>(G::DYNAMIC_GROUP) << bits << 12 << 0.85f;
    }
  }

  void equals_the_formula() {
    QFETCH(int, granularity);
    QFETCH(int, bits);
    QFETCH(int, group);
    QFETCH(float, clip);
    ActivationQuantizer quantizer;
    quantizer.granularity = static_cast<ActivationGranularity>(granularity);
    quantizer.bits = bits;
    quantizer.group = group;
    quantizer.clip = clip;
    quantizer.low = -1.3f;
    quantizer.high = 2.1f;
    torch::manual_seed(5);
    auto x = torch::randn({2, 7, 36});  // [batch, tokens, channels]
    x[0][3] = 0;                        // a row without a range
    x[1][2] = x[1][2].abs() + 0.1;      // and one that never crosses zero
    const auto fast = reference::quantize_activations(x, quantizer);
    QCOMPARE(fast.sizes().vec(), x.sizes().vec());
    const auto plain = by_the_formula(x, quantizer);
    QVERIFY2(torch::equal(fast, plain), qPrintable(QString::number((fast - plain).abs().max().item<double>())));
    // Values that lie closely at half steps, and rows that are longer than a vector by every remainder.
    for (int64_t channels = 1; channels <= 40; ++channels) {
      quantizer.group = channels;
      const auto y = torch::round(torch::randn({5, channels}) * 8) / 4;
      QVERIFY(torch::equal(reference::quantize_activations(y, quantizer), by_the_formula(y, quantizer)));
    }
    QVERIFY(!torch::equal(fast, x));
  }

  void inactive_and_wrong_quantizers() {
    const auto x = torch::randn({3, 10});
    QVERIFY(reference::quantize_activations(x, {}).is_same(x));
    ActivationQuantizer quantizer{ActivationGranularity::DYNAMIC_GROUP, 4, 4};
    QVERIFY_THROWS_EXCEPTION(Error, reference::quantize_activations(x, quantizer));
  }

  void dequantizing_a_matrix() {
    QuantizedMatrix matrix;
    matrix.rows = 3;
    matrix.columns = 64;
    matrix.bits = 4;
    matrix.group = 32;
    for (int i = 0; i < 3 * 64; ++i) matrix.codes.push_back(static_cast<uint8_t>(i * 7 % 16));
    matrix.scales = {0x3c00, 0x3800, 0x2e66, 0x4000, 0x1400, 0x3555};
    matrix.zeros = {8, 0, 15, 3, 7, 1};
    const std::vector<float> plain = matrix.dequantize();
    const auto fast = reference::dequantize(matrix, torch::kFloat32);
    QCOMPARE(fast.sizes().vec(), (std::vector<int64_t>{3, 64}));
    QVERIFY(std::equal(plain.begin(), plain.end(), fast.data_ptr<float>()));
  }
};

QTEST_GUILESS_MAIN(TestActivationTorch)
#include "test_activation_torch.moc"
