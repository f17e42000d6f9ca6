// The reference as a Generator: prompts, prefix reuse, the picture cache, cancellation, quantized activations.
#include <torch/types.h>

#undef slots
#include <QtTest>

#include "core/base/error.h"
#include "core/lab/reference/reference_generator.h"
#include "tests/lab_reference/llava_tiny.h"

using namespace qvlm;
using namespace qvlm::test;

namespace {

PixelTensor golden_picture(const Golden& golden, uint64_t hash) {
  PixelTensor pixels{28, {}, hash};
  const auto values = golden.floats("pixels").contiguous();
  pixels.values.assign(values.data_ptr<float>(), values.data_ptr<float>() + values.numel());
  return pixels;
}

float largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  float worst = a.size() == b.size() ? 0 : INFINITY;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  return worst;
}

// The tiny model with quantizers at its sites.
class WithActivations : public Model {
 public:
  WithActivations(std::shared_ptr<const Model> inner, std::vector<ActivationQuantizer> quantizers)
      : inner_(std::move(inner)), quantizers_(std::move(quantizers)) {}
  const VlmConfig& config() const override { return inner_->config(); }
  std::filesystem::path path() const override { return inner_->path(); }
  const TokenizerSource& tokenizer() const override { return inner_->tokenizer(); }
  std::vector<std::string> names() const override { return inner_->names(); }
  bool has(std::string_view canonical) const override { return inner_->has(canonical); }
  Weight load(std::string_view canonical) const override { return inner_->load(canonical); }
  void release(std::string_view canonical) const override { inner_->release(canonical); }
  const std::vector<ActivationQuantizer>& activations() const override { return quantizers_; }
  int64_t stored_bytes() const override { return inner_->stored_bytes(); }
  double stored_bits() const override { return inner_->stored_bits(); }
  std::string fingerprint() const override { return inner_->fingerprint(); }
  std::vector<std::string> unmatched() const override { return inner_->unmatched(); }

 private:
  std::shared_ptr<const Model> inner_;
  std::vector<ActivationQuantizer> quantizers_;
};

}  // namespace

class TestReferenceGenerator : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void logits_of_every_row_equal_transformers() {
    const auto generator = reference::make_reference_generator(model_);
    QCOMPARE(generator->context_length(), 96);
    append(*generator, 1);
    QCOMPARE(generator->position(), 27);
    const auto expected = golden_.floats("logits").contiguous();  // [27, 64]
    const std::vector<float> all(expected.data_ptr<float>(), expected.data_ptr<float>() + expected.numel());
    QVERIFY(largest_difference(generator->last_logits(27), all) < 1e-3f);
    QVERIFY(largest_difference(generator->logits(), {all.end() - 64, all.end()}) < 1e-3f);
    QCOMPARE(generator->sample({}, {}), static_cast<int32_t>(expected[26].argmax().item<int64_t>()));
    QVERIFY_THROWS_EXCEPTION(Error, generator->last_logits(28));
    QCOMPARE(generator->timings().prefill_tokens, 27);
    QCOMPARE(generator->info().backend, std::string("reference"));
    QCOMPARE(generator->info().weight_bits, 32.0);
    QVERIFY(generator->info().weight_bytes > 4 * 80'000);
  }

  void a_truncated_prefix_continues_as_if_new() {
    const auto generator = reference::make_reference_generator(model_);
    append(*generator, 1);
    const auto expected = generator->logits();
    generator->truncate(21);
    QVERIFY_THROWS_EXCEPTION(Error, generator->logits());  // nothing was appended since
    append_tokens(*generator, {17, 8, 20});
    for (const int32_t id : {51, 2, 11}) append_tokens(*generator, {id});
    QVERIFY(largest_difference(generator->logits(), expected) < 1e-3f);
    QCOMPARE(generator->timings().decode_tokens, 3);
    QVERIFY_THROWS_EXCEPTION(Error, generator->truncate(28));  // 27 positions are held
  }

  void pictures_are_encoded_once() {
    const auto generator = reference::make_reference_generator(model_);
    append(*generator, 11);
    QCOMPARE(generator->timings().cached_images, 0);
    const auto first = generator->logits();
    generator->reset();
    QCOMPARE(generator->position(), 0);
    append(*generator, 11);
    QCOMPARE(generator->timings().cached_images, 1);
    QCOMPARE(generator->timings().vision_seconds, 0.0);
    QVERIFY(largest_difference(generator->logits(), first) == 0);
  }

  void refusals_leave_the_sequence_as_it_was() {
    const auto generator = reference::make_reference_generator(model_, {false, false, 30});
    append(*generator, 1);
    const auto before = generator->logits();
    QVERIFY_THROWS_EXCEPTION(Error, append_tokens(*generator, {1, 2, 3, 4}));  // 31 positions
    QVERIFY_THROWS_EXCEPTION(Error, append_tokens(*generator, {64}));          // no such token
    std::stop_source source;
    source.request_stop();
    QVERIFY_THROWS_EXCEPTION(Cancelled, append_tokens(*generator, {1, 2}, source.get_token()));
    QCOMPARE(generator->position(), 27);
    QVERIFY(largest_difference(generator->logits(), before) == 0);
    append_tokens(*generator, {1, 2, 3});
    QCOMPARE(generator->position(), 30);
    QVERIFY_THROWS_EXCEPTION(Error, reference::make_reference_generator(model_, {false, false, 97}));
  }

  void activations_run_as_the_model_asks_or_say_that_they_do_not() {
    const auto plain = reference::make_reference_generator(model_);
    append(*plain, 1);
    const auto run = [&](int bits, bool as_a16) {
      const auto asking = std::make_shared<WithActivations>(
          model_, std::vector<ActivationQuantizer>(8, {ActivationGranularity::DYNAMIC_TOKEN, bits}));
      auto generator = reference::make_reference_generator(asking, {false, as_a16, 0});
      append(*generator, 1);
      return std::pair{generator->info(), largest_difference(generator->logits(), plain->logits())};
    };
    const auto [info8, error8] = run(8, false);
    const auto [info4, error4] = run(4, false);
    QCOMPARE(info8.activation_bits, 8);
    QCOMPARE(info4.activation_bits, 4);
    QVERIFY(error8 > 0 && error4 > 2 * error8);
    const auto [info16, error16] = run(4, true);
    QCOMPARE(info16.activation_bits, 16);
    QVERIFY(info16.activation_note.find("A4") != std::string::npos);
    QVERIFY(error16 == 0);
    const auto too_few = std::make_shared<WithActivations>(
        model_, std::vector<ActivationQuantizer>(7, {ActivationGranularity::DYNAMIC_TOKEN, 4}));
    QVERIFY_THROWS_EXCEPTION(Error, reference::make_reference_generator(too_few));
  }

 private:
  void append(Generator& generator, uint64_t hash) const {
    const std::vector<PromptPart> parts{std::vector<int32_t>{1, 5, 9}, golden_picture(golden_, hash),
                                        std::vector<int32_t>{4, 33, 17, 8, 20, 51, 2, 11}};
    generator.append(parts);
  }

  const Golden golden_;
  const std::shared_ptr<const Model> model_ = open_llava_tiny();
};

QTEST_GUILESS_MAIN(TestReferenceGenerator)
#include "test_reference_generator.moc"
