// Learned transforms: each formula against an independent one, the function that stays, the loss that falls, and the way through the files.
#include <torch/types.h>

#include <torch/csrc/autograd/autograd.h>

#undef slots
#include <QTemporaryDir>
#include <QtTest>

#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

#include "core/base/error.h"
#include "core/lab/quantization/layer_file.h"
#include "core/lab/quantization/methods/fake_quantize.h"
#include "core/lab/quantization/methods/learned_transform.h"
#include "core/lab/quantization/transforms/invertible.h"
#include "core/lab/reference/activation.h"
#include "core/lab/reference/reference_generator.h"
#include "core/model/kronecker.h"
#include "core/model/qvlm_folder.h"
#include "tests/base/message_of.h"
#include "tests/gpu/random_model.h"
#include "tests/lab_quantization/site_fixture.h"

using namespace qvlm;
using namespace qvlm::quantization;

namespace {

double relative(const torch::Tensor& got, const torch::Tensor& exact) {
  return ((got - exact).to(torch::kFloat64).square().sum() / exact.to(torch::kFloat64).square().sum()).sqrt().item<double>();
}

// Rounds; gradients pass.
torch::Tensor through(const torch::Tensor& x) { return x + (x.detach().round() - x).detach(); }

// fake_quantize in torch's own operations.
torch::Tensor plain_fake_quantize(const torch::Tensor& x, const torch::Tensor& low, const torch::Tensor& high, const FakeGrid& grid) {
  auto lo = x.amin(1, true), hi = x.amax(1, true);
  if (!grid.symmetric) {
    lo = lo.clamp_max(0);
    hi = hi.clamp_min(0);
  }
  lo = lo * low.unsqueeze(1);
  hi = hi * high.unsqueeze(1);
  const double top = (1 << grid.bits) - 1, half = 1 << (grid.bits - 1);
  const auto scale = grid.symmetric ? torch::maximum(lo.abs(), hi.abs()) / (half - 1) : (hi - lo) / top;
  const auto zero = grid.symmetric ? torch::full_like(scale, half).detach() : through(-lo / scale);
  const auto codes = (through(x / scale) + zero).clamp(grid.symmetric ? 1 : 0, top);
  return (codes - zero) * scale;
}

// A layer of planted outliers: one channel of each norm, and some of the MLP's middle.
struct Planted {
  DecoderConfig config = site_fixture::small_config(2);
  reference::RotaryTable rotary = reference::RotaryTable::make(config, 64);
  reference::DecoderLayer layer;
  calibration::Batches batches;
  std::vector<torch::Tensor> hidden;

  explicit Planted(bool bias = false) {
    torch::manual_seed(5);
    layer = site_fixture::random_layer(config, bias);
    layer.mlp_norm[11] = 12.0;
    layer.up.narrow(0, 7, 3).mul_(25);
    layer.down.narrow(1, 7, 3).div_(25);
    std::vector<torch::Tensor> samples;
    for (int i = 0; i < 8; ++i) samples.push_back(torch::randn({1, 14 + i, config.hidden}));
    batches = calibration::make_batches(samples, 4, 2);
    for (const auto& batch : batches.all) hidden.push_back(batch.hidden);
  }

  LayerCalibration calibration(WeightGrid grid, ActivationQuantizer quantizer) const {
    LayerCalibration c{config, rotary, batches, hidden, {}, {grid, grid, grid, grid}, "decoder.0"};
    c.quantizer = quantizer;
    return c;
  }

