// Clip refinement: the gradient against its formula in plain loops, and that no result is ever worse.
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#undef slots
#include <QtTest>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/lab/quantization/clip_refinement.h"
#include "core/lab/reference/activation.h"
#include "core/run/recipe.h"

using namespace qvlm;
using namespace qvlm::quantization;

namespace {

using G = ActivationGranularity;

// Two linears behind each other, their inputs rounded; heavy tails, so that clipping pays.
struct TwoLinears : RefinableBlock {
  std::vector<torch::Tensor> inputs, targets;
  torch::Tensor first, second;
  explicit TwoLinears(int64_t width = 32, float spread = 1) {
    torch::manual_seed(5);
    first = torch::randn({width, width}) / std::sqrt(static_cast<double>(width));
    second = torch::randn({width, width}) / std::sqrt(static_cast<double>(width));
    for (int i = 0; i < 5; ++i) {
      inputs.push_back(torch::randn({2, 9, width}).pow(3) * spread);
      targets.push_back(torch::linear(torch::linear(inputs.back(), first), second));
    }
  }
  int depth() const override { return 2; }
  int64_t samples() const override { return 10; }
  size_t parts() const override { return inputs.size(); }
  State enter(size_t part) const override { return {inputs[part]}; }
  State step(const State& state, int position, const Rounding& rounding) const override {
    return {torch::linear(rounding(state[0]), position == 0 ? first : second)};
  }
  Deviation deviation(size_t part, const State& state) const override {
    return {(state[0] - targets[part]).square().sum(torch::kFloat64).item<double>(), targets[part].square().sum(torch::kFloat64).item<double>()};
  }
  torch::Tensor squared_error(size_t part, const State& state) const override { return (state[0] - targets[part]).square().sum(); }

  double error_with(const std::vector<ActivationQuantizer>& quantizers) const {
    Deviation sum;
    for (size_t part = 0; part < parts(); ++part) {
      State state = enter(part);
      for (int i = 0; i < 2; ++i) state = step(state, i, [&](const torch::Tensor& x) { return reference::quantize_activations(x, quantizers[static_cast<size_t>(i)]); });
      sum = sum + deviation(part, state);
    }
    return sum.relative();
  }
};

ActivationQuantizer quantizer_of(int granularity, int bits, int64_t group) {
  ActivationQuantizer q{static_cast<G>(granularity), bits, group, 0, 0, 1};
  if (q.granularity == G::STATIC_TENSOR) {
    q.low = -9;
    q.high = 12;
  }
  return q;
}

void add_granularities() {
  QTest::addColumn<int>("granularity");
  QTest::newRow("token") << static_cast<int>(G::DYNAMIC_TOKEN);
  QTest::newRow("group") << static_cast<int>(G::DYNAMIC_GROUP);
  QTest::newRow("static") << static_cast<int>(G::STATIC_TENSOR);
}

}  // namespace

