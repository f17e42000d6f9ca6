// Rotations: Hadamard matrices, and after every fusion the same float logits, with pictures, on small random models of
// awkward shapes and on the demo model.
#include <torch/types.h>

#undef slots
#include <QtTest>

#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/input/image.h"
#include "core/lab/quantization/transforms/transformed_model.h"
#include "core/lab/reference/hadamard.h"
#include "core/lab/reference/reference_generator.h"
#include "core/lab/reference/tensors.h"
#include "core/model/hadamard.h"
#include "tests/gpu/random_model.h"

using namespace qvlm;
using namespace qvlm::quantization;

namespace {

// Logits of every row of a prompt with pictures (where the model takes them). [rows * vocabulary]
std::vector<float> logits_of(const std::shared_ptr<const Model>& model, const std::vector<PromptPart>& prompt,
                             int64_t rows) {
  const auto generator = reference::make_reference_generator(model);
  generator->append(prompt, {});
  return generator->last_logits(rows);
}

// ||a - b|| / ||a||
double relative_difference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return INFINITY;
  double error = 0, energy = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    error += (a[i] - b[i]) * (a[i] - b[i]);
    energy += a[i] * a[i];
  }
  return std::sqrt(error / energy);
}

std::vector<PromptPart> prompt_with_picture() {
  return {std::vector<int32_t>{1, 5, 7}, random_picture(32, 3), std::vector<int32_t>{9, 2, 64, 17}};
}
constexpr int64_t kPromptRows = 3 + 16 + 4;

VlmConfig decoder_of(int hidden, int ffn, int heads, int kv_heads, int head_dim) {
  VlmConfig config = small_config();
  config.decoder.hidden = hidden;
  config.decoder.ffn = ffn;
  config.decoder.heads = heads;
  config.decoder.kv_heads = kv_heads;
  config.decoder.head_dim = head_dim;
  return config;
}

}  // namespace

