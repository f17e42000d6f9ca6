// The visual-encoder optimisation: gradients against finite differences and plain autograd, losses against plain loops, whole trainings.
#define QT_NO_KEYWORDS  // libtorch has members named slots
#include <QtTest>

#include <cmath>
#include <torch/csrc/autograd/autograd.h>

#include "core/data/calibration_set.h"
#include "core/lab/calibration/entropy.h"
#include "core/lab/calibration/float_pass.h"
#include "core/lab/quantization/veo.h"
#include "core/lab/quantization/veo_entropy.h"
#include "core/lab/quantization/veo_tower.h"
#include "core/lab/quantization/vision_quantize.h"
#include "core/lab/reference/tensors.h"
#include "core/lab/reference/vision_activation.h"
#include "tests/base/verify_refused.h"
#include "tests/lab_quantization/model_fixture.h"

using namespace qvlm;
using namespace qvlm::quantization;

namespace {

bool near(double a, double b, double relative, double absolute = 0) { return std::abs(a - b) <= absolute + relative * std::max(std::abs(a), std::abs(b)); }

}  // namespace

class TestVeo : public QObject, ModelFixture {
  Q_OBJECT

  std::vector<calibration::CalibrationPrompt> prompts_;
  Recipe recipe_;
  QuantizedVision start_;
  torch::Tensor embedding_;
  reference::Workers workers_{2};

  const VlmConfig& config() const { return model_->config(); }

  VeoTower tower_of(const QuantizedVision& vision, bool recompute, ActivationSpill& spill) const {
    auto tower = reference::VisionTower::load(*model_, torch::kFloat32);
    auto projector = reference::Projector::load(*model_, torch::kFloat32);
    vision.apply(tower, projector);
    return VeoTower(*config().vision, tower, vision.activations, recompute, spill);
  }
  VeoBatch batch() const { return make_veo_batch(prompts_, {0, 1, 2}, embedding_, config().vision->image_tokens()); }

 private Q_SLOTS:
  void initTestCase() {
    torch::manual_seed(11);
    make_model();
    CalibrationOptions options;
    options.samples = 6;
    prompts_ = calibration::build_prompts(*model_, read_calibration_set(calibration_folder(), options));
    recipe_.vision_bits = 8;
    recipe_.vision_activation_bits = 4;
    recipe_.veo = true;
    recipe_.veo_epochs = 3;
    start_ = quantize_vision(*model_, recipe_, calibration::pixels_of(config(), prompts_), workers_).vision;
    embedding_ = reference::load_tensor(*model_, "decoder.embedding.weight", torch::kFloat32);
  }

  void labelsAreTheAnswersTokens() {
    for (const auto& prompt : prompts_) {
      QCOMPARE(static_cast<int64_t>(prompt.labels.size()), prompt.rows);
      std::vector<int32_t> ids;
      for (const PromptPart& part : prompt.parts) {
        if (const auto* text = std::get_if<std::vector<int32_t>>(&part)) {
          ids.insert(ids.end(), text->begin(), text->end());
        } else {
          ids.insert(ids.end(), static_cast<size_t>(config().vision->image_tokens()), config().tokens.image);
        }
      }
      int answers = 0, tokens = 0;
      for (size_t row = 0; row < ids.size(); ++row) {
        if (prompt.labels[row] < 0) continue;
        ++tokens;
        QCOMPARE(prompt.labels[row], ids[row + 1]);
        const bool last = row + 1 == ids.size() || prompt.labels[row + 1] < 0;
        if (last) QCOMPARE(prompt.labels[row], config().tokens.end.front());  // the template ends an answer so
        answers += last ? 1 : 0;
      }
      QVERIFY(answers >= 2 && tokens >= 2 * answers && tokens < static_cast<int>(ids.size()) / 2);
    }
  }

  void fakeQuantizerAsTheReference() {
    const auto x = torch::randn({2, 5, 9}).requires_grad_();
    const VisionQuantizer quantizer{4, VisionRange::DYNAMIC_TOKEN, {0.8f}, {0.9f}};
    const auto bounds = reference::vision_bounds(x, quantizer.range, torch::tensor({0.8f}), torch::tensor({0.9f}));
    const auto fake = fake_quantize(x, bounds.low, bounds.high, 4);
    QVERIFY((fake - reference::quantize_vision_activations(x, quantizer)).abs().max().item<float>() < 1e-6f);
  }

