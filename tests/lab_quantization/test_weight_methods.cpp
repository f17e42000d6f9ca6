// Weight grids and AWQ against plain loops; folding leaves the float model's function alone.
#include <torch/types.h>
#include <torch/utils.h>

#undef slots
#include <QtTest>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/half.h"
#include "core/lab/quantization/methods/awq.h"
#include "core/lab/quantization/weight_quantizer.h"
#include "core/lab/reference/tensors.h"
#include "tests/lab_quantization/site_fixture.h"

using namespace qvlm;
using namespace qvlm::quantization;
using site_fixture::random_layer;
using site_fixture::small_config;

namespace {

float element(const torch::Tensor& x, int64_t r, int64_t c) { return x[r][c].item<float>(); }

float round_7_bits(float x) {
  int exponent = 0;
  const float significand = std::frexp(x, &exponent);
  return std::ldexp(std::nearbyint(significand * 128) / 128, exponent);
}

// One group, by the formulas of WeightGrid.
std::vector<float> round_group_plain(std::vector<float> w, const WeightGrid& grid, float p) {
  std::vector<float> sorted = w;
  std::sort(sorted.begin(), sorted.end());
  const auto quantile = [&sorted](double q) {
    const double position = q * static_cast<double>(sorted.size() - 1);
    const auto i = static_cast<size_t>(position);
    const size_t next = std::min(i + 1, sorted.size() - 1);
    return static_cast<float>(sorted[i] + (position - static_cast<double>(i)) * (sorted[next] - sorted[i]));
  };
  const float lo = quantile(1 - static_cast<double>(p)), hi = quantile(p), top = static_cast<float>((1 << grid.bits) - 1);
  float s = 0, z = 0;
  if (grid.symmetric) {
    s = std::max(std::abs(lo), std::abs(hi)) / static_cast<float>((1 << (grid.bits - 1)) - 1);
    z = static_cast<float>(1 << (grid.bits - 1));
  } else {
    s = (std::max(hi, 0.0f) - std::min(lo, 0.0f)) / top;
  }
  if (grid.bits == 4 && !grid.symmetric) s = round_7_bits(s);
  s = std::max(from_half(to_half(s)), 0x1p-24f);
  if (!grid.symmetric) z = std::clamp(std::nearbyint(-std::min(lo, 0.0f) / s), 0.0f, top);
  for (float& x : w) x = (std::clamp(std::nearbyint(x / s) + z, 0.0f, top) - z) * s;
  return w;
}

// Runs a method on a random layer with two batches of samples; gives the prepared layer and the layer itself.
struct Prepared {
  DecoderConfig config;
  reference::RotaryTable rotary;
  calibration::Batches batches;
  std::vector<torch::Tensor> hidden;
  reference::DecoderLayer layer;
  PreparedLayer prepared;

  Prepared(qvlm::WeightMethod method, int kv_heads, bool bias, WeightGrid grid) : config(small_config(kv_heads)) {
    const torch::NoGradGuard guard;
    torch::manual_seed(11);
    rotary = reference::RotaryTable::make(config, 24);
    std::vector<torch::Tensor> samples;
    for (int i = 0; i < 6; ++i) samples.push_back(torch::randn({1, 18 + i, config.hidden}));
    batches = calibration::make_batches(samples, 4, 3);
    for (const auto& batch : batches.all) hidden.push_back(batch.hidden);
    layer = random_layer(config, bias);
    std::array<calibration::SiteStatistics, 4> statistics;
    std::vector<std::vector<torch::Tensor>> inputs(4);
    for (const auto& x : hidden) {
      reference::decoder_layer(config, layer, x, rotary, 0, [&inputs](Site site, const torch::Tensor& input) {
        inputs[static_cast<size_t>(site.kind)].push_back(input);
        return input;
      });
    }
    const std::vector<float> percentiles{1};
    for (size_t kind = 0; kind < 4; ++kind) statistics[kind] = calibration::measure_site(batches, inputs[kind], percentiles, reference::Workers(1));
    LayerCalibration c{config, rotary, batches, hidden, {}, {grid, grid, grid, grid}, "decoder.0"};
    for (size_t kind = 0; kind < 4; ++kind) c.statistics[kind] = &statistics[kind];
    Recipe recipe;
    recipe.weight_method = method;
    prepared = make_weight_method(recipe)->prepare(layer, c);
  }