  // Of the layer with its weights rounded as round to nearest does and its inputs as the reference does, over all tokens.
  double rounded_loss(const PreparedLayer& prepared, WeightGrid grid, ActivationQuantizer quantizer) const {
    auto rounded = prepared.layer;
    for (int kind = 0; kind < kSitesPerLayer; ++kind) {
      for (const auto suffix : linears_of(static_cast<SiteKind>(kind)))
        rounded.linear(suffix) = round_to_nearest(prepared.weight_to_round(suffix), grid, "test").dequantize();
    }
    double error = 0, energy = 0;
    for (size_t b = 0; b < hidden.size(); ++b) {
      const auto exact = reference::decoder_layer(config, layer, hidden[b], rotary, 0);
      const auto got = reference::decoder_layer(config, rounded, hidden[b], rotary, 0, [&](Site site, const torch::Tensor& x) {
        ActivationQuantizer q = quantizer;
        q.clip = prepared.clips[static_cast<size_t>(site.kind)];
        return reference::quantize_activations(x, q);
      });
      error += calibration::squared_error(batches.all[b], got, exact);
      energy += calibration::energy(batches.all[b], exact);
    }
    return error / energy;
  }
};

constexpr WeightGrid kW4{4, 32, false};
const ActivationQuantizer kA4{ActivationGranularity::DYNAMIC_TOKEN, 4};

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

class TestLearnedTransforms : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void shapes() {
    for (const auto& [width, left, right] : std::vector<std::array<int64_t, 3>>{
             {256, 16, 16}, {576, 24, 24}, {1536, 32, 48}, {96, 8, 12}, {11008, 86, 128}, {7, 1, 7}, {45, 5, 9}, {1, 1, 1}}) {
      const KroneckerShape shape = kronecker_shape(width);
      QCOMPARE(shape.left, left);
      QCOMPARE(shape.right, right);
    }
    QVERIFY_THROWS_EXCEPTION(Error, kronecker_shape(0));
    QCOMPARE(transform_part(SiteKind::ATTENTION_INPUT, "left"), std::string("transform.qkv.left"));
  }

  void torchEqualsThePlainLoop_data() {
    QTest::addColumn<int>("left");
    QTest::addColumn<int>("right");
    for (const auto& [left, right] : std::vector<std::pair<int, int>>{{1, 7}, {3, 5}, {5, 9}, {8, 12}, {16, 16}, {1, 1}})
      QTest::addRow("%d x %d", left, right) << left << right;
  }
  void torchEqualsThePlainLoop() {
    QFETCH(int, left);
    QFETCH(int, right);
    torch::manual_seed(left * 100 + right);
    const reference::SiteTransform t{torch::randn({left, left}), torch::randn({right, right})};
    const auto x = torch::randn({2, 3, left * right});
    auto plain = x.clone();
    apply_kronecker(std::span(plain.data_ptr<float>(), static_cast<size_t>(plain.numel())),
                    std::span(t.left.data_ptr<float>(), static_cast<size_t>(t.left.numel())), left,
                    std::span(t.right.data_ptr<float>(), static_cast<size_t>(t.right.numel())), right);
    QVERIFY(relative(reference::apply_transform(x, t), plain) < 1e-6);
    // The same as the dense matrix.
    QVERIFY(relative(torch::matmul(x, torch::kron(t.left, t.right)), plain) < 1e-6);
    QVERIFY_THROWS_EXCEPTION(Error, reference::apply_transform(torch::randn({2, left * right + 1}), t));
    QVERIFY_THROWS_EXCEPTION(Error, apply_kronecker(std::span<float>(), {}, 0, {}, 1));
    QVERIFY(reference::apply_transform(x, {}).is_same(x));
  }

  void theInverseIsTheInverse_data() {
    QTest::addColumn<int>("n");
    QTest::addColumn<bool>("hadamard");
    for (const int n : {1, 2, 5, 8, 12, 24})
      for (const bool hadamard : {true, false}) QTest::addRow("%d%s", n, hadamard ? ", Hadamard" : "") << n << hadamard;
  }
  void theInverseIsTheInverse() {
    QFETCH(int, n);
    QFETCH(bool, hadamard);
    torch::manual_seed(n);
    InvertibleMatrix m = InvertibleMatrix::make(n, hadamard);
    const auto one = torch::eye(n, torch::kFloat64);
    QVERIFY(torch::allclose(m.in_double().matrices().matrix, m.start, 0, 1e-12));
    QVERIFY(torch::allclose(torch::mm(m.start.t(), m.start), one, 0, 1e-12));
    QCOMPARE(torch::equal(m.start, one), !hadamard || n == 1 || n % 2 == 1);
    for (torch::Tensor* parameter : m.parameters()) *parameter = 0.5 * torch::randn(parameter->sizes());
    const auto wide = m.in_double().matrices();
    QVERIFY(torch::allclose(wide.inverse_transposed.t(), torch::linalg_inv(wide.matrix), 1e-9, 1e-9));
    const auto narrow = m.matrices();
    QVERIFY(relative(narrow.matrix, wide.matrix) < 1e-5);
    QVERIFY(relative(narrow.inverse_transposed, wide.inverse_transposed) < 1e-5);
    // Without scales it is orthogonal.
    m.log_scale.zero_();
    const auto turn = m.in_double().matrices().matrix;
    QVERIFY(torch::allclose(torch::mm(turn.t(), turn), one, 0, 1e-12));
  }

