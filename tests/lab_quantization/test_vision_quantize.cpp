// The tower's quantization, piece by piece: activation grids against the plain loop, smoothing, layers, the work file, hostile values.
#define QT_NO_KEYWORDS  // libtorch has members named slots
#include <QtTest>

#include <cmath>
#include <fstream>
#include <random>

#include "core/lab/quantization/quantized_vision.h"
#include "core/lab/quantization/vision_layer_quantizer.h"
#include "core/lab/quantization/vision_quantize.h"
#include "core/lab/reference/threads.h"
#include "core/lab/reference/vision_activation.h"
#include "tests/base/verify_refused.h"
#include "tests/lab_quantization/model_fixture.h"

using namespace qvlm;
using namespace qvlm::quantization;

namespace {

Recipe w8a8() {
  Recipe recipe;
  recipe.vision_bits = 8;
  recipe.vision_activation_bits = 8;
  return recipe;
}

}  // namespace

class TestVisionQuantize : public QObject, ModelFixture {
  Q_OBJECT

  reference::Workers workers_{2};
  torch::Tensor pixels_, input_;  // [6, 3, 32, 32]; of the first layer, [6, 5, 48]

  const VisionConfig& config() const { return *model_->config().vision; }
  reference::VisionLayer layer(int index) const { return reference::VisionLayer::load(*model_, index, torch::kFloat32); }

 private Q_SLOTS:
  void initTestCase() {
    torch::manual_seed(5);
    make_model();
    pixels_ = torch::randn({6, 3, tiny_vlm::kImage, tiny_vlm::kImage});
    input_ = reference::vision_embed(config(), reference::VisionTower::load(*model_, torch::kFloat32), pixels_);
  }

  void activationsAsThePlainLoop_data() {
    QTest::addColumn<int>("bits");
    QTest::addColumn<int>("range");
    QTest::addColumn<int>("bounds");
    for (const int bits : {2, 4, 6, 8}) {
      for (const int range : {0, 1}) {
        for (const int bounds : {1, 5}) QTest::addRow("%d bits, range %d, %d bounds", bits, range, bounds) << bits << range << bounds;
      }
    }
  }
  void activationsAsThePlainLoop() {
    QFETCH(int, bits);
    QFETCH(int, range);
    QFETCH(int, bounds);
    VisionQuantizer quantizer{bits, static_cast<VisionRange>(range), {}, {}};
    for (int i = 0; i < bounds; ++i) {
      const float at = 0.7f + 0.1f * static_cast<float>(i);
      quantizer.low.push_back(range == 0 ? at : -at);
      quantizer.high.push_back(range == 0 ? 1.1f - 0.1f * at : at + 0.5f);
    }
    const auto x = torch::randn({3, 5, 13});
    const auto y = reference::quantize_vision_activations(x, quantizer);
    for (int64_t picture = 0; picture < 3; ++picture) {
      auto expected = x[picture].clone();
      quantize_vision_activations({expected.data_ptr<float>(), static_cast<size_t>(expected.numel())}, 5, quantizer);
      QVERIFY((y[picture] - expected).abs().max().item<float>() < 1e-6f);
    }
    QVERIFY((y - x).abs().max().item<float>() > 1e-4f);
  }

  void hostileQuantizers() {
    auto x = torch::randn({1, 5, 4});
    const auto run = [&](VisionQuantizer q) { return [&x, q] { reference::quantize_vision_activations(x, q); }; };
    verify_refused(run({8, VisionRange::STATIC_POSITION, {0, 0, 0}, {1, 1, 1}}), "expected 1 or 5");
    verify_refused(run({8, VisionRange::STATIC_POSITION, {0}, {}}), "bounds");
    verify_refused(run({8, VisionRange::DYNAMIC_TOKEN, {NAN}, {1}}), "finite");
    verify_refused(run({9, VisionRange::DYNAMIC_TOKEN, {1}, {1}}), "bits");
    const std::vector<float> zeros(20, 0.0f);
    auto silent = torch::zeros({1, 5, 4});
    QVERIFY(torch::equal(reference::quantize_vision_activations(silent, {4, VisionRange::DYNAMIC_TOKEN, {1}, {1}}), silent));
  }

