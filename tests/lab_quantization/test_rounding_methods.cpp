// Error-optimal RTN, NF4, low-rank residuals, SmoothQuant and AutoRound against plain loops, NumPy and full decompositions.
#include <torch/types.h>
#include <torch/utils.h>
#include <ATen/ops/linalg_svd.h>

#undef slots
#include <QtTest>

#include <algorithm>
#include <cmath>
#include <fstream>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/lab/quantization/methods/autoround.h"
#include "core/lab/quantization/methods/awq.h"
#include "core/lab/quantization/methods/input_moments.h"
#include "core/lab/quantization/methods/low_rank_residual.h"
#include "core/lab/quantization/methods/nf4.h"
#include "core/lab/quantization/methods/opt_rtn.h"
#include "core/lab/quantization/methods/rtn.h"
#include "core/lab/quantization/methods/smoothquant.h"
#include "core/lab/reference/activation.h"
#include "core/lab/reference/tensors.h"
#include "tests/lab_quantization/site_fixture.h"

using namespace qvlm;
using namespace qvlm::quantization;
using site_fixture::SiteFixture;

namespace {

const std::vector<float> kUnclipped{1};

float element(const torch::Tensor& x, int64_t r, int64_t c) { return x[r][c].item<float>(); }

std::vector<uint16_t> halves_of(const std::string& hex) {
  std::vector<uint16_t> values;
  for (size_t i = 0; i + 3 < hex.size(); i += 4) {
    values.push_back(static_cast<uint16_t>(std::stoi(hex.substr(i, 2), nullptr, 16) | std::stoi(hex.substr(i + 2, 2), nullptr, 16) << 8));
  }
  return values;
}

torch::Tensor tensor_of(std::vector<uint16_t> halves, c10::IntArrayRef shape) {
  return torch::from_blob(halves.data(), shape, torch::kFloat16).to(torch::kFloat32);
}

// AutoRound's steps on one linear in double, gradients written out; the loss is |x W^T - t|^2 over the tokens.
struct PlainSignedRounding {
  std::vector<double> w, v, s_of;  // [columns], one row, one group
  double lo, hi, alpha = 1, beta = 1, top;
  std::vector<std::vector<double>> x;  // [tokens][columns]
  std::vector<double> target;

  double z = 0, s = 0, z_raw = 0;
  std::vector<double> q;
  void forward() {
    s = static_cast<double>(storable_scales(torch::tensor({static_cast<float>((hi * alpha - lo * beta) / top)}), {3, 0, false}).item<float>());
    z_raw = std::nearbyint(-lo * beta / s);
    z = std::clamp(z_raw, 0.0, top);
    q.clear();
    for (size_t c = 0; c < w.size(); ++c) q.push_back(std::clamp(std::nearbyint(w[c] / s + v[c]) + z, 0.0, top));
  }
  void step(double rate) {
    forward();
    std::vector<double> g(w.size(), 0);  // of the rounded weights
    for (size_t t = 0; t < x.size(); ++t) {
      double y = -target[t];
      for (size_t c = 0; c < w.size(); ++c) y += x[t][c] * (q[c] - z) * s;
      for (size_t c = 0; c < w.size(); ++c) g[c] += 2 * y * x[t][c];
    }
    double ds = 0, dz = 0;
    std::vector<double> dv(w.size(), 0);
    for (size_t c = 0; c < w.size(); ++c) {
      const double raw = std::nearbyint(w[c] / s + v[c]) + z;
      ds += g[c] * (q[c] - z);
      dz -= g[c] * s;
      if (raw < 0 || raw > top) continue;
      dv[c] = g[c] * s;
      ds -= g[c] * w[c] / s;
      dz += g[c] * s;
    }
    double dlo = 0;  // through z = -lo beta / s
    if (z_raw >= 0 && z_raw <= top) {
      dlo = -dz / s;
      ds += dz * lo * beta / (s * s);
    }
    const auto sign = [](double a) { return a > 0 ? 1.0 : a < 0 ? -1.0 : 0.0; };
    const double dalpha = ds * hi / top, dbeta = -ds * lo / top + dlo * lo;
    for (size_t c = 0; c < w.size(); ++c) v[c] = std::clamp(v[c] - rate * sign(dv[c]), -0.5, 0.5);
    alpha = std::clamp(alpha - rate * sign(dalpha), 0.0, 1.0);
    beta = std::clamp(beta - rate * sign(dbeta), 0.0, 1.0);
  }
};

}  // namespace