  void fakeQuantizeEqualsTorch_data() {
    QTest::addColumn<int>("bits");
    QTest::addColumn<int>("group");
    QTest::addColumn<bool>("symmetric");
    for (const int bits : {2, 4, 8})
      for (const int group : {7, 32, 45, 256})
        for (const bool symmetric : {false, true}) QTest::addRow("%d bits, %d%s", bits, group, symmetric ? ", symmetric" : "") << bits << group << symmetric;
  }
  void fakeQuantizeEqualsTorch() {
    QFETCH(int, bits);
    QFETCH(int, group);
    QFETCH(bool, symmetric);
    torch::manual_seed(bits * 1000 + group);
    const FakeGrid grid{bits, symmetric};
    const int64_t rows = 9;
    auto x = torch::randn({rows, group});
    x[1] = x[1].abs();   // zero is its least bound
    x[2] = -x[2].abs();
    x[3] *= 1000;
    const auto low = (0.5 + 0.5 * torch::rand({rows})), high = (0.5 + 0.5 * torch::rand({rows})), g = torch::randn({rows, group});
    std::vector<torch::Tensor> ours, torchs;
    torch::Tensor y, expected;
    for (const bool plain : {false, true}) {
      const std::vector<torch::Tensor> leaves{x.clone().requires_grad_(), low.clone().requires_grad_(), high.clone().requires_grad_()};
      (plain ? expected : y) = plain ? plain_fake_quantize(leaves[0], leaves[1], leaves[2], grid) : fake_quantize(leaves[0], leaves[1], leaves[2], grid);
      (plain ? torchs : ours) = torch::autograd::grad({plain ? expected : y}, leaves, {g});
    }
    QVERIFY(relative(y.detach(), expected.detach()) < 1e-5);
    for (size_t i = 0; i < 3; ++i) QVERIFY2(relative(ours[i], torchs[i]) < 1e-4, std::to_string(i).c_str());
    // Without factors: the bounds themselves.
    QVERIFY(torch::equal(fake_quantize(x, {}, {}, grid), fake_quantize(x, torch::ones({rows}), torch::ones({rows}), grid)));
    // A constant row has no range, and no gradient that is not a number.
    const auto zero = torch::zeros({2, group}).requires_grad_();
    const auto still = fake_quantize(zero, {}, {}, grid);
    QVERIFY(torch::equal(still.detach(), torch::zeros({2, group})));
    QVERIFY(torch::isfinite(torch::autograd::grad({still}, {zero}, {torch::ones({2, group})})[0]).all().item<bool>());
  }

  void fakeQuantizeIsWhatTheRunRounds() {
    torch::manual_seed(3);
    const auto x = torch::randn({40, 64});
    const auto per_token = reference::quantize_activations(x, {ActivationGranularity::DYNAMIC_TOKEN, 4, 0, 0, 0, 0.9f});
    const auto clip = torch::full({40}, 0.9f);
    QVERIFY(relative(fake_quantize(x, clip, clip, {4, false}), per_token) < 1e-5);
    for (const bool symmetric : {false, true}) {
      const auto weight = round_to_nearest(x, {3, 32, symmetric}, "test").dequantize();
      // But for the scales' rounding to float16, which moves a value in a thousand by a step.
      QVERIFY(relative(fake_quantize(x.reshape({-1, 32}), {}, {}, {3, symmetric}).reshape({40, 64}), weight) < 5e-2);
    }
  }