  void smoothingScalesAsThePlainLoop() {
    const std::vector<float> x{4, 0.25f, 0, 9}, w{0.5f, 1, 2, 0};
    const auto scales = smoothing_scales(torch::tensor(at::ArrayRef<float>(x)), torch::tensor(at::ArrayRef<float>(w)), 0.5);
    for (size_t i = 0; i < x.size(); ++i) {
      const double expected = std::clamp(std::sqrt(std::max<double>(x[i], 1e-5)) / std::sqrt(std::max<double>(w[i], 1e-5)), 1e-5, 1e5);
      QVERIFY(std::abs(scales[static_cast<int64_t>(i)].item<double>() - expected) < 1e-5 * expected);
    }
  }

  void smoothingChangesNothingInFloat() {
    auto smoothed = layer(0);
    const auto scales = torch::rand({48}) + 0.5;
    smoothed.attention_norm = {smoothed.attention_norm.weight / scales, smoothed.attention_norm.bias / scales};
    for (const auto& suffix : vision_linears_of(SiteKind::ATTENTION_INPUT)) smoothed.linear(suffix).weight = smoothed.linear(suffix).weight * scales;
    const auto a = reference::vision_layer(config(), layer(0), input_, 0), b = reference::vision_layer(config(), smoothed, input_, 0);
    QVERIFY((a - b).abs().max().item<float>() < 1e-4f);
  }

  void layerIsNoWorseThanRoundToNearest_data() {
    QTest::addColumn<int>("bits");
    QTest::addColumn<int>("activations");
    QTest::addColumn<int>("range");
    for (const int bits : {8, 4}) {
      for (const int activations : {16, 8, 4}) {
        for (const int range : {0, 1}) QTest::addRow("W%dA%d, range %d", bits, activations, range) << bits << activations << range;
      }
    }
  }
  void layerIsNoWorseThanRoundToNearest() {
    QFETCH(int, bits);
    QFETCH(int, activations);
    QFETCH(int, range);
    Recipe recipe;
    recipe.vision_bits = bits;
    recipe.vision_group = 0;
    recipe.vision_activation_bits = activations;
    recipe.vision_activation_mode = static_cast<VisionRange>(range);
    recipe.search_samples = 6;
    const auto done = quantize_vision_layer(config(), layer(0), 0, recipe, input_, input_, "vision.0", workers_);

    // What is stored is what runs.
    QCOMPARE(done.matrices.size(), size_t{6});
    for (const auto& [suffix, matrix] : done.matrices) {
      validate(matrix, suffix);
      QCOMPARE(matrix.bits, bits);
      QCOMPARE(matrix.symmetric, bits == 8);
      QCOMPARE(matrix.group, matrix.columns);
      const auto values = matrix.dequantize();
      QVERIFY(torch::allclose(done.layer.linear(suffix).weight.reshape({-1}), torch::tensor(at::ArrayRef<float>(values)), 0, 1e-7));
    }
    const reference::VisionHook hook = [&](Site site, const torch::Tensor& x) {
      return reference::quantize_vision_activations(x, done.activations[static_cast<size_t>(site.kind)]);
    };
    QVERIFY(torch::allclose(reference::vision_layer(config(), done.layer, input_, 0, hook), done.quantized_output, 1e-5, 1e-5));
    QVERIFY(torch::allclose(reference::vision_layer(config(), layer(0), input_, 0), done.float_output, 1e-5, 1e-5));
    for (const VisionQuantizer& q : done.activations) {
      QCOMPARE(q.bits, activations);
      if (activations < 16) QCOMPARE(q.low.size(), range == 0 ? size_t{1} : size_t{5});
    }

    // Round to nearest with full ranges, in the attention half.
    auto rounded = layer(0);
    for (const auto kind : {SiteKind::ATTENTION_INPUT, SiteKind::OUTPUT_INPUT}) {
      for (const auto& suffix : vision_linears_of(kind)) rounded.linear(suffix).weight = round_to_nearest(rounded.linear(suffix).weight, vision_grid(recipe), suffix).dequantize();
    }
    const reference::VisionHook plain = [&](Site, const torch::Tensor& x) {
      if (activations == 16) return x;
      VisionQuantizer q{activations, static_cast<VisionRange>(range), {1}, {1}};
      if (range == 1) {
        const auto low = x.amin({0, 2}).contiguous(), high = x.amax({0, 2}).contiguous();
        q.low.assign(low.data_ptr<float>(), low.data_ptr<float>() + 5);
        q.high.assign(high.data_ptr<float>(), high.data_ptr<float>() + 5);
      }
      return reference::quantize_vision_activations(x, q);
    };
    const auto target = reference::vision_attention(config(), layer(0), input_, 0);
    const double ours = relative_squared_error(reference::vision_attention(config(), done.layer, input_, 0, hook), target);
    const double theirs = relative_squared_error(reference::vision_attention(config(), rounded, input_, 0, plain), target);
    QVERIFY2(ours <= theirs * (bits == 4 ? 1.1 : 1.0001), qPrintable(QString("%1 > %2").arg(ours).arg(theirs)));
    QVERIFY(ours > 0);
  }

