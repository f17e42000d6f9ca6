// The demo VLM's trainer: its fused operations compute what the reference computes, forward and backward; parameters survive their files.
#include <torch/types.h>

#undef slots
#include <QTemporaryDir>
#include <QtTest>
#include <atomic>

#include "core/base/crew.h"
#include "app/demo/train_model.h"
#include "core/base/error.h"
#include "core/lab/reference/decoder.h"
#include "core/lab/reference/functions.h"
#include "core/lab/reference/vision.h"

using namespace qvlm;
using namespace qvlm::demo;
using torch::Tensor;

namespace {

Tensor leaf(std::vector<int64_t> shape, double spread = 1) {
  return (torch::randn(shape) * spread).to(torch::kBFloat16).requires_grad_(true);
}

double relative_error(const Tensor& a, const Tensor& b) {
  const auto x = a.detach().to(torch::kFloat32), y = b.detach().to(torch::kFloat32);
  return ((x - y).norm() / (y.norm() + 1e-12)).item<double>();
}

// Values and gradients of `fused` (bfloat16) and `plain` (float32) agree within bfloat16's rounding.
void compare(const std::function<Tensor(const std::vector<Tensor>&)>& fused, const std::function<Tensor(const std::vector<Tensor>&)>& plain,
             const std::vector<Tensor>& inputs) {
  std::vector<Tensor> wide;
  for (const Tensor& x : inputs) wide.push_back(x.detach().to(torch::kFloat32).requires_grad_(true));
  const Tensor a = fused(inputs), b = plain(wide);
  QVERIFY2(relative_error(a, b) < 0.01, qPrintable(QString::number(relative_error(a, b))));
  const Tensor weights = torch::randn_like(b);
  (a.to(torch::kFloat32) * weights).sum().backward();
  (b * weights).sum().backward();
  for (size_t i = 0; i < inputs.size(); ++i) {
    const double error = relative_error(inputs[i].grad(), wide[i].grad());
    QVERIFY2(error < 0.02, qPrintable(QString("gradient %1: %2").arg(i).arg(error)));
  }
}

}  // namespace