  void theFunctionStays_data() {
    QTest::addColumn<bool>("bias");
    QTest::addColumn<int>("epochs");
    for (const bool bias : {false, true})
      for (const int epochs : {1, 8}) QTest::addRow("%s, %d epochs", bias ? "biases" : "no biases", epochs) << bias << epochs;
  }
  void theFunctionStays() {
    QFETCH(bool, bias);
    QFETCH(int, epochs);
    const torch::NoGradGuard guard;
    const Planted p(bias);
    const auto learned = learn_transforms(p.layer, p.calibration(kW4, kA4), {epochs, true, 0});
    QVERIFY(learned.prepared.folded);
    double turned = 0;
    for (const auto& h : p.hidden) {
      const auto exact = reference::decoder_layer(p.config, p.layer, h, p.rotary, 0);
      const double difference = relative(reference::decoder_layer(p.config, learned.prepared.layer, h, p.rotary, 0), exact);
      QVERIFY2(difference < 1e-5, std::to_string(difference).c_str());
      turned += relative(reference::enter_layer(p.config, learned.prepared.layer, h).site_input, reference::enter_layer(p.config, p.layer, h).site_input);
    }
    QVERIFY(turned > 0.1);  // what the site reads is another
    for (const auto& t : learned.prepared.layer.transforms) QVERIFY(t.active());
  }

  void trainingLowersTheLoss_data() {
    QTest::addColumn<int>("mode");
    QTest::addColumn<int>("group");
    QTest::addColumn<bool>("symmetric");
    QTest::newRow("W4A4 a token") << int(ActivationGranularity::DYNAMIC_TOKEN) << 32 << false;
    QTest::newRow("W4A4 a group, rows") << int(ActivationGranularity::DYNAMIC_GROUP) << 0 << false;
    QTest::newRow("W4A4 symmetric") << int(ActivationGranularity::DYNAMIC_TOKEN) << 32 << true;
    QTest::newRow("W4A16") << int(ActivationGranularity::NONE) << 32 << false;
  }
  void trainingLowersTheLoss() {
    QFETCH(int, mode);
    QFETCH(int, group);
    QFETCH(bool, symmetric);
    const torch::NoGradGuard guard;
    const Planted p;
    const WeightGrid grid{4, group, symmetric};
    ActivationQuantizer quantizer{static_cast<ActivationGranularity>(mode), mode == 0 ? 16 : 4};
    if (quantizer.granularity == ActivationGranularity::DYNAMIC_GROUP) quantizer.group = 32;
    const double rtn = p.rounded_loss({p.layer, {}, false}, grid, quantizer);
    // Rounding makes of the least difference between two machines' sums another training: what holds on all of them is the mean over some.
    constexpr int kTrainings = 3;
    double of_start = 0, of_rtn = 0;
    for (int seed = 0; seed < kTrainings; ++seed) {
      const auto learned = learn_transforms(p.layer, p.calibration(grid, quantizer), {30, true, static_cast<uint64_t>(seed)});
      const double real = p.rounded_loss(learned.prepared, grid, quantizer);
      QVERIFY(learned.loss <= learned.start_loss);
      QVERIFY(std::abs(learned.plain_loss / rtn - 1) < 0.1);  // what training sees is what runs
      QVERIFY(std::abs(learned.loss / real - 1) < 0.2);
      of_start += learned.loss / learned.start_loss / kTrainings;
      of_rtn += real / rtn / kTrainings;
    }
    qInfo("learned over start %.3f, as it runs over rounded to nearest %.3f", of_start, of_rtn);
    QVERIFY(of_start < 0.98);  // one training gains 1 to 25 %: with evened channels, the start is good
    QVERIFY(of_rtn < (mode == 0 ? 0.5 : 0.4));
  }