class TestRoundingMethods : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void optimalScaleEqualsPlainLoop_data() {
    QTest::addColumn<int>("bits");
    QTest::addColumn<bool>("symmetric");
    QTest::addColumn<double>("percentile");
    QTest::newRow("2 bits") << 2 << false << 1.0;
    QTest::newRow("4 bits, clipped") << 4 << false << 0.98;
    QTest::newRow("3 bits, symmetric") << 3 << true << 1.0;
  }
  void optimalScaleEqualsPlainLoop() {
    QFETCH(int, bits);
    QFETCH(bool, symmetric);
    QFETCH(double, percentile);
    torch::manual_seed(9);
    const auto w = torch::randn({5, 96}) * 0.1, importance = torch::rand({96}).square();
    w[1].zero_();
    const WeightGrid grid{bits, 32, symmetric};
    const GroupedWeight grouped(w, grid, "w");
    const auto p = static_cast<float>(percentile);
    const GridWeight got = optimal_round(grouped, importance, p);
    const auto values = got.dequantize(), plain = grouped.quantize(p).dequantize();
    const auto [lo, hi] = grouped.bounds_at(p);
    bool moved = false;
    for (int64_t r = 0; r < 5; ++r) {
      for (int64_t g = 0; g < 3; ++g) {
        const auto error_of = [&](const torch::Tensor& v) {
          double sum = 0;
          for (int64_t c = g * 32; c < g * 32 + 32; ++c) sum += importance[c].item<double>() * std::pow(static_cast<double>(element(v, r, c) - element(w, r, c)), 2);
          return sum;
        };
        double least = error_of(plain);
        const double unmoved = least;
        for (int i = 0; i < kScaleFactors; ++i) {
          const double f = kLeastFactor + i * kFactorStep;
          const GroupScales at = scales_between(lo[r][g].reshape({1, 1}) * f, hi[r][g].reshape({1, 1}) * f, grid);
          const float s = at.scales.item<float>(), z = at.zeros.item<float>(), top = static_cast<float>((1 << bits) - 1);
          double sum = 0;
          for (int64_t c = g * 32; c < g * 32 + 32; ++c) {
            const float v = (std::clamp(std::nearbyint(element(w, r, c) / s) + z, 0.0f, top) - z) * s;
            sum += importance[c].item<double>() * std::pow(static_cast<double>(v - element(w, r, c)), 2);
          }
          least = std::min(least, sum);
        }
        QVERIFY(std::abs(error_of(values) - least) <= 1e-4 * least + 1e-12);
        moved = moved || least < unmoved;
      }
    }
    QVERIFY(moved);
    validate(got.matrix(), "w");
    // Where no channel counts, nothing moves.
    QVERIFY(torch::equal(optimal_round(grouped, torch::zeros({96}), p).codes, grouped.quantize(p).codes));
  }

  void nf4EqualsNumPy() {
    std::ifstream file(QVLM_SOURCE_DIR "/tests/golden/weight_methods/nf4.json");
    const auto golden = nlohmann::json::parse(file);
    const int64_t rows = golden["rows"], columns = golden["columns"], block = golden["block"];
    const auto w = tensor_of(halves_of(golden["weight"]), {rows, columns});
    const GridWeight got = nf4_round(GroupedWeight(w, {4, block, false}, "w"), 1);
    const std::string codes = golden["codes"];
    int different = 0;
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) {
        different += got.codes[r][c].item<int>() != std::stoi(codes.substr(static_cast<size_t>(r * columns + c), 1), nullptr, 16);
      }
    }
    QCOMPARE(different, 0);
    const auto scales = tensor_of(halves_of(golden["scales"]), {rows, columns / block});
    QVERIFY(torch::allclose(got.scales, scales, 1e-3, 1e-6));  // a last bit of float16
    const QuantizedMatrix matrix = got.matrix();
    validate(matrix, "w");
    QCOMPARE(matrix.codebook.size(), size_t{16});
    // 8 bits a block of 64; two maxima of 256 blocks, the mean, the codebook.
    QVERIFY(std::abs(matrix.bits_per_weight() - (4.125 + 32.0 * (2 + 1 + 16) / static_cast<double>(rows * columns))) < 1e-9);
    QVERIFY(torch::equal(reference::dequantize(matrix, torch::kFloat32), got.dequantize()));
    QVERIFY(torch::equal(torch::tensor(matrix.dequantize()).reshape({rows, columns}), got.dequantize()));
    QVERIFY(got.dequantize()[3].narrow(0, 64, 64).abs().max().item<float>() == 0);
  }

  void factorsComeNearTheSingularVectors() {
    torch::manual_seed(12);
    const auto error = torch::randn({50, 72}), x = torch::matmul(torch::randn({200, 72}), torch::diag(torch::pow(0.9, torch::arange(72))));
    const auto root = damped_cholesky(torch::mm(x.t(), x), 0.01);
    const auto whitened = torch::mm(error, root);
    const auto singular = std::get<1>(at::linalg_svd(whitened));
    for (const int64_t rank : {1, 6, 50, 60}) {
      const LowRankFactors f = low_rank_factors(error, root, rank);
      const int64_t kept = std::min<int64_t>(rank, 50);
      QCOMPARE(f.left.size(1), kept);
      const double left_over = torch::mm(error - torch::mm(f.left, f.right), root).square().sum().item<double>();
      const double least = singular.narrow(0, kept, 50 - kept).square().sum().item<double>();
      QVERIFY(left_over < least * 1.01 + 1e-4 * whitened.square().sum().item<double>());
    }
    const LowRankFactors none = low_rank_factors(torch::zeros({8, 72}), root, 4);
    QVERIFY(torch::mm(none.left, none.right).abs().max().item<float>() == 0);
  }

  void residualLowersTheSitesError() {
    const SiteFixture f;
    const WeightGrid grid{2, 32, false};
    for (const SiteKind kind : {SiteKind::ATTENTION_INPUT, SiteKind::DOWN_INPUT}) {
      const auto plain = RoundToNearest().round(f.prepared, f.inputs(kind, grid, false), kUnclipped)[0];
      const auto with = WithResidual(std::make_unique<RoundToNearest>(), 8).round(f.prepared, f.inputs(kind, grid, false), kUnclipped)[0];
      for (const auto& [suffix, weight] : with) {
        const auto& w = f.prepared.layer.linear(suffix);
        const auto x = f.rows(kind, false);
        const auto error = [&](const GridWeight& g) { return torch::linear(x, g.dequantize() - w).square().sum().item<double>(); };
        QVERIFY2(error(weight) < 0.5 * error(plain.at(suffix)), suffix.c_str());
        const QuantizedMatrix matrix = weight.matrix();
        validate(matrix, suffix);
        QCOMPARE(matrix.residual.rank, int64_t{8});
        QVERIFY(torch::equal(reference::dequantize(matrix, torch::kFloat32), weight.dequantize()));
        QVERIFY(torch::allclose(torch::tensor(matrix.dequantize()).reshape(w.sizes()), weight.dequantize(), 1e-5, 1e-6));
        const double extra = 16.0 * 8 * static_cast<double>(w.size(0) + w.size(1)) / static_cast<double>(w.numel());
        QVERIFY(std::abs(matrix.bits_per_weight() - plain.at(suffix).matrix().bits_per_weight() - extra) < 1e-9);
      }
    }
  }

  void smoothScalesEqualPlainLoop() {
    const std::vector<float> a{2.0f, 0.0f, 8.0f}, w{0.5f, 1.0f, 0.0f};
    const auto got = smooth_scales(torch::tensor(a), torch::tensor(w), 0.75);
    for (size_t i = 0; i < a.size(); ++i) {
      const double expected = std::max(std::pow(std::max(a[i], 1e-5f), 0.75) / std::pow(std::max(w[i], 1e-5f), 0.25), 1e-5);
      QVERIFY(std::abs(got[static_cast<int64_t>(i)].item<double>() - expected) < 1e-5 * expected);
    }
  }

  void smoothingKeepsTheFunctionAndLowersTheError_data() {
    QTest::addColumn<int>("granularity");
    QTest::newRow("a token") << static_cast<int>(ActivationGranularity::DYNAMIC_TOKEN);
    QTest::newRow("static") << static_cast<int>(ActivationGranularity::STATIC_TENSOR);
  }
  void smoothingKeepsTheFunctionAndLowersTheError() {
    QFETCH(int, granularity);
    const torch::NoGradGuard guard;
    const SiteFixture f;
    std::vector<torch::Tensor> hidden;
    for (const auto& batch : f.batches.all) hidden.push_back(batch.hidden);
    const WeightGrid grid{4, 0, true};
    LayerCalibration c{f.config, f.rotary, f.batches, hidden, {}, {grid, grid, grid, grid}, "decoder.7"};
    c.quantizer = {static_cast<ActivationGranularity>(granularity), 4, 0, 0, 0, 1};
    const PreparedLayer smooth = Smoothing().prepare(f.prepared.layer, c);
    QVERIFY(smooth.folded);
    QVERIFY(!torch::allclose(smooth.layer.attention_norm, f.prepared.layer.attention_norm));
    double before = 0, after = 0;
    for (size_t b = 0; b < hidden.size(); ++b) {
      const auto exact = reference::decoder_layer(f.config, f.prepared.layer, hidden[b], f.rotary, 0);
      QVERIFY(torch::allclose(reference::decoder_layer(f.config, smooth.layer, hidden[b], f.rotary, 0), exact, 1e-3, 1e-4));
      const auto run = [&](const PreparedLayer& p) {
        auto layer = p.layer;
        for (const auto suffix : linears_of(SiteKind::ATTENTION_INPUT)) layer.linear(suffix) = round_to_nearest(layer.linear(suffix), grid, "w").dequantize();
        auto state = reference::enter_layer(f.config, layer, hidden[b]);
        ActivationQuantizer quantizer = c.quantizer;
        quantizer.low = state.site_input.min().item<float>();
        quantizer.high = state.site_input.max().item<float>();
        state.site_input = reference::quantize_activations(state.site_input, quantizer);
        state = reference::advance(f.config, layer, SiteKind::ATTENTION_INPUT, state, f.rotary);
        return reference::advance(f.config, p.layer, SiteKind::OUTPUT_INPUT, state, f.rotary).residual;
      };
      auto state = reference::enter_layer(f.config, f.prepared.layer, hidden[b]);
      for (const SiteKind kind : {SiteKind::ATTENTION_INPUT, SiteKind::OUTPUT_INPUT}) state = reference::advance(f.config, f.prepared.layer, kind, state, f.rotary);
      before += calibration::squared_error(f.batches.all[b], run(f.prepared), state.residual);
      after += calibration::squared_error(f.batches.all[b], run(smooth), state.residual);
    }
    qInfo("squared error of the attention sublayer at W4A4: %.3e, smoothed %.3e", before, after);
    QVERIFY(after < before);
  }

  void duoScalesEqualPlainLoop() {
    torch::manual_seed(1);
    const auto w = torch::randn({3, 64}), x = torch::rand({64});
    const auto means = awq_weight_means(w, {4, 32, false});
    for (const int64_t c : {0, 40}) {
      double mean = 0;
      for (int64_t r = 0; r < 3; ++r) {
        float largest = 0;
        for (int64_t k = c / 32 * 32; k < c / 32 * 32 + 32; ++k) largest = std::max(largest, std::abs(element(w, r, k)));
        mean += std::abs(element(w, r, c)) / largest / 3;
      }
      QVERIFY(std::abs(means[c].item<double>() - mean) < 1e-5);
    }
    const auto scales = awq_duo_scales(x, means, 0.4);
    const auto raw = x.pow(0.4) / (means.pow(0.6) + 1e-4);
    QVERIFY(torch::allclose(scales, raw / torch::sqrt(raw.max() * raw.min())));
  }

  void autoRoundLowersEverySitesError() {
    const SiteFixture f;
    for (int k = 0; k < kSitesPerLayer; ++k) {
      const auto kind = static_cast<SiteKind>(k);
      for (const bool symmetric : {false, true}) {
        const WeightGrid grid{3, 32, symmetric};
        const auto rtn = RoundToNearest().round(f.prepared, f.inputs(kind, grid), kUnclipped)[0];
        const auto learned = SignedGradientRounding(40).round(f.prepared, f.inputs(kind, grid), kUnclipped)[0];
        const double before = f.site_error(kind, rtn), after = f.site_error(kind, learned);
        qInfo("site %d%s: RTN %.3e, AutoRound %.3e", k, symmetric ? ", symmetric" : "", before, after);
        QVERIFY(after < before);
        for (const auto& [suffix, weight] : learned) validate(weight.matrix(), suffix);
      }
    }
  }

  void autoRoundStepsEqualPlainLoop() {
    SiteFixture f(1);
    const int64_t columns = 96;
    const WeightGrid grid{3, 0, false};
    const auto row = f.prepared.layer.down.narrow(0, 0, 1);
    const GroupedWeight grouped(row, grid, "w");
    const auto [lo, hi] = grouped.bounds_at(1);
    const auto x = f.rows(SiteKind::DOWN_INPUT, true);
    // The other rows of the linear have no part in this row's loss: residuals cancel but for their constant.
    PlainSignedRounding plain;
    plain.top = 7;
    plain.lo = lo.item<double>();
    plain.hi = hi.item<double>();
    plain.v.assign(static_cast<size_t>(columns), 0);
    for (int64_t c = 0; c < columns; ++c) plain.w.push_back(static_cast<double>(element(row, 0, c)));
    const auto target = calibration::real_rows(f.batches.all[0], f.targets[3][0] - f.rounded[3][0].residual);
    for (int64_t t = 0; t < x.size(0); ++t) {
      plain.x.emplace_back();
      for (int64_t c = 0; c < columns; ++c) plain.x.back().push_back(static_cast<double>(element(x, t, c)));
      plain.target.push_back(static_cast<double>(element(target, t, 0)));
    }
    const auto loss_of = [&](const torch::Tensor& w) { return (torch::matmul(x, w) - target.select(1, 0)).square().sum(torch::kFloat64).item<double>(); };
    // All steps: the iterate of the method that stays is the best of its snapshots over all rows; with 4 iterations every step is one.
    constexpr int kSteps = 4;
    std::vector<std::vector<double>> codes;
    for (int i = 0; i <= kSteps; ++i) {
      plain.forward();
      codes.push_back(plain.q);
      if (i < kSteps) plain.step(2.0 / kSteps * (1 - static_cast<double>(i) / kSteps));
    }
    const auto learned = SignedGradientRounding(kSteps).round(f.prepared, f.inputs(SiteKind::DOWN_INPUT, grid), kUnclipped)[0].at("mlp.down");
    int fewest = 1000;
    for (const auto& snapshot : codes) {
      int different = 0;
      for (int64_t c = 0; c < columns; ++c) different += learned.codes[0][c].item<int>() != static_cast<int>(snapshot[static_cast<size_t>(c)]);
      fewest = std::min(fewest, different);
    }
    QVERIFY2(fewest <= 2, qPrintable(QString::number(fewest)));  // a sign of a gradient near zero may fall either way
    QVERIFY(std::isfinite(loss_of(learned.dequantize()[0])));
  }

  void weightsThatAreNotFiniteAreNamed() {
    SiteFixture f;
    f.prepared.layer.down[0][0] = INFINITY;
    const WeightGrid grid{4, 32, false};
    const auto refuses = [&](const quantization::WeightMethod& method) {
      try {
        method.round(f.prepared, f.inputs(SiteKind::DOWN_INPUT, grid), kUnclipped);
      } catch (const Error& error) {
        return std::string(error.what()).find("decoder.7.mlp.down.weight") != std::string::npos;
      }
      return false;
    };
    QVERIFY(refuses(RoundToNearest()));
    QVERIFY(refuses(OptimalRoundToNearest()));
    QVERIFY(refuses(NormalFloatRounding()));
    QVERIFY(refuses(SignedGradientRounding(2)));
    QVERIFY(refuses(WithResidual(std::make_unique<RoundToNearest>(), 2)));
  }
};

QTEST_GUILESS_MAIN(TestRoundingMethods)
#include "test_rounding_methods.moc"