class TestClipRefinement : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void gradientEqualsPlainLoop_data() { add_granularities(); }
  void gradientEqualsPlainLoop() {
    QFETCH(int, granularity);
    torch::manual_seed(8);
    ActivationQuantizer q = quantizer_of(granularity, 3, 4);
    q.clip = 0.7f;
    q.low = -1.1f;
    q.high = 0.8f;
    const bool is_static = q.granularity == G::STATIC_TENSOR;
    const auto x = torch::randn({2, 3, 8}).requires_grad_(), upstream = torch::randn({2, 3, 8});
    const auto factors = torch::ones({is_static ? 2 : 1}, torch::requires_grad());
    const auto y = round_with_gradient(x, q, factors);
    QVERIFY(torch::allclose(y.detach(), reference::quantize_activations(x.detach(), q), 1e-5, 1e-6));
    const auto gradients = torch::autograd::grad({(y * upstream).sum()}, {x, factors});

    const int64_t group = is_static ? 48 : q.granularity == G::DYNAMIC_GROUP ? 4 : 8;
    const auto flat = x.detach().reshape({-1}), g = upstream.reshape({-1}), gx = gradients[0].reshape({-1});
    double by_ratio = 0;
    int clipped = 0;
    for (int64_t begin = 0; begin < 48; begin += group) {
      double low = static_cast<double>(q.low), high = static_cast<double>(q.high);
      if (!is_static) {
        const auto part = flat.narrow(0, begin, group);
        low = std::min(part.min().item<double>(), 0.0) * 0.7;
        high = std::max(part.max().item<double>(), 0.0) * 0.7;
      }
      const double scale = (high - low) / 7, zero = std::clamp(std::nearbyint(-low / scale), 0.0, 7.0);
      for (int64_t i = begin; i < begin + group; ++i) {
        const double value = flat[i].item<double>(), up = g[i].item<double>(), code = value / scale;
        const bool above = code > 7 - zero, below = code < -zero;
        const double rounded = std::nearbyint(std::clamp(code, -zero, 7 - zero)) * scale;
        clipped += above || below;
        QVERIFY(std::abs(gx[i].item<double>() - (above || below ? 0 : up)) < 1e-5);
        by_ratio += up * (above || below ? rounded : rounded - value);
      }
    }
    QVERIFY(clipped > 3);
    const double got = gradients[1].sum().item<double>();  // both static bounds together are a ratio
    QVERIFY2(std::abs(got - by_ratio) < 1e-4, qPrintable(QString("%1, expected %2").arg(got).arg(by_ratio)));
  }

  // A bound of its own, on values that lie on one side: what is clipped follows the bound, what is not moves with the step alone.
  void eachStaticBoundHasItsOwnGradient() {
    const ActivationQuantizer q{G::STATIC_TENSOR, 4, 0, -1.5f, 3.0f, 1};  // step 0.3, zero 5, exactly
    const auto factors = torch::ones({2}, torch::requires_grad());
    const auto gradient_at = [&](float value) { return torch::autograd::grad({round_with_gradient(torch::tensor({value}), q, factors).sum()}, {factors})[0]; };
    const auto above = gradient_at(5.0f), below = gradient_at(-4.0f), between = gradient_at(0.7f);
    QVERIFY(std::abs(above[1].item<double>() - 3.0) < 1e-5 && std::abs(above[0].item<double>()) < 1e-5);
    QVERIFY(std::abs(below[0].item<double>() + 1.5) < 1e-5 && std::abs(below[1].item<double>()) < 1e-5);
    const double shift = 0.6 - 0.7;  // code 2
    QVERIFY(std::abs(between[1].item<double>() - shift * 3.0 / 4.5) < 1e-5);
    QVERIFY(std::abs(between[0].item<double>() - shift * 1.5 / 4.5) < 1e-5);
  }

  void neverWorse_data() {
    QTest::addColumn<int>("granularity");
    QTest::addColumn<int>("bits");
    for (const int bits : {3, 4, 8}) {
      QTest::addRow("token, %d bits", bits) << static_cast<int>(G::DYNAMIC_TOKEN) << bits;
      QTest::addRow("group, %d bits", bits) << static_cast<int>(G::DYNAMIC_GROUP) << bits;
      QTest::addRow("static, %d bits", bits) << static_cast<int>(G::STATIC_TENSOR) << bits;
    }
  }
  void neverWorse() {
    QFETCH(int, granularity);
    QFETCH(int, bits);
    const TwoLinears block;
    const std::vector<ActivationQuantizer> start(2, quantizer_of(granularity, bits, 16));
    const reference::Workers two(2);
    for (const ClipRefinement mode : {ClipRefinement::COORDINATE, ClipRefinement::GRADIENT}) {
      RefinementSettings settings{mode, 10, nullptr, {}};
      const Refinement alone = refine_clips(block, start, start, settings);
      QCOMPARE(alone.error_before, block.error_with(start));
      QVERIFY(alone.error <= alone.error_before);
      qInfo("%s: %.4e, refined %.4e", name_of(mode).data(), alone.error_before, alone.error);
      if (!alone.bounds.empty()) {
        QVERIFY(alone.error < alone.error_before);
        const auto quantizers = with_bounds(start, alone.bounds, "test");
        QCOMPARE(block.error_with(quantizers), alone.error);  // by the quantizers as they run
        QVERIFY(bounds_of(quantizers) == alone.bounds);
        for (const ActivationQuantizer& q : quantizers) QVERIFY(q.clip <= 1 && q.clip >= kLeastRatio && std::abs(q.high) <= 12 * kMostRatio);
      }
      if (bits == 3) QVERIFY(alone.error < 0.99 * alone.error_before);
      settings.workers = &two;
      const Refinement shared = refine_clips(block, start, start, settings);
      QVERIFY(shared.bounds == alone.bounds);
      QCOMPARE(shared.error, alone.error);
      Recipe recipe;
      recipe.clip_refinement = mode;
      recipe.activation_mode = granularity == static_cast<int>(G::STATIC_TENSOR) ? ActivationMode::STATIC_TENSOR : ActivationMode::DYNAMIC_TOKEN;
      QVERIFY(alone.site_forwards <= refinement_forwards(recipe, 2, block.samples()));
    }
  }

  // From the best there is, and where nothing can be measured, nothing is taken.
  void nothingBetterIsNothing() {
    const TwoLinears zero(32, 0);  // all inputs and outputs zero
    const std::vector<ActivationQuantizer> start(2, quantizer_of(static_cast<int>(G::DYNAMIC_TOKEN), 4, 0));
    for (const ClipRefinement mode : {ClipRefinement::COORDINATE, ClipRefinement::GRADIENT}) {
      const Refinement none = refine_clips(zero, start, start, {mode, 3, nullptr, {}});
      QVERIFY(none.bounds.empty());
      QCOMPARE(none.error, none.error_before);
    }
  }

  void stops() {
    struct Stopped {};
    const TwoLinears block;
    const std::vector<ActivationQuantizer> start(2, quantizer_of(static_cast<int>(G::DYNAMIC_TOKEN), 4, 0));
    int calls = 0;
    const auto check = [&] {
      if (++calls > 20) throw Stopped();
    };
    QVERIFY_THROWS_EXCEPTION(Stopped, refine_clips(block, start, start, {ClipRefinement::GRADIENT, 1000, nullptr, check}));
  }

  void boundsThatDoNotFitAreRefused() {
    std::vector<ActivationQuantizer> quantizers{quantizer_of(static_cast<int>(G::DYNAMIC_TOKEN), 4, 0), quantizer_of(static_cast<int>(G::STATIC_TENSOR), 4, 0)};
    QVERIFY(bounds_of(quantizers) == (std::vector<float>{1, -9, 12}));
    QVERIFY_THROWS_EXCEPTION(Error, with_bounds(quantizers, {1, 2}, "journal"));
    QVERIFY_THROWS_EXCEPTION(Error, with_bounds(quantizers, {1, 2, NAN}, "journal"));
    const auto other = with_bounds(quantizers, {0.5f, -1, 2}, "journal");
    QCOMPARE(other[0].clip, 0.5f);
    QCOMPARE(other[1].low, -1.0f);
    QCOMPARE(other[1].high, 2.0f);
  }
};

QTEST_GUILESS_MAIN(TestClipRefinement)
#include "test_clip_refinement.moc"