  void theSameAgain() {
    const torch::NoGradGuard guard;
    reference::set_threads(1);
    const Planted p;
    const reference::Workers workers(2);
    auto c = p.calibration(kW4, kA4);
    // Long enough that training beats its start whatever order the machine sums in.
    const auto first = learn_transforms(p.layer, c, {30, true, 7}), second = learn_transforms(p.layer, c, {30, true, 7});
    c.workers = &workers;
    const auto shared = learn_transforms(p.layer, c, {30, true, 7}), other = learn_transforms(p.layer, c, {30, true, 8});
    qInfo("learned over start: %.3f", first.loss / first.start_loss);
    QVERIFY(first.loss < first.start_loss);
    for (const auto* again : {&second, &shared}) {
      QCOMPARE(first.loss, again->loss);
      for (size_t kind = 0; kind < kSitesPerLayer; ++kind) {
        QVERIFY(torch::equal(first.prepared.layer.transforms[kind].left, again->prepared.layer.transforms[kind].left));
        QVERIFY(torch::equal(first.prepared.layer.transforms[kind].right, again->prepared.layer.transforms[kind].right));
        QCOMPARE(first.prepared.clips[kind], again->prepared.clips[kind]);
      }
      for (const auto& [suffix, weight] : first.prepared.to_round) QVERIFY(torch::equal(weight, again->prepared.to_round.at(suffix)));
    }
    QVERIFY(!torch::equal(first.prepared.layer.down, other.prepared.layer.down));
  }

  // Training can be left at any step.
  void isCancelled() {
    const torch::NoGradGuard guard;
    const Planted p;
    auto c = p.calibration(kW4, kA4);
    int polls = 0;
    c.poll = [&polls] {
      if (++polls == 9) throw Cancelled();
    };
    QVERIFY_THROWS_EXCEPTION(Cancelled, learn_transforms(p.layer, c, {50, true, 0}));
    QCOMPARE(polls, 9);
  }

  // A constant layer input, and layers of zeros.
  void nothingToLearnFrom() {
    const torch::NoGradGuard guard;
    Planted p;
    for (auto& h : p.hidden) h.zero_();
    p.layer.down.zero_();
    const auto learned = learn_transforms(p.layer, p.calibration(kW4, kA4), {2, true, 0});
    for (const auto& t : learned.prepared.layer.transforms) QVERIFY(torch::isfinite(t.left).all().item<bool>() && torch::isfinite(t.right).all().item<bool>());
    QVERIFY(torch::isfinite(learned.prepared.layer.up).all().item<bool>());
  }

  // Every layer of a whole model folded: the float logits stay.
  void logitsStay() {
    const torch::NoGradGuard guard;
    const VlmConfig config = small_config();
    const RandomModel model(config, {.bits = 16});
    const DecoderConfig& d = config.decoder;
    const auto rotary = reference::RotaryTable::make(d, 64);
    torch::manual_seed(2);
    std::vector<torch::Tensor> samples;
    for (int i = 0; i < 4; ++i) samples.push_back(torch::randn({1, 12, d.hidden}));
    const auto batches = calibration::make_batches(samples, 2);
    std::vector<torch::Tensor> exact, folded;
    for (const auto& batch : batches.all) exact.push_back(batch.hidden);
    folded = exact;
    for (int l = 0; l < d.layers; ++l) {
      const auto layer = reference::DecoderLayer::load(model, l, torch::kFloat32);
      LayerCalibration c{d, rotary, batches, exact, {}, {kW4, kW4, {4, 0, false}, kW4}, "decoder"};
      c.grids[1] = {4, 0, false};  // 72 channels
      c.quantizer = kA4;
      const auto learned = learn_transforms(layer, c, {4, true, 0});
      for (size_t b = 0; b < exact.size(); ++b) {
        exact[b] = reference::decoder_layer(d, layer, exact[b], rotary, l);
        folded[b] = reference::decoder_layer(d, learned.prepared.layer, folded[b], rotary, l);
      }
    }
    const auto ends = reference::DecoderEnds::load(model, torch::kFloat32);
    for (size_t b = 0; b < exact.size(); ++b) {
      const double difference = relative(reference::decoder_logits(d, ends, folded[b]), reference::decoder_logits(d, ends, exact[b]));
      QVERIFY2(difference < 1e-3, std::to_string(difference).c_str());
    }
  }