  // With so many levels that rounding hardly shows, the straight-through gradient is the gradient.
  void clipGradientAsFiniteDifferences() {
    const auto x = torch::randn({40, 8});
    const auto weight = torch::randn({40, 8});
    const auto value = [&](double low, double high) {
      return (fake_quantize(x, torch::full({1}, low), torch::full({1}, high), 15) * weight).sum();
    };
    auto low = torch::full({1}, -0.9f).requires_grad_(), high = torch::full({1}, 1.2f).requires_grad_();
    auto input = x.clone().requires_grad_();
    (fake_quantize(input, low, high, 15) * weight).sum().backward();
    constexpr double h = 0.01;
    QVERIFY(near(low.grad().item<double>(), (value(-0.9 + h, 1.2) - value(-0.9 - h, 1.2)).item<double>() / (2 * h), 0.03, 0.2));
    QVERIFY(near(high.grad().item<double>(), (value(-0.9, 1.2 + h) - value(-0.9, 1.2 - h)).item<double>() / (2 * h), 0.03, 0.2));
    // A value inside passes its gradient on, one outside does not.
    const auto inside = x.gt(-0.899).logical_and(x.lt(1.199)), outside = x.lt(-0.901).logical_or(x.gt(1.201));
    QVERIFY(torch::allclose(input.grad().masked_select(inside), weight.masked_select(inside)));
    QCOMPARE(input.grad().masked_select(outside).abs().sum().item<float>(), 0.0f);
  }

  void dependencyAsThePlainLoop() {
    const auto x = torch::randn({50, 6}), y = torch::randn({50, 12});
    constexpr int bits = 3, levels = 8;
    const SitePairs at = site_pairs(50, 6, 12, 300);
    const auto plain = [&](const torch::Tensor& values, const torch::Tensor& channels) {
      std::vector<std::vector<double>> rows;
      for (int64_t i = 0; i < 300; ++i) {
        const auto row = values[at.rows[i].item<int64_t>()];
        const double low = std::min(row.min().item<double>(), 0.0), high = std::max(row.max().item<double>(), 0.0);
        const double step = (high - low) / (levels - 1), zero = std::nearbyint(-low / step);
        const double coordinate = row[channels[i].item<int64_t>()].item<double>() / step + zero;
        std::vector<double> p;
        double sum = 0;
        for (int m = 0; m < levels; ++m) {
          p.push_back(std::exp(-(coordinate - m) * (coordinate - m)));
          sum += p.back();
        }
        for (double& one : p) one /= sum;
        rows.push_back(p);
      }
      return rows;
    };
    const auto a = plain(x, at.channels), b = plain(y, at.paired_channels);
    double expected = 0;
    for (int i = 0; i < levels; ++i) {
      double row = 0;
      std::vector<double> joint(levels, 0);
      for (int j = 0; j < levels; ++j) {
        for (size_t n = 0; n < a.size(); ++n) joint[static_cast<size_t>(j)] += a[n][static_cast<size_t>(i)] * b[n][static_cast<size_t>(j)] / 300;
        row += joint[static_cast<size_t>(j)];
      }
      for (const double p : joint) expected -= p > 0 ? p * std::log(p / row) : 0;
    }
    expected /= std::log(static_cast<double>(levels));
    const auto soft_x = soft_levels(x, own_ranges(x, 1), bits, at.rows, at.channels), soft_y = soft_levels(y, own_ranges(y, 1), bits, at.rows, at.paired_channels);
    QVERIFY(near(dependency(soft_x, soft_y).item<double>(), expected, 1e-4));
    QVERIFY(near(calibration::normalised_conditional_entropy(calibration::joint_distribution(soft_x, soft_y)), expected, 1e-4));
  }

  void dependencyGradientAsFiniteDifferences() {
    const auto x = torch::randn({60, 8}), y = x + 0.3 * torch::randn({60, 8});
    const SitePairs at = site_pairs(60, 8, 8, 256);
    const auto low = torch::full({60, 1}, -2.5), high = torch::full({60, 1}, 2.5);
    const auto value = [&](const torch::Tensor& scaled) {
      return dependency(soft_levels(scaled, {low, high}, 4, at.rows, at.channels), soft_levels(y, {low, high}, 4, at.rows, at.paired_channels));
    };
    const auto direction = torch::randn({60, 8});
    auto input = x.clone().requires_grad_();
    value(input).backward();
    QVERIFY(torch::isfinite(input.grad()).all().item<bool>());
    constexpr double h = 0.02;
    const double expected = (value(x + h * direction) - value(x - h * direction)).item<double>() / (2 * h);
    QVERIFY2(near((input.grad() * direction).sum().item<double>(), expected, 0.03, 1e-5), qPrintable(QString::number(expected)));
  }

