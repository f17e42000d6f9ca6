// GPTQ and GPTAQ against optimal brain quantization written out: an inverse Hessian of the columns left, made anew for each column.
#include <torch/types.h>
#include <torch/utils.h>

#undef slots
#include <QtTest>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/error.h"
#include "core/lab/quantization/methods/gptq.h"
#include "core/lab/quantization/methods/input_moments.h"
#include "core/lab/quantization/methods/rtn.h"
#include "tests/lab_quantization/site_fixture.h"

using namespace qvlm;
using namespace qvlm::quantization;
using site_fixture::SiteFixture;

namespace {

using Matrix = std::vector<std::vector<double>>;

Matrix matrix_of(const torch::Tensor& x) {
  const auto values = x.to(torch::kFloat64).contiguous();
  Matrix m(static_cast<size_t>(x.size(0)));
  for (size_t r = 0; r < m.size(); ++r) m[r].assign(values.data_ptr<double>() + r * static_cast<size_t>(x.size(1)), values.data_ptr<double>() + (r + 1) * static_cast<size_t>(x.size(1)));
  return m;
}

// Gauss-Jordan; symmetric positive definite, so no pivoting.
Matrix inverse_of(Matrix a) {
  const size_t n = a.size();
  Matrix b(n, std::vector<double>(n, 0));
  for (size_t i = 0; i < n; ++i) b[i][i] = 1;
  for (size_t i = 0; i < n; ++i) {
    const double pivot = a[i][i];
    for (size_t k = 0; k < n; ++k) a[i][k] /= pivot, b[i][k] /= pivot;
    for (size_t r = 0; r < n; ++r) {
      if (r == i) continue;
      const double f = a[r][i];
      for (size_t k = 0; k < n; ++k) a[r][k] -= f * a[i][k], b[r][k] -= f * b[i][k];
    }
  }
  return b;
}

// Codes by the definition: after column j, the columns left move by the least squares answer to its error (and to the other path's input).
std::vector<std::vector<int>> plain_codes(Matrix w, const Matrix& scales, const Matrix& zeros, int top, Matrix h, double damping,
                                          const Matrix* shift, double alpha) {
  const size_t rows = w.size(), n = h.size(), group = n / scales[0].size();
  double mean = 0;
  for (size_t i = 0; i < n; ++i) mean += h[i][i] / static_cast<double>(n);
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return h[a][a] > h[b][b]; });
  for (size_t i = 0; i < n; ++i) h[i][i] += damping * mean;
  std::vector<std::vector<int>> codes(rows, std::vector<int>(n));
  const auto left_from = [&](size_t first) {  // inverse of the Hessian of the columns at places first .. n - 1
    Matrix part;
    for (size_t a = first; a < n; ++a) {
      part.emplace_back();
      for (size_t b = first; b < n; ++b) part.back().push_back(h[order[a]][order[b]]);
    }
    return inverse_of(part);
  };
  Matrix inverse = left_from(0);
  for (size_t place = 0; place < n; ++place) {
    const size_t j = order[place], count = n - place;
    const Matrix next = place + 1 < n ? left_from(place + 1) : Matrix{};
    for (size_t r = 0; r < rows; ++r) {
      const double s = scales[r][j / group], z = zeros[r][j / group], value = w[r][j];
      const int q = std::clamp(static_cast<int>(std::nearbyint(value / s) + z), 0, top);
      codes[r][j] = q;
      const double error = (value - (q - z) * s) / inverse[0][0];
      for (size_t a = 1; a < count; ++a) {
        w[r][order[place + a]] -= error * inverse[0][a];
        if (shift == nullptr) continue;
        for (size_t b = 1; b < count; ++b) w[r][order[place + a]] += alpha * value * (*shift)[j][order[place + b]] * next[b - 1][a - 1];
      }
    }
    inverse = next;
  }
  return codes;
}

// tr(E H E^T) of E = W - W^.
double hessian_error(const torch::Tensor& difference, const torch::Tensor& hessian) {
  return (torch::mm(difference, hessian) * difference).sum(torch::kFloat64).item<double>();
}

}  // namespace