class TestTransforms : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void orders() {
    for (const int64_t order : {1, 2, 4, 8, 12, 20, 28, 36, 60, 96, 108, 148, 576, 1536, 5120, 13824, 18944})
      QVERIFY2(hadamard_order(order), std::to_string(order).c_str());
    for (const int64_t order : {0, 3, 6, 10, 92 * 2 + 1, 172, 11008}) QVERIFY(!hadamard_order(order));
    QCOMPARE(hadamard_order(576)->core, 36);
    QCOMPARE(hadamard_order(13824)->core, 108);
    // Where the width has none: the largest block that divides it.
    QCOMPARE(hadamard_block(11008), 256);
    QCOMPARE(hadamard_block(14336), 14336);  // 28 * 512
    QCOMPARE(hadamard_block(172), 4);
    QCOMPARE(hadamard_block(6), 2);
    QCOMPARE(hadamard_block(7), 1);
    QVERIFY_THROWS_EXCEPTION(Error, hadamard_block(0));
  }

  void rowsAreOrthogonal_data() {
    QTest::addColumn<int>("core");
    for (const int core : {1, 12, 20, 28, 36, 44, 60, 76, 108, 148}) QTest::addRow("%d", core) << core;
  }
  void rowsAreOrthogonal() {
    QFETCH(int, core);
    const std::vector<float> h = hadamard_core(core);
    for (int i = 0; i < core; ++i)
      for (int j = 0; j <= i; ++j) {
        float product = 0;
        for (int k = 0; k < core; ++k) product += h[static_cast<size_t>(i * core + k)] * h[static_cast<size_t>(j * core + k)];
        QCOMPARE(product, i == j ? static_cast<float>(core) : 0.0f);
      }
    for (const float entry : h) QVERIFY(entry == 1 || entry == -1);
  }

  void torchEqualsThePlainLoop_data() {
    QTest::addColumn<int>("width");
    QTest::addColumn<int>("block");
    for (const auto& [width, block] : std::vector<std::pair<int, int>>{
             {2, 2}, {64, 64}, {96, 96}, {160, 160}, {576, 576}, {172, 4}, {512, 512}, {2048, 2048}, {344, 8}, {1536, 1536}})
      QTest::addRow("%d in blocks of %d", width, block) << width << block;
  }
  void torchEqualsThePlainLoop() {
    QFETCH(int, width);
    QFETCH(int, block);
    torch::manual_seed(1);
    const auto x = torch::randn({3, 2, width});
    auto plain = x.clone();
    apply_hadamard(std::span(plain.data_ptr<float>(), static_cast<size_t>(plain.numel())), block);
    const auto fast = reference::apply_hadamard(x, block);
    QVERIFY((fast - plain).abs().max().item<float>() < 1e-5f);
    QVERIFY(std::abs((fast.norm() / x.norm()).item<double>() - 1) < 1e-5);
    QVERIFY_THROWS_EXCEPTION(Error, reference::apply_hadamard(x, 3));
    QVERIFY_THROWS_EXCEPTION(Error, reference::apply_hadamard(x, int64_t{width} * 2));
  }

  // R spreads one large channel over all: what it is for.
  void rotationSpreadsAnOutlier() {
    const auto rotation = Rotation::hadamard(576, 3, "test");
    auto x = torch::zeros({1, 576});
    x[0][17] = 24;
    QVERIFY(std::abs(rotation.times(x).abs().max().item<float>() - 1) < 1e-5f);
    const auto dense = Rotation::random(40, 5);
    const auto y = torch::randn({2, 40});
    QVERIFY(torch::allclose(dense.transposed_times(dense.times(torch::eye(40))), torch::eye(40), 0, 1e-5));
    QVERIFY(torch::allclose(dense.times(y).norm(), y.norm()));
    QVERIFY_THROWS_EXCEPTION(Error, Rotation::dense(torch::randn({4, 4}), "test"));
    QVERIFY_THROWS_EXCEPTION(Error, Rotation::hadamard(9, 1, "test"));
  }

  void logitsStay_data() {
    QTest::addColumn<int>("shape");
    QTest::addColumn<int>("mode");
    for (int shape = 0; shape < 6; ++shape)
      for (const auto mode : {RotationMode::FOLD, RotationMode::R1R2, RotationMode::R1R2R4})
        QTest::addRow("shape %d, %s", shape, std::string(name_of(mode)).c_str()) << shape << static_cast<int>(mode);
  }
  void logitsStay() {
    QFETCH(int, shape);
    QFETCH(int, mode);
    VlmConfig config;
    RandomWeights weights{.bits = 16};
    switch (shape) {
      case 0:  // grouped queries, orders 12 * 8, 12 * 2, 20 * 8
        config = small_config();
        break;
      case 1:  // biases on query, key and value; two key-value heads
        config = decoder_of(64, 96, 4, 2, 16);
        config.decoder.attention_bias = true;
        break;
      case 2:  // an odd number of heads; blocks of 2 and 4 where the widths have no whole Hadamard
        config = decoder_of(44, 172, 5, 5, 6);
        break;
      case 3:  // a tied head, heads normed
        config = decoder_of(64, 128, 6, 3, 32);
        config.decoder.tied_head = config.decoder.query_key_norm = true;
        break;
      case 4:  // quantized weights, dequantized
        config = decoder_of(64, 128, 4, 4, 16);
        weights = {.bits = 4};
        break;
      default:  // no tower, tied, biases
        config = decoder_of(36, 60, 9, 3, 4);
        config.vision.reset();
        config.family = "llama";
        config.decoder.tied_head = config.decoder.attention_bias = true;
    }
    const auto source = std::make_shared<RandomModel>(config, weights);
    const auto model = std::make_shared<TransformedModel>(
        source, make_transform(config.decoder, static_cast<RotationMode>(mode), 11));
    QCOMPARE(model->config().decoder.tied_head, false);
    const auto prompt = config.vision ? prompt_with_picture()
                                      : std::vector<PromptPart>{std::vector<int32_t>{1, 5, 7, 9, 2, 64, 17}};
    const int64_t rows = config.vision ? kPromptRows : 7;
    const double difference = relative_difference(logits_of(source, prompt, rows), logits_of(model, prompt, rows));
    QVERIFY2(difference < 1e-3, std::to_string(difference).c_str());
    QVERIFY(difference > 0);
    // Norms are ones, and the weights are others than the source's.
    QVERIFY(torch::equal(reference::load_tensor(*model, "decoder.1.mlp_norm.weight", torch::kFloat32),
                         torch::ones({config.decoder.hidden})));
    const auto before = reference::load_tensor(*source, "decoder.1.mlp.gate.weight", torch::kFloat32),
               after = reference::load_tensor(*model, "decoder.1.mlp.gate.weight", torch::kFloat32);
    QVERIFY(!torch::allclose(before, after, 1e-2, 1e-2));
    QVERIFY(model->fingerprint() != source->fingerprint());
  }

  void logitsOfTheDemoModelStay() {
    const auto folder = std::filesystem::path(QVLM_SOURCE_DIR) / "resources/demo";
    const std::shared_ptr<const Model> source = open_model(folder / "model");
    const PixelTensor pixels = preprocess(read_image(folder / "images/sample-1.png"), source->config().preprocess);
    const std::vector<PromptPart> prompt{std::vector<int32_t>{1, 20, 30}, pixels, std::vector<int32_t>{50, 60, 70, 80}};
    const int64_t rows = 3 + 64 + 4;
    const auto expected = logits_of(source, prompt, rows);
    for (const auto mode : {RotationMode::FOLD, RotationMode::R1R2, RotationMode::R1R2R4}) {
      const auto model = std::make_shared<TransformedModel>(source, make_transform(source->config().decoder, mode, 0));
      const double difference = relative_difference(expected, logits_of(model, prompt, rows));
      qInfo("%s: %.1e", std::string(name_of(mode)).c_str(), difference);
      QVERIFY2(difference < 1e-3, std::to_string(difference).c_str());
    }
  }

  void aScaledMiddleAndADenseRotationKeepLogitsToo() {
    const VlmConfig config = small_config();
    const auto source = std::make_shared<RandomModel>(config, RandomWeights{.bits = 16});
    ModelTransform transform;
    transform.name = "test";
    transform.residual = Rotation::random(config.decoder.hidden, 2);
    transform.layers.resize(static_cast<size_t>(config.decoder.layers));
    for (LayerTransform& layer : transform.layers) {
      layer.value_scales = torch::ones({config.decoder.kv_heads * config.decoder.head_dim});
      layer.value_scales.narrow(0, 1, 2).fill_(20);
      layer.middle_scales = torch::ones({config.decoder.ffn});
      layer.middle_scales.narrow(0, 3, 5).fill_(30);
    }
    const auto model = std::make_shared<TransformedModel>(source, transform);
    const double difference = relative_difference(logits_of(source, prompt_with_picture(), kPromptRows),
                                                  logits_of(model, prompt_with_picture(), kPromptRows));
    QVERIFY2(difference < 1e-3, std::to_string(difference).c_str());
  }

  void refuses() {
    const auto refused = [](const auto& call, const char* part) {
      try {
        call();
      } catch (const Error& error) {
        return QString(error.what()).contains(part);
      }
      return false;
    };
    const VlmConfig config = small_config();
    auto source = std::make_shared<RandomModel>(config, RandomWeights{.bits = 16});
    const auto transform = make_transform(config.decoder, RotationMode::R1R2R4, 0);
    QVERIFY(refused([&] { make_transform(config.decoder, RotationMode::NONE, 0); }, "rotation"));
    VlmConfig odd = decoder_of(45, 64, 3, 3, 16);
    QVERIFY(refused([&] { make_transform(odd.decoder, RotationMode::R1R2, 0); }, "found 45"));
    odd = decoder_of(48, 75, 3, 3, 16);
    QVERIFY(refused([&] { make_transform(odd.decoder, RotationMode::R1R2R4, 0); }, "found 75"));
    const auto other = std::make_shared<RandomModel>(decoder_of(64, 96, 4, 2, 16), RandomWeights{.bits = 16});
    QVERIFY(refused([&] { TransformedModel(other, transform); }, "heads"));

    source->values("decoder.1.mlp.up.weight")[5] = std::numeric_limits<float>::quiet_NaN();
    const TransformedModel spoiled(source, transform);
    QVERIFY(refused([&] { spoiled.load("decoder.1.mlp.up.weight"); }, "decoder.1.mlp.up.weight"));
    source->values("decoder.1.mlp_norm.weight")[5] = std::numeric_limits<float>::infinity();
    QVERIFY(refused([&] { spoiled.load("decoder.1.mlp.gate.weight"); }, "decoder.1.mlp_norm.weight"));
    spoiled.load("decoder.0.mlp.up.weight");
    QVERIFY(refused([&] { spoiled.load("decoder.7.mlp.up.weight"); }, "no tensor"));
    source->set_activations(std::vector<ActivationQuantizer>(12));
    QVERIFY(refused([&] { TransformedModel(source, transform); }, "quantized already"));
    const auto twice = std::make_shared<TransformedModel>(
        std::make_shared<RandomModel>(config, RandomWeights{.bits = 16}), transform);
    QVERIFY(refused([&] { TransformedModel(twice, transform); }, "online transform already"));
  }

  // What a run says of its rotation.
  void describesItsBlocks() {
    DecoderConfig seven;  // LLaVA-1.5-7B
    seven.hidden = 4096, seven.ffn = 11008, seven.layers = 1, seven.heads = seven.kv_heads = 32, seven.head_dim = 128;
    QCOMPARE(describe(make_transform(seven, RotationMode::R1R2R4, 0), seven),
             std::string("norm gains folded; R1 4096 whole; R2 128 whole; R4 (online) 11008 in blocks of 256"));
    QCOMPARE(describe(make_transform(seven, RotationMode::FOLD, 0), seven), std::string("norm gains folded"));
  }

  // The same seed gives the same weights, another seed others; what is loaded twice is the same bytes.
  void deterministic() {
    const VlmConfig config = small_config();
    const auto source = std::make_shared<RandomModel>(config, RandomWeights{.bits = 16});
    const auto weight = [&](uint64_t seed) {
      const TransformedModel model(source, make_transform(config.decoder, RotationMode::R1R2, seed));
      const auto first = load_float(model, "decoder.2.attention.value.weight");
      model.release("decoder.2.attention.value.weight");
      return std::pair(first, load_float(model, "decoder.2.attention.value.weight"));
    };
    const auto a = weight(1), b = weight(1), c = weight(2);
    QVERIFY(a.first == a.second);
    QVERIFY(a.first == b.first);
    QVERIFY(a.first != c.first);
  }
};

QTEST_GUILESS_MAIN(TestTransforms)
#include "test_transforms.moc"