  // The decoder's gradient with layers loaded, spilled and run again, against one graph of everything.
  void streamedGradientAsPlainAutograd_data() {
    QTest::addColumn<bool>("streamed");
    QTest::newRow("graphs kept") << false;
    QTest::newRow("streamed, spilled") << true;
  }
  void streamedGradientAsPlainAutograd() {
    QFETCH(bool, streamed);
    const VeoBatch b = batch();
    ActivationSpill spill(path("spill"), streamed ? 0 : int64_t{1} << 30);
    const VeoMemory memory = streamed ? VeoMemory{0, 0, 0} : VeoMemory{};
    const auto probe = calibration::probe_of(recipe_);
    const DecoderSource source(*model_, b.longest, memory.weight_bytes);
    VeoDecoder decoder(source, probe, b.samples * b.longest, b.longest, spill, memory.graph_bytes);
    QCOMPARE(decoder.recomputes(), streamed);
    const auto features = run_vision(*model_, nullptr, b.pixels, workers_).projected;
    const auto float_last = b.real(decoder.last_hidden(b.embed(features)));
    const auto noisy = b.embed(features + 0.1 * torch::randn_like(features));
    VeoDecoderWeights weights{0.7, 1.3, std::vector<double>(8, 0.4)};
    const VeoDecoderLosses found = decoder.losses(b, noisy, float_last, weights, true);
    QCOMPARE(source.most_resident(), streamed ? 1 : config().decoder.layers);

    auto leaf = noisy.clone().requires_grad_();
    const auto rotary = reference::RotaryTable::make(config().decoder, b.longest);
    const auto ends = reference::DecoderEnds::load(*model_, torch::kFloat32);
    std::vector<torch::Tensor> sites;
    torch::Tensor x = leaf;
    for (int i = 0; i < config().decoder.layers; ++i) {
      x = reference::decoder_layer(config().decoder, reference::DecoderLayer::load(*model_, i, torch::kFloat32), x, rotary, i, [&](Site, const torch::Tensor& in) {
        sites.push_back(in);
        return in;
      });
    }
    const auto error = (b.real(x) - float_last).norm() / float_last.norm();
    const auto logits = reference::decoder_logits(config().decoder, ends, x).reshape({-1, config().decoder.vocabulary}).index_select(0, b.answer_rows);
    torch::Tensor token = torch::zeros({});
    for (int64_t i = 0; i < b.answers.size(0); ++i) {
      token = token - torch::log_softmax(logits[i], 0)[b.answers[i].item<int64_t>()] / static_cast<double>(b.answers.size(0));
    }
    torch::Tensor entropy = torch::zeros({});
    for (size_t k = 0; k + 1 < sites.size(); ++k) {
      const auto a = b.real(sites[k]), c = b.real(sites[k + 1]);
      const auto ra = own_ranges(a, 1), rc = own_ranges(c, 1);
      entropy = entropy + weighted_dependency({a, ra.low, ra.high}, {c, rc.low, rc.high}, probe.bits, 0.4);
    }
    (0.7 * token + 1.3 * error + entropy).backward();
    QVERIFY(near(found.token, token.item<double>(), 1e-4));
    QVERIFY(near(found.hidden_error, error.item<double>(), 1e-4));
    QVERIFY(near(found.entropy, entropy.item<double>(), 1e-4));
    const double difference = (found.input_gradient - leaf.grad()).norm().item<double>() / leaf.grad().norm().item<double>();
    QVERIFY2(difference < 1e-4, qPrintable(QString::number(difference)));
    QCOMPARE(spill.resident_bytes() + spill.spilled_bytes(), int64_t{0});
  }

