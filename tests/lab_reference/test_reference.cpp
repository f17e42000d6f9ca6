// The reference against transformers, on a random LLaVA of odd shapes: 3 query heads on 1 key head, head_dim 24.
#include <torch/types.h>

#undef slots
#include <QtTest>

#include "core/base/error.h"
#include "core/base/half.h"
#include "core/lab/reference/decoder.h"
#include "core/lab/reference/embed.h"
#include "core/lab/reference/functions.h"
#include "tests/lab_reference/llava_tiny.h"

using namespace qvlm;
using namespace qvlm::reference;
using namespace qvlm::test;

namespace {

constexpr int32_t kImage = 62;

struct Whole {
  std::shared_ptr<const Model> model = open_llava_tiny();
  const VlmConfig& config = model->config();
  VisionTower tower = VisionTower::load(*model, torch::kFloat32);
  Projector projector = Projector::load(*model, torch::kFloat32);
  DecoderEnds ends = DecoderEnds::load(*model, torch::kFloat32);
  std::vector<DecoderLayer> layers;
  RotaryTable rotary = RotaryTable::make(config.decoder, 96);

  Whole() {
    for_each_layer(*model, torch::kFloat32, [this](int, DecoderLayer& layer) { layers.push_back(layer); });
  }
  // [1, tokens, hidden] -> [1, tokens, hidden]
  torch::Tensor run(torch::Tensor hidden, const SiteHook& hook = {}) const {
    for (size_t i = 0; i < layers.size(); ++i) hidden = decoder_layer(config.decoder, layers[i], hidden, rotary, static_cast<int>(i), hook);
    return hidden;
  }
};

// The golden prompt: ids, with the run of image ids replaced by the picture.
std::vector<PromptPart> golden_prompt(const Golden& golden) {
  std::vector<int32_t> before, after;
  for (const int32_t id : golden.ids("ids")) {
    if (id == kImage) continue;
    (after.empty() && before.size() < 3 ? before : after).push_back(id);
  }
  PixelTensor pixels;
  pixels.size = 28;
  const auto values = golden.floats("pixels").contiguous();
  pixels.values.assign(values.data_ptr<float>(), values.data_ptr<float>() + values.numel());
  pixels.hash = 1;
  return {before, pixels, after};
}

torch::Tensor embed(const Whole& whole, std::span<const PromptPart> parts) {
  return embed_prompt(whole.ends.embedding, parts,
                      [&](const PixelTensor& pixels) { return image_rows(whole.config, whole.tower, whole.projector, pixels); });
}

}  // namespace

