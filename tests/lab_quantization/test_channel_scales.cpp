// A range a channel folded into the weights: the scales, the unchanged function, and the quantizer that it amounts to.
#include <torch/types.h>
#include <torch/utils.h>

#undef slots
#include <QtTest>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/lab/calibration/channel_scales.h"
#include "core/lab/calibration/float_pass.h"
#include "core/lab/quantization/methods/awq.h"
#include "core/lab/quantization/methods/channel_scales.h"
#include "core/lab/quantization/methods/rtn.h"
#include "core/lab/reference/activation.h"
#include "tests/lab_quantization/site_fixture.h"

using namespace qvlm;
using namespace qvlm::quantization;
using calibration::channel_scales;

namespace {

float element(const torch::Tensor& x, int64_t i) { return x[i].item<float>(); }

/// max |x| a channel at each site of a layer.
std::array<torch::Tensor, kSitesPerLayer> largest_inputs(const DecoderConfig& c, const reference::DecoderLayer& layer, const torch::Tensor& hidden,
                                                         const reference::RotaryTable& rotary) {
  std::array<torch::Tensor, kSitesPerLayer> largest;
  auto state = reference::enter_layer(c, layer, hidden);
  for (int k = 0; k < kSitesPerLayer; ++k) {
    largest[static_cast<size_t>(k)] = state.site_input.abs().amax({0, 1});
    state = reference::advance(c, layer, static_cast<SiteKind>(k), state, rotary);
  }
  return largest;
}

std::array<torch::Tensor, kSitesPerLayer> scales_of(const DecoderConfig& c, const std::array<torch::Tensor, kSitesPerLayer>& largest) {
  std::array<torch::Tensor, kSitesPerLayer> scales;
  for (size_t k = 0; k < kSitesPerLayer; ++k) scales[k] = channel_scales(c, static_cast<SiteKind>(k), largest[k]);
  return scales;
}

}  // namespace