class TestGptq : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void inverseRootIsTheInversesFactor() {
    torch::manual_seed(3);
    const auto x = torch::randn({50, 37});
    const auto h = torch::mm(x.t(), x);
    const auto u = inverse_root(h, 0.01);
    QVERIFY(torch::equal(u, u.triu()));
    const auto damped = h + 0.01 * h.diagonal().mean() * torch::eye(37);
    QVERIFY(torch::allclose(torch::mm(torch::mm(u.t(), u), damped), torch::eye(37), 1e-3, 1e-3));
  }

  void momentsEqualPlainLoop() {
    SiteFixture f;
    torch::manual_seed(1);
    for (const auto& batch : f.batches.all) f.token_weights.push_back(batch.mask * torch::rand(batch.mask.sizes()));
    const InputMoments got = input_moments(f.inputs(SiteKind::DOWN_INPUT, {4, 32}), true);
    std::vector<torch::Tensor> parts;
    for (size_t b = 0; b < f.batches.all.size(); ++b) parts.push_back(calibration::real_rows(f.batches.all[b], f.token_weights[b].unsqueeze(-1)));
    const Matrix x = matrix_of(f.rows(SiteKind::DOWN_INPUT, true)), exact = matrix_of(f.rows(SiteKind::DOWN_INPUT, false)), weights = matrix_of(torch::cat(parts));
    for (const auto& [a, b] : {std::pair<size_t, size_t>{0, 0}, {3, 90}, {95, 17}}) {
      double h = 0, d = 0, n = 0;
      for (size_t t = 0; t < x.size(); ++t) {
        h += weights[t][0] * x[t][a] * x[t][b];
        d += weights[t][0] * (exact[t][a] - x[t][a]) * x[t][b];
        n += weights[t][0];
      }
      const auto i = static_cast<int64_t>(a), j = static_cast<int64_t>(b);
      QVERIFY(std::abs(got.hessian[i][j].item<double>() - 2 * h / n) < 1e-4);
      QVERIFY(std::abs(got.shift[i][j].item<double>() - 2 * d / n) < 1e-4);
    }
  }

  // The share by the definition, with an inverse written out; and the moments are those of all samples.
  void validatedShareEqualsPlainLoop() {
    SiteFixture f(8);
    const auto kind = SiteKind::ATTENTION_INPUT;
    torch::manual_seed(2);
    for (const auto& batch : f.batches.all) f.token_weights.push_back(batch.mask * torch::rand(batch.mask.sizes()));
    const auto weight = torch::randn({3, f.config.hidden});
    const auto inputs = f.inputs(kind, {4, 32});
    const ValidatedMoments got = validated_moments(inputs, weight, 0.01);
    const InputMoments all = input_moments(inputs, true);
    QVERIFY(torch::allclose(got.moments.hessian, all.hessian, 1e-4, 1e-4) && torch::allclose(got.moments.shift, all.shift, 1e-4, 1e-4));

    std::vector<torch::Tensor> parts;
    std::vector<bool> held_out;
    for (size_t b = 0; b < f.batches.all.size(); ++b) {
      const auto& batch = f.batches.all[b];
      parts.push_back(calibration::real_rows(batch, f.token_weights[b].unsqueeze(-1)));
      for (size_t i = 0; i < batch.samples.size(); ++i) held_out.insert(held_out.end(), static_cast<size_t>(batch.lengths[i]), batch.samples[i] % 4 == 3);
    }
    const Matrix x = matrix_of(f.rows(kind, true)), exact = matrix_of(f.rows(kind, false)), weights = matrix_of(torch::cat(parts)), w = matrix_of(weight);
    const size_t n = w[0].size();
    Matrix h(n, std::vector<double>(n, 0)), d = h;
    for (size_t t = 0; t < x.size(); ++t) {
      if (held_out[t]) continue;
      for (size_t i = 0; i < n; ++i) {
        for (size_t j = 0; j < n; ++j) {
          h[i][j] += weights[t][0] * x[t][i] * x[t][j];
          d[i][j] += weights[t][0] * (exact[t][i] - x[t][i]) * x[t][j];
        }
      }
    }
    double mean = 0;
    for (size_t i = 0; i < n; ++i) mean += h[i][i] / static_cast<double>(n);
    for (size_t i = 0; i < n; ++i) h[i][i] += 0.01 * mean;
    const Matrix inverse = inverse_of(h);
    Matrix answer(n, std::vector<double>(n, 0));  // B
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) {
        for (size_t k = 0; k < n; ++k) answer[i][j] += d[i][k] * inverse[k][j];
      }
    }
    double agreement = 0, size = 0;
    for (size_t t = 0; t < x.size(); ++t) {
      if (!held_out[t]) continue;
      for (const auto& row : w) {
        double foretold = 0, found = 0;
        for (size_t i = 0; i < n; ++i) {
          double moved = 0;
          for (size_t j = 0; j < n; ++j) moved += answer[i][j] * x[t][j];
          foretold += row[i] * moved;
          found += row[i] * (exact[t][i] - x[t][i]);
        }
        agreement += weights[t][0] * foretold * found;
        size += weights[t][0] * foretold * foretold;
      }
    }
    const double expected = std::clamp(agreement / size, 0.0, 1.0);
    QVERIFY2(std::abs(got.share - expected) < 1e-3, qPrintable(QString("%1 %2").arg(got.share).arg(expected)));
  }

  // A shift that the inputs tell of is followed, noise is not, and with three samples nothing is known.
  void onlyWhatHoldsIsFollowed() {
    SiteFixture f(8, 0.0);
    const auto kind = static_cast<size_t>(SiteKind::ATTENTION_INPUT);
    const auto weight = torch::randn({3, f.config.hidden});
    torch::manual_seed(6);
    const auto turn = torch::randn({f.config.hidden, f.config.hidden}) * 0.02;
    for (size_t b = 0; b < f.batches.all.size(); ++b) {
      f.exact[kind][b].site_input = torch::randn(f.exact[kind][b].site_input.sizes());
      f.rounded[kind][b].site_input = f.exact[kind][b].site_input - torch::matmul(f.exact[kind][b].site_input, turn);
    }
    const double linear = validated_moments(f.inputs(SiteKind::ATTENTION_INPUT, {4, 32}), weight, 0.01).share;
    QVERIFY2(linear > 0.8, qPrintable(QString::number(linear)));
    for (size_t b = 0; b < f.batches.all.size(); ++b) {
      f.exact[kind][b].site_input = f.rounded[kind][b].site_input + 0.1 * torch::randn(f.exact[kind][b].site_input.sizes());
    }
    const double noise = validated_moments(f.inputs(SiteKind::ATTENTION_INPUT, {4, 32}), weight, 0.01).share;
    QVERIFY2(noise < 0.2, qPrintable(QString::number(noise)));
    const SiteFixture few(3);
    QCOMPARE(validated_moments(few.inputs(SiteKind::ATTENTION_INPUT, {4, 32}), weight, 0.01).share, 0.0);
  }

  void codesEqualPlainLoop_data() {
    QTest::addColumn<int>("columns");
    QTest::addColumn<int>("bits");
    QTest::addColumn<int>("group");
    QTest::addColumn<bool>("symmetric");
    QTest::addColumn<double>("alpha");  // < 0: GPTQ
    QTest::newRow("4 bits over a block's border") << 160 << 4 << 32 << false << -1.0;
    QTest::newRow("3 bits, odd width") << 75 << 3 << 25 << false << -1.0;
    QTest::newRow("2 bits, symmetric, row") << 40 << 2 << 0 << true << -1.0;
    QTest::newRow("GPTAQ over a block's border") << 160 << 4 << 32 << false << 1.0;
    QTest::newRow("GPTAQ, a quarter") << 75 << 3 << 0 << false << 0.25;
  }
  void codesEqualPlainLoop() {
    QFETCH(int, columns);
    QFETCH(int, bits);
    QFETCH(int, group);
    QFETCH(bool, symmetric);
    QFETCH(double, alpha);
    torch::manual_seed(17);
    const auto w = torch::randn({5, columns}) * 0.05;
    const auto x = torch::mm(torch::randn({3 * columns, columns}), torch::randn({columns, columns}));
    const auto h = torch::mm(x.t(), x) * (2.0 / static_cast<double>(3 * columns));
    const auto shift = torch::mm((0.1 * torch::randn(x.sizes())).t(), x) * (2.0 / static_cast<double>(3 * columns));
    const WeightGrid grid{bits, group, symmetric};
    const GroupScales at = GroupedWeight(w, grid, "w").scales_at(0.99f);
    const auto got = alpha < 0 ? gptq_codes(w, at, grid, h, 0.02) : gptq_codes(w, at, grid, h, 0.02, shift, alpha);
    const Matrix plain_shift = matrix_of(shift);
    const auto expected = plain_codes(matrix_of(w), matrix_of(at.scales), matrix_of(at.zeros), (1 << bits) - 1, matrix_of(h), 0.02, alpha < 0 ? nullptr : &plain_shift, alpha);
    int different = 0;
    for (size_t r = 0; r < expected.size(); ++r) {
      for (size_t c = 0; c < expected[r].size(); ++c) different += got[static_cast<int64_t>(r)][static_cast<int64_t>(c)].item<int>() != expected[r][c];
    }
    // A value on the border between two codes may fall either way, and moves its row's later columns with it.
    QVERIFY2(different <= columns * 5 / 50, qPrintable(QString::number(different)));
  }

  void errorsAreInOrder_data() {
    QTest::addColumn<int>("kind");
    for (int kind = 0; kind < kSitesPerLayer; ++kind) QTest::addRow("site %d", kind) << kind;
  }
  // GPTQ below round to nearest by the Hessian; GPTAQ below GPTQ against the float path's outputs.
  void errorsAreInOrder() {
    QFETCH(int, kind);
    const auto site = static_cast<SiteKind>(kind);
    const SiteFixture f(6, 0.3);
    const WeightGrid grid{3, 32, false};
    const auto inputs = f.inputs(site, grid);
    const std::vector<float> percentiles{1, 0.985f};
    const auto rtn = RoundToNearest().round(f.prepared, inputs, percentiles);
    const auto gptq = HessianRounding(0.01).round(f.prepared, inputs, percentiles);
    const auto gptaq = HessianRounding(0.01, 1).round(f.prepared, inputs, percentiles);
    const auto hessian = input_moments(inputs, false).hessian;
    const auto x = f.rows(site, true), exact = f.rows(site, false);
    for (size_t p = 0; p < percentiles.size(); ++p) {
      for (const auto suffix_view : linears_of(site)) {
        const std::string suffix(suffix_view);
        const auto& w = f.prepared.layer.linear(suffix);
        const auto error = [&](const RoundedSite& s) { return hessian_error(s.at(suffix).dequantize() - w, hessian); };
        const auto against_float = [&](const RoundedSite& s) {
          return (torch::linear(x, s.at(suffix).dequantize()) - torch::linear(exact, w)).square().sum(torch::kFloat64).item<double>();
        };
        QVERIFY(error(gptq[p]) < error(rtn[p]));
        QVERIFY2(against_float(gptaq[p]) < against_float(gptq[p]), suffix.c_str());
        // The grid is the one of the clipped weights.
        const GroupScales at = GroupedWeight(w, grid, suffix).scales_at(percentiles[p]);
        QVERIFY(torch::equal(gptq[p].at(suffix).scales, at.scales));
        validate(gptq[p].at(suffix).matrix(), suffix);
      }
    }
    QVERIFY(f.notices.empty());
  }

  void withoutAlphaItIsGptq() {
    const SiteFixture f;
    const auto inputs = f.inputs(SiteKind::DOWN_INPUT, {4, 32});
    const std::vector<float> percentiles{1};
    const auto a = HessianRounding(0.01, 0.0).round(f.prepared, inputs, percentiles), b = HessianRounding(0.01).round(f.prepared, inputs, percentiles);
    QVERIFY(torch::equal(a[0].at("mlp.down").codes, b[0].at("mlp.down").codes));
  }

  void paddingDoesNotCount() {
    SiteFixture f;
    const auto codes = [&] { return HessianRounding(0.01).round(f.prepared, f.inputs(SiteKind::DOWN_INPUT, {4, 32}), std::vector<float>{1})[0].at("mlp.down").codes; };
    const auto before = codes();
    for (size_t b = 0; b < f.batches.all.size(); ++b) {
      auto& x = f.rounded[3][b].site_input;
      x = torch::where(f.batches.all[b].mask.unsqueeze(-1) > 0, x, torch::full_like(x, 1e6));
    }
    QVERIFY(torch::equal(codes(), before));
  }

  void deadChannelsAndEmptyRows() {
    SiteFixture f;
    for (auto& state : f.rounded[3]) state.site_input.select(2, 11).zero_();
    f.prepared.layer.down[2].zero_();
    f.prepared.layer.down[3].fill_(0.25);
    const std::vector<float> percentiles{1};
    const auto inputs = f.inputs(SiteKind::DOWN_INPUT, {4, 32});
    const auto gptq = HessianRounding(0.01).round(f.prepared, inputs, percentiles)[0].at("mlp.down");
    const auto rtn = RoundToNearest().round(f.prepared, inputs, percentiles)[0].at("mlp.down");
    QVERIFY(torch::equal(gptq.codes.select(1, 11), rtn.codes.select(1, 11)));  // nothing depends on it, nothing moves it
    const auto values = gptq.dequantize();
    QVERIFY(torch::isfinite(values).all().item<bool>());
    QVERIFY(values[2].abs().max().item<float>() == 0);
    QVERIFY((values[3] - 0.25).abs().max().item<float>() < 0.02f);
  }

  // One calibration sample: far fewer tokens than channels.
  void singularHessian() {
    const SiteFixture f(1);
    const auto inputs = f.inputs(SiteKind::DOWN_INPUT, {4, 32});
    const std::vector<float> percentiles{1};
    const auto hessian = input_moments(inputs, false).hessian;
    const auto error = [&](const RoundedSite& s) { return hessian_error(s.at("mlp.down").dequantize() - f.prepared.layer.down, hessian); };
    QVERIFY(error(HessianRounding(0.01).round(f.prepared, inputs, percentiles)[0]) < 0.5 * error(RoundToNearest().round(f.prepared, inputs, percentiles)[0]));
    QVERIFY(f.notices.empty());
  }

  void noFactorIsRoundedToNearestAndSaid() {
    QVERIFY(!inverse_root(-torch::eye(4), 0.01).defined());
    QVERIFY(inverse_root(torch::zeros({4, 4}), 0.01).defined());
    // Just below what 0.01 heals, and healed by more.
    auto h = torch::eye(4);
    h[0][0] = -0.05;
    QVERIFY(inverse_root(h, 0.01).defined());
    SiteFixture f;
    for (const auto& batch : f.batches.all) f.token_weights.push_back(-batch.mask);
    for (auto& w : f.token_weights) w[0][0] = 400;  // the sum stays positive, the moments are not definite
    const auto inputs = f.inputs(SiteKind::MLP_INPUT, {4, 32});
    const std::vector<float> percentiles{1};
    const auto got = HessianRounding(0.01).round(f.prepared, inputs, percentiles);
    const auto rtn = RoundToNearest().round(f.prepared, inputs, percentiles);
    QVERIFY(torch::equal(got[0].at("mlp.up").codes, rtn[0].at("mlp.up").codes));
    QCOMPARE(f.notices.size(), size_t{1});
    QVERIFY(f.notices[0].find("decoder.7: the Hessian of the inputs of mlp.gate") == 0);
  }

  void valuesThatAreNotFiniteAreNamed() {
    SiteFixture f;
    f.rounded[1][0].site_input[0][2][3] = INFINITY;
    const std::vector<float> percentiles{1};
    const auto message = [&](SiteKind kind) -> QString {
      try {
        HessianRounding(0.01).round(f.prepared, f.inputs(kind, {4, 32}), percentiles);
      } catch (const Error& error) {
        return error.what();
      }
      return {};
    };
    QVERIFY(message(SiteKind::OUTPUT_INPUT).contains("decoder.7: the inputs of attention.output have values that are not finite"));
    f.prepared.layer.up[1][1] = NAN;
    QVERIFY(message(SiteKind::MLP_INPUT).contains("decoder.7.mlp.up.weight"));
  }
};

QTEST_GUILESS_MAIN(TestGptq)
#include "test_gptq.moc"