  // Relative squared error of the whole layer's output with rounded weights.
  double rounded_error(const PreparedLayer& p, WeightGrid grid) const {
    const torch::NoGradGuard guard;
    reference::DecoderLayer rounded = p.layer;
    for (int kind = 0; kind < 4; ++kind) {
      for (const auto suffix : linears_of(static_cast<SiteKind>(kind))) {
        rounded.linear(suffix) = round_to_nearest(p.weight_to_round(suffix), grid, std::string(suffix)).dequantize();
      }
    }
    double error = 0, energy = 0;
    for (size_t b = 0; b < hidden.size(); ++b) {
      const auto exact = reference::decoder_layer(config, layer, hidden[b], rotary, 0) - hidden[b];
      const auto got = reference::decoder_layer(config, rounded, hidden[b], rotary, 0) - hidden[b];
      error += calibration::squared_error(batches.all[b], got, exact);
      energy += calibration::energy(batches.all[b], exact);
    }
    return error / energy;
  }
};

}  // namespace

class TestWeightMethods : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void roundingEqualsPlainLoop_data() {
    QTest::addColumn<int>("bits");
    QTest::addColumn<int>("group");
    QTest::addColumn<bool>("symmetric");
    QTest::addColumn<double>("percentile");
    QTest::newRow("4 bits, 32") << 4 << 32 << false << 1.0;
    QTest::newRow("4 bits, 32, clipped") << 4 << 32 << false << 0.98;
    QTest::newRow("4 bits, symmetric") << 4 << 32 << true << 0.985;
    QTest::newRow("3 bits, 64") << 3 << 64 << false << 0.99;
    QTest::newRow("8 bits, row") << 8 << 0 << false << 1.0;
    QTest::newRow("2 bits, symmetric") << 2 << 32 << true << 1.0;
  }
  void roundingEqualsPlainLoop() {
    QFETCH(int, bits);
    QFETCH(int, group);
    QFETCH(bool, symmetric);
    QFETCH(double, percentile);
    torch::manual_seed(5);
    auto w = torch::randn({7, 192}) * 0.05;
    w[2].narrow(0, 0, 64).abs_().add_(0.01);  // a group of one sign
    w[3].zero_();                             // a row of zeros
    const WeightGrid grid{bits, group, symmetric};
    const auto p = static_cast<float>(percentile);
    const GridWeight got = GroupedWeight(w, grid, "w").quantize(p);
    const auto values = got.dequantize();
    const int64_t size = group == 0 ? 192 : group;
    for (int64_t r = 0; r < 7; ++r) {
      for (int64_t g = 0; g < 192 / size; ++g) {
        std::vector<float> slice;
        for (int64_t c = 0; c < size; ++c) slice.push_back(element(w, r, g * size + c));
        const auto expected = round_group_plain(slice, grid, p);
        const float step = got.scales[r][g].item<float>();
        for (int64_t c = 0; c < size; ++c) {
          // A value on the border between two codes may fall either way by a rounding of the interpolated bound; then it is one step off.
          const float difference = std::abs(element(values, r, g * size + c) - expected[static_cast<size_t>(c)]);
          QVERIFY2(difference < 1e-6f || (p < 1 && difference < step * 1.01f), qPrintable(QString("%1 %2 %3").arg(r).arg(g * size + c).arg(difference)));
        }
      }
    }
    const QuantizedMatrix matrix = got.matrix();
    validate(matrix, "w");
    const auto dequantized = matrix.dequantize();
    QVERIFY(torch::equal(torch::tensor(dequantized).reshape({7, 192}), values));
    QVERIFY(torch::equal(reference::dequantize(matrix, torch::kFloat32), values));
  }

  // algorithms of the file: s * z has to be exact in float16, or Q4_1 would change the weights.
  void fourBitOffsetsAreExactInHalf() {
    torch::manual_seed(6);
    const auto w = torch::randn({64, 512}) * torch::pow(10, torch::randn({64, 1}));
    const GridWeight grid = round_to_nearest(w, {4, 32, false}, "w");
    const auto offset = grid.scales * grid.zeros.to(torch::kFloat32);
    QVERIFY(torch::equal(offset.to(torch::kFloat16).to(torch::kFloat32), offset));
    QVERIFY(torch::equal(grid.scales.to(torch::kFloat16).to(torch::kFloat32), grid.scales));
  }

  // What the short significand costs: the squared rounding error grows by under 2 %.
  void shortSignificandCostsLittle() {
    torch::manual_seed(8);
    const auto w = torch::randn({256, 512}) * 0.03;
    const double with = (round_to_nearest(w, {4, 32, false}, "w").dequantize() - w).square().sum().item<double>();
    // The same with full float16 scales.
    const auto grouped = w.reshape({256, 16, 32});
    const auto lo = grouped.amin(2, true).clamp_max(0), hi = grouped.amax(2, true).clamp_min(0);
    const auto s = ((hi - lo) / 15).to(torch::kFloat16).to(torch::kFloat32), z = torch::round(-lo / s).clamp(0, 15);
    const auto full = ((torch::round(grouped / s) + z).clamp(0, 15) - z) * s;
    const double without = (full - grouped).square().sum().item<double>();
    qInfo("squared error with a 7-bit significand / with float16: %.4f", with / without);
    QVERIFY(with / without < 1.02);
  }

  void refusesGroups() {
    try {
      round_to_nearest(torch::zeros({2, 96}), {4, 64, false}, "decoder.0.mlp.down.weight");
      QFAIL("accepted");
    } catch (const Error& error) {
      const QString message = error.what();
      QVERIFY2(message.contains("decoder.0.mlp.down.weight") && message.contains("96") && message.contains("32"), error.what());
    }
    QVERIFY_THROWS_EXCEPTION(Error, round_to_nearest(torch::full({1, 32}, NAN), {4, 32, false}, "w"));
  }

  void awqScalesEqualPlainLoop() {
    const std::vector<float> x{0.5f, 4.0f, 1e-9f, 2.0f};
    const auto scales = awq_scales(torch::tensor(x), 0.5);
    std::vector<double> expected;
    for (const float value : x) expected.push_back(std::max(std::pow(static_cast<double>(value), 0.5), 1e-4));
    const double norm = std::sqrt(*std::max_element(expected.begin(), expected.end()) * *std::min_element(expected.begin(), expected.end()));
    for (size_t i = 0; i < x.size(); ++i) QVERIFY(std::abs(scales[static_cast<int64_t>(i)].item<double>() - expected[i] / norm) < 1e-4 * expected[i] / norm);
    QVERIFY(torch::equal(awq_scales(torch::tensor(x), 0), torch::ones({4})));
  }

  void awqClipEqualsPlainLoop() {
    torch::manual_seed(4);
    const auto w = torch::randn({3, 64}), x = torch::randn({20, 64});
    w[1][7] = 6.0;  // an outlier that clamping helps with
    const WeightGrid grid{3, 32, false};
    const auto got = awq_clip(w, x, grid, "w");
    bool clamped = false;
    for (int64_t r = 0; r < 3; ++r) {
      for (int64_t g = 0; g < 2; ++g) {
        std::vector<float> group, best;
        float absmax = 0;
        for (int64_t c = 0; c < 32; ++c) {
          group.push_back(element(w, r, g * 32 + c));
          absmax = std::max(absmax, std::abs(group.back()));
        }
        double least = INFINITY;
        for (int i = 0; i < 10; ++i) {
          const auto bound = static_cast<float>(absmax * (1 - i / 20.0));
          std::vector<float> candidate = group;
          for (float& v : candidate) v = std::clamp(v, -bound, bound);
          const auto rounded = round_group_plain(candidate, grid, 1);
          double error = 0;
          for (int64_t t = 0; t < 20; ++t) {
            double sum = 0;
            for (int64_t c = 0; c < 32; ++c) sum += element(x, t, g * 32 + c) * (rounded[static_cast<size_t>(c)] - group[static_cast<size_t>(c)]);
            error += sum * sum;
          }
          if (error < least * (1 - 1e-5)) {
            least = error;
            best = candidate;
            clamped = clamped || i > 0;
          }
        }
        for (int64_t c = 0; c < 32; ++c) QVERIFY(std::abs(element(got, r, g * 32 + c) - best[static_cast<size_t>(c)]) < 1e-5f);
      }
    }
    QVERIFY(clamped);
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
    const WeightGrid grid{4, 32, false};
    const Prepared p(qvlm::WeightMethod::AWQ, kv_heads, bias, grid);
    QVERIFY(p.prepared.folded);
    QVERIFY(!torch::allclose(p.prepared.layer.query, p.layer.query));  // it did scale
    for (const auto& x : p.hidden) {
      const auto before = reference::decoder_layer(p.config, p.layer, x, p.rotary, 0);
      const auto after = reference::decoder_layer(p.config, p.prepared.layer, x, p.rotary, 0);
      QVERIFY((after - before).abs().max().item<double>() < 1e-3 * before.abs().max().item<double>());
    }
    const PreparedLayer plain{p.layer, {}, false};
    const double rtn = p.rounded_error(plain, grid), awq = p.rounded_error(p.prepared, grid);
    qInfo("relative error of the layer's output: RTN %.3e, AWQ %.3e", rtn, awq);
    QVERIFY(awq < rtn);
  }

  void rtnChangesNothing() {
    const Prepared p(qvlm::WeightMethod::RTN, 2, false, {4, 32, false});
    QVERIFY(!p.prepared.folded);
    QVERIFY(torch::equal(p.prepared.weight_to_round("mlp.down"), p.layer.down));
  }
};

QTEST_GUILESS_MAIN(TestWeightMethods)
#include "test_weight_methods.moc"