  // The whole way, tower to decoder, in every kind of parameter. At 15 bits rounding hardly shows and clipping does.
  void parametersGradientAsFiniteDifferences_data() {
    QTest::addColumn<int>("range");
    QTest::addColumn<bool>("recompute");
    QTest::newRow("dynamic") << 0 << false;
    QTest::newRow("dynamic, run again") << 0 << true;
    QTest::newRow("static, a position") << 1 << false;
  }
  void parametersGradientAsFiniteDifferences() {
    QFETCH(int, range);
    QFETCH(bool, recompute);
    Recipe recipe = recipe_;
    recipe.vision_activation_mode = static_cast<VisionRange>(range);
    QuantizedVision vision = quantize_vision(*model_, recipe, calibration::pixels_of(config(), prompts_), workers_).vision;
    for (VisionQuantizer& q : vision.activations) {
      q.bits = 15;
      for (float& bound : q.low) bound *= 0.7f;
      for (float& bound : q.high) bound *= 0.7f;
    }
    ActivationSpill spill(path("spill"), int64_t{1} << 30);
    VeoTower tower = tower_of(vision, recompute, spill);
    const VeoBatch b = batch();
    const DecoderSource source(*model_, b.longest, VeoMemory{}.weight_bytes);
    VeoDecoder decoder(source, calibration::probe_of(recipe_), b.samples * b.longest, b.longest, spill, VeoMemory{}.graph_bytes);
    const auto projector = reference::Projector::load(*model_, torch::kFloat32);
    const auto whole = run_vision(*model_, nullptr, b.pixels, workers_);
    const auto float_last = b.real(decoder.last_hidden(b.embed(whole.projected)));
    const VeoDecoderWeights weights{1, 1, {}};
    std::vector<torch::Tensor> gradients_of;  // of the clips, then of the norms
    const auto loss = [&](bool gradients) {
      const torch::AutoGradMode mode(gradients);
      auto output = tower.forward(b.pixels, {});
      if (gradients) output.requires_grad_();
      const auto features = reference::vision_select(*config().vision, output);
      const auto error = (features - whole.tower).norm() / whole.tower.norm();
      const auto hidden = b.embed(reference::project(config().projector, projector, features));
      const auto behind = decoder.losses(b, hidden.detach(), float_last, weights, gradients);
      if (gradients) {
        torch::autograd::backward({hidden, error}, {behind.input_gradient, torch::ones_like(error)});
        gradients_of = tower.backward(output.grad());
      }
      return error.item<double>() + behind.token + behind.hidden_error;
    };
    loss(true);
    std::vector<torch::Tensor> all = tower.clips();
    all.insert(all.end(), tower.norms().begin(), tower.norms().end());
    const std::vector<size_t> tried{0, 5, 15, 16, 21};  // three bounds, a norm's weight and another's bias
    for (size_t i = 0; i < tried.size(); ++i) {
      torch::Tensor parameter = all[tried[i]];
      const torch::NoGradGuard no_gradients;
      const auto direction = gradients_of[tried[i]] / gradients_of[tried[i]].norm();
      const double h = i < 3 ? 0.01 : 0.005;
      parameter.add_(direction, h);
      const double above = loss(false);
      parameter.add_(direction, -2 * h);
      const double below = loss(false);
      parameter.add_(direction, h);
      const double expected = (above - below) / (2 * h), found = gradients_of[tried[i]].norm().item<double>();
      QVERIFY2(near(found, expected, 0.08, 2e-3), qPrintable(QString("parameter %1: %2, by differences %3").arg(i).arg(found).arg(expected)));
    }
  }

  void sensitivityAsAutograd() {
    const VeoBatch b = batch();
    ActivationSpill spill(path("spill"), int64_t{1} << 30);
    const DecoderSource source(*model_, b.longest, VeoMemory{}.weight_bytes);
    VeoDecoder decoder(source, calibration::probe_of(recipe_), b.samples * b.longest, b.longest, spill, VeoMemory{}.graph_bytes);
    const auto features = run_vision(*model_, nullptr, b.pixels, workers_).projected;
    const auto float_last = b.real(decoder.last_hidden(b.embed(features)));
    const auto noisy = b.embed(features + 0.1);
    const auto found = decoder.sensitivity(b, noisy, float_last);
    auto leaf = noisy.clone().requires_grad_();
    const auto rotary = reference::RotaryTable::make(config().decoder, b.longest);
    torch::Tensor first, x = leaf;
    for (int i = 0; i < config().decoder.layers; ++i) {
      x = reference::decoder_layer(config().decoder, reference::DecoderLayer::load(*model_, i, torch::kFloat32), x, rotary, i, [&](Site site, const torch::Tensor& in) {
        if (site.index() == 2) (first = in).retain_grad();
        return in;
      });
    }
    (b.real(x) - float_last).square().sum().backward();
    double norms = 0;
    for (int64_t sample = 0; sample < b.samples; ++sample) norms += first.grad()[sample].norm().item<double>() / static_cast<double>(b.samples);
    QVERIFY(near(found.sites[2], norms, 1e-4));
    QVERIFY((found.input_gradient - leaf.grad()).norm().item<double>() < 1e-4 * leaf.grad().norm().item<double>());
  }