class TestDemoTraining : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() { torch::manual_seed(3); }

  void fused_rms_norm_and_swiglu() {
    compare([](const auto& x) { return fused_rms_norm(x[0], x[1], 1e-5); },
            [](const auto& x) { return reference::rms_norm(x[0], x[1], 1e-5); }, {leaf({37, 72}), leaf({72})});
    compare([](const auto& x) { return fused_swiglu(x[0]); },
            [](const auto& x) { return torch::silu(x[0].narrow(1, 0, 40)) * x[0].narrow(1, 40, 40); }, {leaf({19, 80}, 3)});
  }

  void fused_layer_norm_linear_and_quick_gelu() {
    compare([](const auto& x) { return fused_layer_norm(x[0], x[1], x[2], 1e-5); },
            [](const auto& x) { return torch::layer_norm(x[0], {72}, x[1], x[2], 1e-5); }, {leaf({37, 72}), leaf({72}), leaf({72})});
    compare([](const auto& x) { return fused_linear(x[0], x[1], x[2], x[3]); },
            [](const auto& x) { return torch::linear(x[0], x[1], x[2]) + x[3]; },
            {leaf({21, 40}), leaf({24, 40}), leaf({24}), leaf({21, 24})});
    compare([](const auto& x) { return fused_quick_gelu(x[0]); },
            [](const auto& x) { return reference::activate(x[0], Activation::QUICK_GELU); }, {leaf({5, 33}, 4)});
  }

  void fused_attention_is_the_references() {
    const int64_t batch = 2, tokens = 11, heads = 6, kv_heads = 2, head_dim = 24;
    DecoderConfig config;
    config.head_dim = head_dim;
    const auto rotary = reference::RotaryTable::make(config, 16);
    for (const bool causal : {true, false}) {
      const auto plain = [&](const std::vector<Tensor>& x) {
        const auto qkv = x[0].view({batch, tokens, -1});
        auto q = reference::split_heads(qkv.narrow(2, 0, heads * head_dim), heads);
        auto k = reference::split_heads(qkv.narrow(2, heads * head_dim, kv_heads * head_dim), kv_heads);
        const auto v = reference::split_heads(qkv.narrow(2, (heads + kv_heads) * head_dim, kv_heads * head_dim), kv_heads);
        if (causal) q = reference::apply_rotary(q, rotary, 0), k = reference::apply_rotary(k, rotary, 0);
        return reference::attention(q, k, v, causal).view({batch * tokens, heads * head_dim});
      };
      const auto fused = [&](const std::vector<Tensor>& x) {
        return fused_attention(x[0], causal ? rotary.cos : Tensor(), causal ? rotary.sin : Tensor(),
                               {batch, tokens, heads, kv_heads, head_dim, causal});
      };
      compare(fused, plain, {leaf({batch * tokens, (heads + 2 * kv_heads) * head_dim})});
    }
  }

  void fused_embed_scatters_gradients() {
    const auto source = torch::tensor({3, 0, -1, -2, 3, 3}, torch::kInt64);
    compare([&](const auto& x) { return fused_embed(x[0], x[1], source); },
            [&](const auto& x) {
              return torch::stack({x[0][3], x[0][0], x[1][0], x[1][1], x[0][3], x[0][3]});
            },
            {leaf({5, 16}), leaf({2, 16})});
  }

  void the_training_pass_is_the_references() {
    const torch::NoGradGuard no_gradients;
    VlmConfig config = demo_config();
    config.decoder.layers = 2;
    config.vision->layers = 1;
    ParameterStore parameters;
    add_tower(parameters, *config.vision, 1);
    add_decoder(parameters, config, 1);
    const auto weight = [&](const std::string& name) { return parameters.leaf(name).detach().to(torch::kFloat32); };

    const auto patches = torch::randn({64, 768}).to(torch::kBFloat16);
    // A patch lies as a convolution's weight does: channel, row, column.
    const auto pixels = patches.to(torch::kFloat32).view({1, 8, 8, 3, 16, 16}).permute({0, 3, 1, 4, 2, 5}).reshape({1, 3, 128, 128});
    reference::VisionTower tower;
    tower.patch.weight = weight("vision.patch.weight").view({256, 3, 16, 16});
    tower.class_token = weight("vision.class");
    tower.position = weight("vision.position.weight");
    tower.pre_norm = {weight("vision.pre_norm.weight"), weight("vision.pre_norm.bias")};
    reference::VisionLayer vision;
    vision.attention_norm = {weight("vision.0.attention_norm.weight"), weight("vision.0.attention_norm.bias")};
    vision.mlp_norm = {weight("vision.0.mlp_norm.weight"), weight("vision.0.mlp_norm.bias")};
    int64_t row = 0;
    for (auto* linear : {&vision.query, &vision.key, &vision.value}) {
      *linear = {weight("vision.0.attention.qkv.weight").narrow(0, row, 256), weight("vision.0.attention.qkv.bias").narrow(0, row, 256)};
      row += 256;
    }
    vision.output = {weight("vision.0.attention.output.weight"), weight("vision.0.attention.output.bias")};
    vision.up = {weight("vision.0.mlp.up.weight"), weight("vision.0.mlp.up.bias")};
    vision.down = {weight("vision.0.mlp.down.weight"), weight("vision.0.mlp.down.bias")};
    tower.layers = {vision};
    const auto features = tower_forward(parameters, *config.vision, patches);
    QVERIFY(relative_error(features, reference::encode(*config.vision, tower, pixels)[0]) < 0.02);

    const auto images = projector_forward(parameters, features);
    const auto source = torch::cat({torch::arange(3), -1 - torch::arange(64), torch::arange(100, 120)});
    const auto rotary = reference::RotaryTable::make(config.decoder, 128);
    auto hidden = fused_embed(parameters.leaf("decoder.embedding.weight"), images, source).to(torch::kFloat32).unsqueeze(0);
    for (int i = 0; i < 2; ++i) {
      const std::string name = "decoder." + std::to_string(i) + ".";
      const auto qkv = weight(name + "attention.qkv.weight"), gate_up = weight(name + "mlp.gate_up.weight");
      reference::DecoderLayer layer;
      layer.attention_norm = weight(name + "attention_norm.weight");
      layer.mlp_norm = weight(name + "mlp_norm.weight");
      layer.query = qkv.narrow(0, 0, 256);
      layer.key = qkv.narrow(0, 256, 128);
      layer.value = qkv.narrow(0, 384, 128);
      layer.output = weight(name + "attention.output.weight");
      layer.gate = gate_up.narrow(0, 0, 512);
      layer.up = gate_up.narrow(0, 512, 512);
      layer.down = weight(name + "mlp.down.weight");
      hidden = reference::decoder_layer(config.decoder, layer, hidden, rotary, i);
    }
    const auto fast = decoder_forward(parameters, config.decoder, rotary, source, images, 1, source.size(0));
    QVERIFY(relative_error(fast, hidden[0]) < 0.02);
    reference::DecoderEnds ends{Tensor(), weight("decoder.norm.weight"), weight("decoder.head.weight")};
    QVERIFY(relative_error(head_forward(parameters, config.decoder, fast), reference::decoder_logits(config.decoder, ends, hidden[0])) < 0.02);
  }

  void steps_go_downhill_and_survive_their_file() {
    ParameterStore parameters;
    parameters.add("matrix", {16, 8}, {0.5f, 0, true, 1, {8, 8}}, 1);  // Muon
    parameters.add("vector", {8}, {0, 1, false}, 1);                   // AdamW
    QVERIFY_THROWS_EXCEPTION(Error, parameters.add("vector", {8}, {}, 1));
    Crew crew(2);
    const auto x = torch::randn({32, 8}).to(torch::kBFloat16), target = torch::randn({32, 16}).to(torch::kBFloat16);
    const auto loss = [&] {
      return (torch::linear(x * parameters.leaf("vector"), parameters.leaf("matrix")) - target).to(torch::kFloat32).square().mean();
    };
    const double before = loss().item<double>();
    for (int i = 0; i < 30; ++i) {
      loss().backward();
      parameters.step(5e-3f, 0, 1.0, crew);
    }
    const double after = loss().item<double>();
    QVERIFY2(after < 0.9 * before, qPrintable(QString("%1 %2").arg(before).arg(after)));

    QTemporaryDir folder;
    const auto path = std::filesystem::path(folder.path().toStdString()) / "x.safetensors";
    parameters.save(path, {{"seconds", "12.5"}});
    ParameterStore again;
    again.add("matrix", {16, 8}, {0.5f, 0, true, 1, {8, 8}}, 9);
    again.add("vector", {8}, {0, 1, false}, 9);
    QCOMPARE(again.load(path).at("seconds"), std::string("12.5"));
    QCOMPARE(again.steps(), 30);
    QVERIFY(torch::equal(again.master("matrix"), parameters.master("matrix")));
    QVERIFY(torch::equal(again.leaf("vector"), parameters.leaf("vector")));
    for (ParameterStore* store : {&parameters, &again}) {  // the moments too: the next step is the same
      (torch::linear(x * store->leaf("vector"), store->leaf("matrix")) - target).to(torch::kFloat32).square().mean().backward();
      store->step(5e-3f, 0, 1.0, crew);
    }
    QVERIFY(torch::equal(again.master("matrix"), parameters.master("matrix")));
    QVERIFY(torch::equal(again.master("vector"), parameters.master("vector")));
    ParameterStore more;
    more.add("matrix", {16, 8}, {}, 1);
    more.add("head", {4}, {}, 1);
    QCOMPARE(more.load_weights(path), std::vector<std::string>{"head"});
    QVERIFY(torch::equal(more.master("matrix"), parameters.master("matrix")) == false);  // the file is one step older
    ParameterStore wrong;
    wrong.add("matrix", {8, 8}, {}, 1);
    QVERIFY_THROWS_EXCEPTION(Error, wrong.load(path));
  }

  void a_crew_does_every_part_once_and_passes_errors_on() {
    Crew crew(3);
    std::vector<std::atomic<int>> done(50);
    crew.run(done.size(), [&](size_t part) { ++done[part]; });
    for (const auto& count : done) QCOMPARE(count.load(), 1);
    QVERIFY_THROWS_EXCEPTION(Error, crew.run(5, [](size_t part) {
      if (part == 3) throw Error("part 3");
    }));
    crew.run(1, [&](size_t) { ++done[0]; });
    QCOMPARE(done[0].load(), 2);
  }
};

QTEST_GUILESS_MAIN(TestDemoTraining)
#include "test_demo_training.moc"