class TestChannelScales : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void scalesEqualPlainLoop() {
    const DecoderConfig c = site_fixture::small_config(2);
    std::vector<float> largest(64);
    for (size_t i = 0; i < largest.size(); ++i) largest[i] = 0.01f + static_cast<float>((i * 37) % 64) / 10.0f;
    largest[3] = 0;        // all zero
    largest[9] = 100;      // an outlier
    largest[20] = 1e-12f;  // counts for nothing
    const auto got = channel_scales(c, SiteKind::MLP_INPUT, torch::tensor(largest));
    const double floor = 100 * 1e-4, middle = std::sqrt(100 * floor);
    for (size_t i = 0; i < largest.size(); ++i) {
      const double expected = largest[i] == 0 ? 1 : std::max(static_cast<double>(largest[i]), floor) / middle;
      QVERIFY(std::abs(static_cast<double>(element(got, static_cast<int64_t>(i))) - expected) < 1e-5 * expected);
    }
    QVERIFY(torch::equal(channel_scales(c, SiteKind::MLP_INPUT, torch::zeros({64})), torch::ones({64})));
    QVERIFY(torch::allclose(channel_scales(c, SiteKind::MLP_INPUT, torch::full({64}, 0.3)), torch::ones({64})));  // one range already
  }

  // Four heads, two key-value heads: heads 0 and 1 read one value.
  void headsOfOneValueShareTheirScale() {
    const DecoderConfig c = site_fixture::small_config(2);
    const auto largest = torch::rand({64}) + 0.1;
    const auto scales = channel_scales(c, SiteKind::OUTPUT_INPUT, largest), values = calibration::of_value_channels(c, scales);
    QCOMPARE(values.size(0), int64_t{32});
    double product = 0;
    for (int64_t d = 0; d < 16; ++d) {
      for (const int64_t kv : {0, 1}) {
        const int64_t a = kv * 32 + d, b = a + 16;
        QCOMPARE(element(scales, a), element(scales, b));
        QCOMPARE(element(values, kv * 16 + d), element(scales, a));
        const double ratio = static_cast<double>(element(scales, a)) / static_cast<double>(std::max(element(largest, a), element(largest, b)));
        if (product == 0) product = ratio;
        QVERIFY(std::abs(ratio / product - 1) < 1e-5);
      }
    }
  }

  void foldingKeepsTheFunction_data() {
    QTest::addColumn<int>("kv_heads");
    QTest::addColumn<bool>("bias");
    QTest::newRow("one value a head") << 4 << false;
    QTest::newRow("grouped queries") << 2 << false;
    QTest::newRow("grouped queries, biases") << 2 << true;
    QTest::newRow("one value for all heads") << 1 << true;
  }
  void foldingKeepsTheFunction() {
    QFETCH(int, kv_heads);
    QFETCH(bool, bias);
    const torch::NoGradGuard guard;
    torch::manual_seed(3);
    const DecoderConfig c = site_fixture::small_config(kv_heads);
    auto layer = site_fixture::random_layer(c, bias);
    layer.attention_norm[7] = 0;  // all-zero channels, at a norm and in the MLP's middle
    layer.up[11].zero_();
    layer.attention_norm[8] = 3e-6;
    const auto rotary = reference::RotaryTable::make(c, 64);
    const auto hidden = torch::randn({2, 20, c.hidden});
    const auto scales = scales_of(c, largest_inputs(c, layer, hidden, rotary));
    QCOMPARE(element(scales[0], 7), 1.0f);
    QCOMPARE(element(scales[3], 11), 1.0f);
    const auto folded = fold_channel_scales(c, layer, scales);
    QVERIFY(!torch::allclose(folded.attention_norm, layer.attention_norm));
    const auto before = reference::decoder_layer(c, layer, hidden, rotary, 0), after = reference::decoder_layer(c, folded, hidden, rotary, 0);
    const double deviation = (before - after).abs().max().item<double>() / before.abs().max().item<double>();
    qInfo("largest deviation %.2e of the largest output", deviation);
    QVERIFY(deviation < 1e-5);
    DecoderConfig online = c;
    online.down_hadamard = 32;
    QVERIFY_THROWS_EXCEPTION(Error, fold_channel_scales(online, layer, scales));
  }

  // One static quantizer of what the folded layer's site reads is one a channel of what the layer's own site reads.
  void theFoldedQuantizerIsOneAChannel_data() {
    QTest::addColumn<int>("bits");
    QTest::newRow("4 bits") << 4;
    QTest::newRow("6 bits") << 6;
  }
  void theFoldedQuantizerIsOneAChannel() {
    QFETCH(int, bits);
    const torch::NoGradGuard guard;
    torch::manual_seed(4);
    const DecoderConfig c = site_fixture::small_config(2);
    const auto layer = site_fixture::random_layer(c, true);
    const auto rotary = reference::RotaryTable::make(c, 64);
    const auto hidden = torch::randn({1, 24, c.hidden});
    const auto largest = largest_inputs(c, layer, hidden, rotary);
    const auto scales = scales_of(c, largest);
    const auto folded = fold_channel_scales(c, layer, scales);
    auto own = reference::enter_layer(c, layer, hidden), turned = reference::enter_layer(c, folded, hidden);
    for (int k = 0; k < kSitesPerLayer; ++k) {
      const auto kind = static_cast<SiteKind>(k);
      const auto& s = scales[static_cast<size_t>(k)];
      const auto x = own.site_input[0].contiguous(), y = turned.site_input[0].contiguous();  // [tokens, width]
      QVERIFY(torch::allclose(y * s, x, 1e-4, 1e-5));
      const float low = y.min().item<float>(), high = y.max().item<float>();
      const auto rounded = (reference::quantize_activations(y, {ActivationGranularity::STATIC_TENSOR, bits, 0, low, high, 1}) * s).contiguous();
      const float top = static_cast<float>((1 << bits) - 1);
      for (int64_t channel = 0; channel < x.size(1); ++channel) {
        const float scale = (high - low) * element(s, channel) / top, zero = std::clamp(std::nearbyint(-low * element(s, channel) / scale), 0.0f, top);
        for (int64_t t = 0; t < x.size(0); ++t) {
          const float raw = x[t][channel].item<float>() / scale, code = std::clamp(std::nearbyint(raw) + zero, 0.0f, top);
          const float expected = (code - zero) * scale, got = rounded[t][channel].item<float>();
          // Halfway between two levels, as a channel's extreme is, either may be taken.
          const bool halfway = std::abs(std::abs(raw - std::trunc(raw)) - 0.5f) < 1e-3f;
          QVERIFY(std::abs(got - expected) < (halfway ? 1.001f : 1e-3f) * scale);
        }
      }
      own = reference::advance(c, layer, kind, own, rotary);
      turned = reference::advance(c, folded, kind, turned, rotary);
    }
  }

  // What it is for: with one range a tensor, channels beside an outlier fall on few levels.
  void channelsBesideAnOutlierKeepTheirLevels() {
    const torch::NoGradGuard guard;
    const site_fixture::SiteFixture f;
    std::vector<torch::Tensor> inputs;
    for (const auto& state : f.exact[0]) inputs.push_back(state.site_input);
    const reference::Workers one(1);
    const auto statistics = calibration::measure_site(f.batches, inputs, std::vector<float>{1}, one);
    const auto rows = f.rows(SiteKind::ATTENTION_INPUT, false);
    QVERIFY(torch::equal(statistics.largest, rows.abs().amax(0)));
    const auto scales = channel_scales(f.config, SiteKind::ATTENTION_INPUT, statistics.largest);
    const auto y = rows / scales;
    const double tensor = calibration::quantization_error(f.batches, inputs, {ActivationGranularity::STATIC_TENSOR, 4, 0, statistics.minimum, statistics.maximum, 1}, one);
    const double channel = calibration::quantization_error(
        f.batches, inputs, {ActivationGranularity::STATIC_TENSOR, 4, 0, y.min().item<float>(), y.max().item<float>(), 1}, one, scales);
    qInfo("relative squared error at 4 bits: a tensor %.3e, a channel %.3e", tensor, channel);
    QVERIFY(channel < tensor);
  }

  // Under AWQ the channels' scales stay those of the activations: it only clamps.
  void awqOnlyClamps() {
    const torch::NoGradGuard guard;
    const site_fixture::SiteFixture f;
    std::vector<torch::Tensor> hidden;
    for (const auto& batch : f.batches.all) hidden.push_back(batch.hidden);
    const WeightGrid grid{3, 32, false};
    std::array<calibration::SiteStatistics, kSitesPerLayer> statistics;
    LayerCalibration c{f.config, f.rotary, f.batches, hidden, {}, {grid, grid, grid, grid}, "decoder.7"};
    for (size_t k = 0; k < kSitesPerLayer; ++k) {
      std::vector<torch::Tensor> inputs;
      for (const auto& state : f.exact[k]) inputs.push_back(state.site_input);
      statistics[k] = calibration::measure_site(f.batches, inputs, std::vector<float>{1}, reference::Workers(1));
      c.statistics[k] = &statistics[k];
    }
    const PreparedLayer plain = WithChannelScales(std::make_unique<RoundToNearest>()).prepare(f.prepared.layer, c);
    const PreparedLayer awq = WithChannelScales(std::make_unique<ActivationAwareScaling>(true, false, false)).prepare(f.prepared.layer, c);
    QVERIFY(plain.folded && plain.to_round.empty());
    QVERIFY(torch::equal(awq.layer.attention_norm, plain.layer.attention_norm));
    QVERIFY(torch::equal(awq.layer.down, plain.layer.down));
    QVERIFY(awq.to_round.contains("mlp.down") && awq.to_round.contains("attention.value"));
  }
};

QTEST_GUILESS_MAIN(TestChannelScales)
#include "test_channel_scales.moc"