  void spillKeepsValuesAndCleansUp() {
    const auto a = torch::randn({3, 4}), b = torch::randn({2, 5});
    {
      ActivationSpill spill(path("files"), 48);
      const auto first = spill.put(a), second = spill.put(b);
      QCOMPARE(spill.resident_bytes(), int64_t{48});
      QCOMPARE(spill.spilled_bytes(), int64_t{40});
      QVERIFY(torch::equal(spill.get(first), a) && torch::equal(spill.get(second), b));
      fs::resize_file(*fs::directory_iterator(path("files")), 8);
      verify_refused([&] { spill.get(second); }, "expected 40");
    }
    QVERIFY(fs::is_empty(path("files")));
  }

  void training() {
    std::vector<VeoStep> steps;
    std::vector<VeoEpoch> epochs;
    VeoListener listener;
    listener.poll = [] {};
    listener.on_step = [&](const VeoStep& step) { steps.push_back(step); };
    listener.on_epoch = [&](const VeoEpoch& epoch) { epochs.push_back(epoch); };
    const VeoResult result = optimise_vision(*model_, recipe_, start_, prompts_, path("scratch"), workers_, listener);
    QVERIFY(epochs.size() >= 2 && epochs.front().epoch == 0);
    QCOMPARE(static_cast<int>(steps.size()), result.steps);
    for (const VeoStep& step : steps) {
      QVERIFY(step.token_loss > 0 && step.error_loss > 0);
      QVERIFY(step.entropy_loss > 0 && step.entropy_loss < 1);
    }
    // The epoch of the least error is taken, the start where none is better; training ends some epochs behind it.
    const auto least = std::min_element(epochs.begin(), epochs.end(), [](const VeoEpoch& a, const VeoEpoch& b) { return a.error_loss < b.error_loss; });
    QCOMPARE(static_cast<int>(least - epochs.begin()), result.best_epoch);
    double lowest = epochs.front().error_loss;
    for (size_t i = 1; i < epochs.size(); ++i) {
      QCOMPARE(epochs[i].best, epochs[i].error_loss < lowest);
      lowest = std::min(lowest, epochs[i].error_loss);
    }
    QVERIFY(result.epochs == recipe_.veo_epochs || result.epochs - result.best_epoch == VeoSettings{}.patience);
    VeoSettings impatient;
    impatient.patience = 1;
    const VeoResult first = optimise_vision(*model_, recipe_, start_, prompts_, path("scratch"), workers_, {[](const VeoStep&) {}, {}, [] {}, {}}, impatient);
    QVERIFY(first.epochs <= result.epochs && (first.epochs == recipe_.veo_epochs || first.epochs == first.best_epoch + 1));
    QCOMPARE(result.vision.activations == start_.activations, result.best_epoch == 0);
    for (const auto& [name, matrix] : start_.matrices) QVERIFY(result.vision.matrices.at(name).codes == matrix.codes);  // frozen
    // The same again, byte for byte, with graphs kept or not up to rounding.
    const VeoResult again = optimise_vision(*model_, recipe_, start_, prompts_, path("scratch"), workers_, listener);
    QCOMPARE(write_vision(path("a.safetensors"), again.vision), write_vision(path("b.safetensors"), result.vision));
    VeoSettings small;
    small.memory = {0, 0, 0};
    const VeoResult streamed = optimise_vision(*model_, recipe_, start_, prompts_, path("scratch"), workers_, listener, small);
    QCOMPARE(streamed.best_epoch, result.best_epoch);
    for (size_t i = 0; i < result.vision.activations.size(); ++i) {
      QVERIFY(near(streamed.vision.activations[i].low[0], result.vision.activations[i].low[0], 1e-3));
    }
  }

  void refuses() {
    VeoListener listener;
    listener.poll = [] {};
    Recipe sixteen = recipe_;
    sixteen.vision_bits = 16;
    verify_refused([&] { optimise_vision(*model_, sixteen, start_, prompts_, path("scratch"), workers_, listener); }, "nothing to optimise");
    auto silent = prompts_;
    for (auto& prompt : silent) std::fill(prompt.labels.begin(), prompt.labels.end(), -1);
    verify_refused([&] { optimise_vision(*model_, recipe_, start_, silent, path("scratch"), workers_, listener); }, "with answers");
    auto blind = prompts_;
    for (auto& prompt : blind) prompt.parts.resize(1);
    verify_refused([&] { optimise_vision(*model_, recipe_, start_, blind, path("scratch"), workers_, listener); }, "with pictures");
  }
};

QTEST_GUILESS_MAIN(TestVeo)
#include "test_veo.moc"