class TestReference : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void tower_equals_transformers() {
    const torch::NoGradGuard no_gradients;
    const Whole whole;
    QCOMPARE(whole.config.vision->layers, 2);  // feature layer -2 of 3
    const auto features = encode(*whole.config.vision, whole.tower, golden_.floats("pixels").unsqueeze(0));
    QCOMPARE(features.sizes().vec(), (std::vector<int64_t>{1, 16, 32}));
    QVERIFY(largest_difference(features[0], golden_.floats("tower")) < 1e-4f);
  }

  void logits_equal_transformers_with_a_picture() {
    const torch::NoGradGuard no_gradients;
    const Whole whole;
    const auto parts = golden_prompt(golden_);
    auto hidden = embed(whole, parts);
    QCOMPARE(hidden.sizes().vec(), (std::vector<int64_t>{1, 27, 72}));
    const auto first = decoder_layer(whole.config.decoder, whole.layers[0], hidden, whole.rotary, 0);
    QVERIFY(largest_difference(first[0], golden_.floats("hidden_1")) < 1e-3f);
    const auto logits = decoder_logits(whole.config.decoder, whole.ends, whole.run(hidden));
    QVERIFY(largest_difference(logits[0], golden_.floats("logits")) < 1e-3f);
  }

  void logits_equal_transformers_without_a_picture() {
    const torch::NoGradGuard no_gradients;
    const Whole whole;
    const std::vector<PromptPart> parts{golden_.ids("text_ids")};
    const auto logits = decoder_logits(whole.config.decoder, whole.ends, whole.run(embed(whole, parts)));
    QVERIFY(largest_difference(logits[0], golden_.floats("text_logits")) < 1e-3f);
  }

  void rotary_frequencies_equal_transformers() {
    DecoderConfig config = Whole().config.decoder;
    const auto check = [&](const char* name, RopeScaling scaling) {
      config.rope_scaling = scaling;
      const RotaryTable table = RotaryTable::make(config, 40);
      QVERIFY(largest_difference(table.cos, golden_.floats(std::string("rotary.") + name + ".cos")) < 1e-5f);
      QVERIFY(largest_difference(table.sin, golden_.floats(std::string("rotary.") + name + ".sin")) < 1e-5f);
    };
    check("plain", {});
    check("linear", {RopeScaling::Kind::LINEAR, 4});
    check("llama3", {RopeScaling::Kind::LLAMA3, 8, 1, 4, 32});
    QVERIFY_THROWS_EXCEPTION(Error, apply_rotary(torch::zeros({1, 1, 2, 24}), RotaryTable::make(config, 8), 7));
  }

  // RMSNorm of each head before it is turned, against the formula in a plain loop; other heads are as without it.
  void heads_are_normed_where_a_layer_has_norms() {
    const torch::NoGradGuard no_gradients;
    torch::manual_seed(5);
    DecoderConfig config;
    config.heads = 3, config.kv_heads = 2, config.head_dim = 8, config.norm_epsilon = 1e-3f;
    DecoderLayer layer;
    layer.query = torch::randn({24, 20});
    layer.key = torch::randn({16, 20});
    const auto x = torch::randn({2, 5, 20});
    const auto plain = query_heads(config, layer, x);  // [2, 3, 5, 8]
    QVERIFY(torch::equal(plain, split_heads(torch::linear(x, layer.query), 3)));
    layer.query_norm = torch::rand({8}) + 0.5;
    const auto normed = query_heads(config, layer, x);
    QVERIFY(torch::equal(key_heads(config, layer, x), split_heads(torch::linear(x, layer.key), 2)));
    for (int b = 0; b < 2; ++b)
      for (int head = 0; head < 3; ++head)
        for (int m = 0; m < 5; ++m) {
          double squares = 0;
          for (int i = 0; i < 8; ++i) squares += std::pow(plain[b][head][m][i].item<double>(), 2);
          for (int i = 0; i < 8; ++i) {
            const double expected = plain[b][head][m][i].item<double>() / std::sqrt(squares / 8 + 1e-3) * layer.query_norm[i].item<double>();
            QVERIFY(std::abs(normed[b][head][m][i].item<double>() - expected) < 1e-5);
          }
        }
    layer.key_norm = layer.query_norm;
    QVERIFY(!torch::allclose(key_heads(config, layer, x), split_heads(torch::linear(x, layer.key), 2)));
  }

  void token_by_token_equals_the_whole_prefill() {
    const torch::NoGradGuard no_gradients;
    const Whole whole;
    const auto hidden = embed(whole, golden_prompt(golden_));
    const auto expected = whole.run(hidden);
    std::vector<KvCache> caches(whole.layers.size());
    std::vector<torch::Tensor> rows;
    for (int64_t position = 0; position < hidden.size(1);) {
      const int64_t count = position == 0 ? 5 : position == 5 ? 9 : 1;  // two prefills, then single tokens
      auto x = hidden.narrow(1, position, count);
      for (size_t i = 0; i < whole.layers.size(); ++i) {
        x = decoder_layer(whole.config.decoder, whole.layers[i], x, whole.rotary, static_cast<int>(i), {}, position, &caches[i]);
      }
      rows.push_back(x);
      position += count;
    }
    QVERIFY(largest_difference(torch::cat(rows, 1), expected) < 1e-4f);
    QCOMPARE(caches[0].tokens(), hidden.size(1));
    caches[0].truncate(4);
    QCOMPARE(caches[0].keys.sizes().vec(), (std::vector<int64_t>{1, 1, 4, 24}));
    QVERIFY_THROWS_EXCEPTION(Error, caches[0].truncate(5));
  }

  void a_cache_of_fewer_bits_is_a_plain_loops_data() {
    QTest::addColumn<int>("bits");
    for (const int bits : {32, 16, 8}) QTest::addRow("%d", bits) << bits;
  }

  void a_cache_of_fewer_bits_is_a_plain_loops() {
    QFETCH(int, bits);
    torch::manual_seed(7);
    auto x = torch::randn({2, 3, 5, 24}) * torch::tensor({0.01f, 1.0f, 300.0f}).view({1, 3, 1, 1});
    x[1][2][4].zero_();
    const auto cached = as_cached(x, bits).contiguous();
    double worst = 0;
    for (int64_t head = 0; head < x.numel() / 24; ++head) {
      const float* from = x.contiguous().data_ptr<float>() + head * 24;
      const float* to = cached.data_ptr<float>() + head * 24;
      float greatest = 0;
      for (int i = 0; i < 24; ++i) greatest = std::max(greatest, std::abs(from[i]));
      for (int i = 0; i < 24; ++i) {
        float expected = from[i];
        if (bits == 16) expected = from_half(to_half(from[i]));
        if (bits == 8 && greatest > 0) expected = std::nearbyint(from[i] / greatest * 127) * greatest / 127;
        worst = std::max(worst, static_cast<double>(std::abs(to[i] - expected) / std::max(greatest, 1e-9f)));
      }
    }
    QVERIFY2(worst < 1e-6, qPrintable(QString::number(worst)));
    QCOMPARE(torch::equal(cached, x), bits == 32);
    QVERIFY_THROWS_EXCEPTION(Error, as_cached(x, 4));
  }

  void one_cache_of_16_bits_whatever_the_steps() {
    const torch::NoGradGuard no_gradients;
    const Whole whole;
    const auto hidden = embed(whole, golden_prompt(golden_));
    const auto through = [&](const std::vector<int64_t>& steps) {
      std::vector<KvCache> caches(whole.layers.size(), KvCache{.bits = 16});
      std::vector<torch::Tensor> rows;
      int64_t position = 0;
      for (const int64_t count : steps) {
        auto x = hidden.narrow(1, position, count);
        for (size_t i = 0; i < whole.layers.size(); ++i) {
          x = decoder_layer(whole.config.decoder, whole.layers[i], x, whole.rotary, static_cast<int>(i), {}, position, &caches[i]);
        }
        rows.push_back(x);
        position += count;
      }
      caches[0].truncate(0);
      if (caches[0].bits != 16) throw Error("a cache that was emptied has lost its bits");
      return torch::cat(rows, 1);
    };
    const int64_t all = hidden.size(1);
    const auto whole_prefill = through({all}), parts = through({4, all - 6, 1, 1});
    // Of keys and values a few lie between two halves, and go to the other one where sums were taken in another order.
    const auto exact = whole.run(hidden);
    const double between_steps = (parts - whole_prefill).norm().item<double>(), of_rounding = (whole_prefill - exact).norm().item<double>();
    QVERIFY2(of_rounding > 1e-5 && between_steps < 0.5 * of_rounding, qPrintable(QStringLiteral("%1, %2").arg(between_steps).arg(of_rounding)));
  }

  void hooks_see_every_site_once_in_order() {
    const torch::NoGradGuard no_gradients;
    const Whole whole;
    std::vector<int> seen;
    const auto hidden = embed(whole, golden_prompt(golden_));
    const auto unchanged = whole.run(hidden, [&](Site site, const torch::Tensor& x) {
      seen.push_back(site.index());
      if (x.size(2) != width_of(whole.config.decoder, site.kind)) throw Error("wrong width");
      return x;
    });
    QCOMPARE(seen, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}));
    QVERIFY(torch::equal(unchanged, whole.run(hidden)));
    // A hook's answer is what the linears read: zeros at the last site leave the residual alone.
    const auto cut = whole.run(hidden, [](Site site, const torch::Tensor& x) { return site.index() == 7 ? torch::zeros_like(x) : x; });
    LayerState state = enter_layer(whole.config.decoder, whole.layers[1],
                                   decoder_layer(whole.config.decoder, whole.layers[0], hidden, whole.rotary, 0));
    for (const SiteKind kind : {SiteKind::ATTENTION_INPUT, SiteKind::OUTPUT_INPUT, SiteKind::MLP_INPUT}) {
      state = advance(whole.config.decoder, whole.layers[1], kind, state, whole.rotary);
    }
    QVERIFY(largest_difference(cut, state.residual) < 1e-6f);
    int vision_sites = 0;
    encode(*whole.config.vision, whole.tower, golden_.floats("pixels").unsqueeze(0), [&](Site site, const torch::Tensor& x) {
      if (x.size(2) != (site.kind == SiteKind::DOWN_INPUT ? 40 : 32)) throw Error("wrong width");
      ++vision_sites;
      return x;
    });
    QCOMPARE(vision_sites, 8);
  }

  void gradients_equal_finite_differences() {
    Whole whole;
    const torch::Tensor hidden = embed(whole, golden_prompt(golden_)).detach();
    const auto loss = [&] { return whole.run(hidden).square().mean(); };
    for (torch::Tensor* weight : {&whole.layers[0].query, &whole.layers[0].attention_norm, &whole.layers[1].down}) {
      const torch::Tensor original = *weight;
      *weight = original.clone().requires_grad_(true);
      loss().backward();
      const auto gradient = weight->grad();
      // Along the gradient's own direction the loss changes by its norm.
      const auto direction = gradient / gradient.norm();
      const torch::NoGradGuard no_gradients;
      const double step = 2e-2;
      *weight = original + step * direction;
      const double above = loss().item<double>();
      *weight = original - step * direction;
      const double below = loss().item<double>();
      *weight = original;
      const double expected = gradient.norm().item<double>();
      QVERIFY(expected > 1e-6);
      QVERIFY2(std::abs((above - below) / (2 * step) - expected) < 0.03 * expected,
               qPrintable(QString("%1 %2").arg((above - below) / (2 * step)).arg(expected)));
    }
  }

  void bfloat16_stays_near_float32() {
    const torch::NoGradGuard no_gradients;
    const Whole whole;
    const auto hidden = embed(whole, golden_prompt(golden_));
    const auto exact = whole.run(hidden);
    auto x = hidden.to(torch::kBFloat16);
    for_each_layer(*whole.model, torch::kBFloat16, [&](int i, DecoderLayer& layer) {
      x = decoder_layer(whole.config.decoder, layer, x, whole.rotary, i);
    });
    QCOMPARE(x.scalar_type(), torch::kBFloat16);
    QVERIFY(((x.to(torch::kFloat32) - exact).norm() / exact.norm()).item<float>() < 0.03f);
  }

  void wrong_prompts_are_refused() {
    const Whole whole;
    const std::vector<PromptPart> strange{std::vector<int32_t>{64}};
    QVERIFY_THROWS_EXCEPTION(Error, embed(whole, strange));
    PixelTensor small;
    small.size = 14;
    small.values.resize(3 * 14 * 14);
    const std::vector<PromptPart> picture{small};
    QVERIFY_THROWS_EXCEPTION(Error, embed(whole, picture));
  }

 private:
  const Golden golden_;
};

QTEST_GUILESS_MAIN(TestReference)
#include "test_reference.moc"