  void wholeTower() {
    Recipe recipe = w8a8();
    recipe.projector_bits = 8;
    const auto done = quantize_vision(*model_, recipe, pixels_, workers_);
    QCOMPARE(done.vision.matrices.size(), size_t{14});
    QCOMPARE(done.vision.vectors.size(), size_t{8});
    QCOMPARE(done.vision.activations.size(), size_t{8});
    QCOMPARE(done.layer_errors.size(), size_t{2});
    const auto whole = run_vision(*model_, nullptr, pixels_, workers_), quantized = run_vision(*model_, &done.vision, pixels_, workers_);
    const double error = relative_squared_error(quantized.projected, whole.projected);
    QVERIFY2(error > 1e-8 && error < 1e-2, qPrintable(QString::number(error)));
    QCOMPARE(whole.projected.sizes(), quantized.projected.sizes());
    // Fewer bits cost more.
    recipe.vision_activation_bits = 4;
    const auto four = quantize_vision(*model_, recipe, pixels_, workers_);
    QVERIFY(relative_squared_error(run_vision(*model_, &four.vision, pixels_, workers_).projected, whole.projected) > 2 * error);
  }

  void workFileRoundTrip() {
    Recipe recipe = w8a8();
    recipe.vision_activation_mode = VisionRange::STATIC_POSITION;
    recipe.projector_bits = 8;
    const auto vision = quantize_vision(*model_, recipe, pixels_, workers_).vision;
    const std::string hash = write_vision(path("vision.safetensors"), vision);
    const auto back = read_vision(path("vision.safetensors"), hash, config().positions());
    QVERIFY(back.activations == vision.activations);
    QCOMPARE(back.matrices.size(), vision.matrices.size());
    for (const auto& [name, matrix] : vision.matrices) {
      QVERIFY(back.matrices.at(name).codes == matrix.codes);
      QVERIFY(back.matrices.at(name).scales == matrix.scales);
    }
    for (const auto& [name, vector] : vision.vectors) QVERIFY(torch::equal(back.vectors.at(name), vector));
    QCOMPARE(write_vision(path("again.safetensors"), back), hash);
    verify_refused([&] { read_vision(path("vision.safetensors"), hash, 9); }, "expected 1 or 9");
    std::ofstream(path("vision.safetensors"), std::ios::app) << "x";
    verify_refused([&] { read_vision(path("vision.safetensors"), hash, config().positions()); }, "hash");
  }

  void refusesAndSurvives() {
    Recipe four;
    four.vision_bits = 4;  // in groups of 32, which do not divide 48
    verify_refused([&] { quantize_vision(*model_, four, pixels_, workers_); }, "vision.0.attention.query.weight: group: expected one that divides a row of 48 (48)");
    auto broken = layer(1);
    broken.up.weight = broken.up.weight.clone();
    broken.up.weight[3][4] = NAN;
    verify_refused([&] { quantize_vision_layer(config(), broken, 1, w8a8(), input_, input_, "vision.1", workers_); }, "vision.1.mlp.up.weight: has values that are not finite");
    broken = layer(1);
    broken.mlp_norm.bias = broken.mlp_norm.bias.clone();
    broken.mlp_norm.bias[0] = INFINITY;
    verify_refused([&] { quantize_vision_layer(config(), broken, 1, w8a8(), input_, input_, "vision.1", workers_); }, "vision.1.mlp_norm.bias");

    // A channel that the norm silences, a weight of zeros, and one picture.
    auto quiet = layer(0);
    quiet.attention_norm = {quiet.attention_norm.weight.clone(), quiet.attention_norm.bias.clone()};
    quiet.attention_norm.weight[7] = 0;
    quiet.attention_norm.bias[7] = 0;
    quiet.value.weight = torch::zeros_like(quiet.value.weight);
    const auto one = input_.narrow(0, 0, 1);
    const auto done = quantize_vision_layer(config(), quiet, 0, w8a8(), one, one, "vision.0", workers_);
    QVERIFY(torch::isfinite(done.quantized_output).all().item<bool>());
    for (const auto& [suffix, matrix] : done.matrices) validate(matrix, suffix);
  }
};

QTEST_GUILESS_MAIN(TestVisionQuantize)
#include "test_vision_quantize.moc"