  // Written, opened, run one by one and in a batch: the same logits.
  void throughTheFolder() {
    VlmConfig config = small_config();
    config.vision.reset();
    config.family = "llama";
    config.decoder.site_transforms = true;
    const auto source = std::make_shared<RandomModel>(config, RandomWeights{.bits = 4});
    QTemporaryDir temporary;
    const auto folder = std::filesystem::path(temporary.path().toStdString()) / "random.qvlm";
    std::filesystem::create_directories(folder);
    QvlmWriter writer(folder, {.config = config, .tokenizer = {}, .weight_method = "rtn"});
    for (const ExpectedTensor& tensor : expected_tensors(config)) writer.add(tensor.name, source->load(tensor.name));
    writer.finish();
    const std::shared_ptr<const Model> opened = open_model(folder);
    QVERIFY(opened->config().decoder.site_transforms);
    QVERIFY(opened->unmatched().empty());
    const std::vector<int32_t> tokens{1, 5, 7, 9, 2, 64, 17}, answer{3, 4, 5};
    const auto logits_of = [&](const std::shared_ptr<const Model>& model) {
      const auto generator = reference::make_reference_generator(model);
      const std::vector<PromptPart> prompt{tokens};
      generator->append(prompt, {});
      return generator->last_logits(static_cast<int64_t>(tokens.size()));
    };
    const auto expected = logits_of(source);
    QVERIFY(logits_of(opened) == expected);
    VlmConfig plain = config;
    plain.decoder.site_transforms = false;
    QVERIFY(logits_of(std::make_shared<RandomModel>(plain, RandomWeights{.bits = 4})) != expected);
    const auto batch = reference::make_reference_batch_generator(opened);
    const std::vector<std::vector<PromptPart>> prompts{{tokens}, {std::vector<int32_t>{8, 9}}};
    const std::vector<std::vector<int32_t>> continuations{answer, answer};
    batch->fill(prompts, {});
    batch->force(continuations, {});
    const auto forced = batch->forced_logits(0, 0, 1);
    const size_t vocabulary = forced.size();
    for (size_t i = 0; i < vocabulary; ++i) QVERIFY(std::abs(forced[i] - expected[expected.size() - vocabulary + i]) < 1e-4f);

    source->values("decoder.1.transform.down.right")[5] = std::numeric_limits<float>::quiet_NaN();
    const std::string message = message_of([&] { reference::make_reference_generator(source); });
    QVERIFY2(has(message, "decoder.1.transform.down.right") && has(message, "finite"), message.c_str());
  }

  void aLayersFile() {
    QTemporaryDir temporary;
    const auto path = std::filesystem::path(temporary.path().toStdString()) / "layer.safetensors";
    const Planted p;
    QuantizedLayer layer;
    layer.attention_norm = p.layer.attention_norm;
    layer.mlp_norm = p.layer.mlp_norm;
    for (int kind = 0; kind < kSitesPerLayer; ++kind) {
      const auto site = static_cast<SiteKind>(kind);
      const KroneckerShape shape = kronecker_shape(width_of(p.config, site));
      layer.transforms[static_cast<size_t>(kind)] = {torch::randn({shape.left, shape.left}), torch::randn({shape.right, shape.right})};
      for (const auto suffix : linears_of(site)) layer.matrices[std::string(suffix)] = round_to_nearest(p.layer.linear(suffix), kW4, "test").matrix();
    }
    const auto hash = write_layer(path, layer);
    const QuantizedLayer again = read_layer(path, hash);
    for (size_t kind = 0; kind < kSitesPerLayer; ++kind) {
      QVERIFY(torch::equal(again.transforms[kind].left, layer.transforms[kind].left));
      QVERIFY(torch::equal(again.dequantize().transforms[kind].right, layer.transforms[kind].right));
    }
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    const auto damaged = [&](const std::string& from, const std::string& to) {
      std::string copy = text.str();
      const auto at = copy.find(from);
      if (at == std::string::npos) return "not found: " + from;
      copy.replace(at, from.size(), to);
      std::ofstream(path, std::ios::binary) << copy;
      return message_of([&] { read_layer(path, ""); });
    };
    std::string message = damaged("transform.down.left", "transform.down.lefd");
    QVERIFY2(has(message, "transform of the down input has only one of its halves"), message.c_str());
    layer.transforms[2].left[1][1] = std::numeric_limits<float>::infinity();
    write_layer(path, layer);
    message = message_of([&] { read_layer(path, ""); });
    QVERIFY2(has(message, "transform.up.left") && has(message, "finite"), message.c_str());
  }
};

QTEST_GUILESS_MAIN(TestLearnedTransforms)
#include "test_learned_transforms.moc"
