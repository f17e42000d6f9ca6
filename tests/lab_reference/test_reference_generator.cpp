// The reference as a Generator: prompts, prefix reuse, the picture cache, cancellation, quantized activations.
#include <torch/types.h>

#undef slots
#include <QtTest>

#include "core/base/error.h"
#include "core/data/question_set.h"
#include "core/inference/chat.h"
#include "core/lab/reference/reference_generator.h"
#include "core/lab/reference/threads.h"
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

  void a_batch_equals_one_by_one() {
    // Prompts of unequal length, with one picture, two, another, none; two share their beginning.
    const auto parts = [&](std::vector<int32_t> before, std::vector<uint64_t> hashes, std::vector<int32_t> after) {
      std::vector<PromptPart> prompt{std::move(before)};
      for (const uint64_t hash : hashes) prompt.emplace_back(picture(hash));
      prompt.emplace_back(std::move(after));
      return prompt;
    };
    const std::vector<std::vector<PromptPart>> prompts{
        parts({1, 5, 9}, {1}, {4, 33, 17, 8}), parts({1, 5, 9}, {2}, {4, 33}),          parts({1, 5, 9}, {1}, {7}),
        parts({1}, {}, {12, 40, 41}),          parts({1, 6}, {1, 2}, {22, 23, 24, 25})};
    const std::vector<std::vector<int32_t>> forced{{3, 9, 30}, {}, {11}, {60, 61, 62, 63, 1, 2, 3}, {5, 5}};
    // On one thread, and divided between three.
    for (const auto& [bits, threads] : {std::pair{16, 1}, {16, 3}, {4, 1}, {4, 3}}) {
      reference::set_threads(threads);
      std::shared_ptr<const Model> model = model_;
      if (bits < 16) {
        model = std::make_shared<WithActivations>(
            model_, std::vector<ActivationQuantizer>(8, {ActivationGranularity::DYNAMIC_TOKEN, bits}));
      }
      const auto together = reference::make_reference_batch_generator(model);
      SequentialBatch one_by_one(reference::make_reference_generator(model));
      BatchGenerator& alone = one_by_one;
      together->fill(prompts);
      const auto answers = together->answer(6);
      together->force(forced);  // the prompts are still there
      for (size_t i = 0; i < prompts.size(); ++i) {
        alone.fill(std::span(&prompts[i], 1));
        const BatchAnswer expected = alone.answer(6).front();
        QCOMPARE(answers[i].tokens, expected.tokens);
        QCOMPARE(answers[i].end_token, expected.end_token);
        alone.force(std::span(&forced[i], 1));
        const auto count = static_cast<int64_t>(forced[i].size());
        QVERIFY(largest_difference(together->forced_logits(i, 0, count), alone.forced_logits(0, 0, count)) < 1e-4f);
      }
      const auto all = together->forced_logits(3, 0, 7);
      const std::vector<float> some(all.begin() + 2 * 64, all.begin() + 5 * 64);
      QVERIFY(largest_difference(together->forced_logits(3, 2, 3), some) < 1e-5f);
      // Again: what a continuation left behind does not matter.
      const auto again = together->answer(6);
      for (size_t i = 0; i < prompts.size(); ++i) QCOMPARE(again[i].tokens, answers[i].tokens);
    }
  }

  void batches_of_the_demo_model_equal_one_by_one() {
    // In float: with activations of 4 bits a value half-way between two levels falls either way with the order of a sum.
    const std::shared_ptr<const Model> demo = open_model(QVLM_SOURCE_DIR "/resources/demo/model");
    const auto questions = read_question_set(QVLM_SOURCE_DIR "/resources/demo/questions", {.samples = 10, .seed = 3});
    const auto tokenizer = Tokenizer::open(*demo);
    PictureReader pictures(demo->config());
    std::vector<std::vector<PromptPart>> prompts;
    for (const Sample& question : questions) {
      prompts.push_back(make_prompt(*tokenizer, demo->config(), question.messages, question.images, &pictures).parts);
    }
    prompts.push_back(prompts.front());  // over the same picture
    reference::set_threads(2);
    const auto together = reference::make_reference_batch_generator(demo);
    SequentialBatch one_by_one(reference::make_reference_generator(demo));
    BatchGenerator& alone = one_by_one;
    together->fill(prompts);
    const auto answers = together->answer(8);
    std::vector<std::vector<int32_t>> said;
    for (const BatchAnswer& answer : answers) said.push_back(answer.tokens);
    together->force(said);
    float worst = 0;
    for (size_t i = 0; i < prompts.size(); ++i) {
      alone.fill(std::span(&prompts[i], 1));
      QCOMPARE(answers[i].tokens, alone.answer(8).front().tokens);
      alone.force(std::span(&said[i], 1));
      const auto count = static_cast<int64_t>(said[i].size());
      worst = std::max(worst, largest_difference(together->forced_logits(i, 0, count), alone.forced_logits(0, 0, count)));
    }
    qInfo("largest difference of a logit: %g", static_cast<double>(worst));
    QVERIFY(worst < 1e-3f);
  }

  void a_batch_stops_at_the_context_and_refuses_what_does_not_fit() {
    const auto batch = reference::make_reference_batch_generator(model_, {false, false, 12});
    SequentialBatch one_by_one(reference::make_reference_generator(model_, {false, false, 12}));
    BatchGenerator& alone = one_by_one;
    const std::vector<std::vector<PromptPart>> prompts{{std::vector<int32_t>{1, 5, 9, 4, 33, 17, 8, 20, 51, 2}},
                                                       {std::vector<int32_t>{1, 5, 9}}};
    batch->fill(prompts);
    const auto answers = batch->answer(20);
    for (size_t i = 0; i < prompts.size(); ++i) {
      alone.fill(std::span(&prompts[i], 1));
      QCOMPARE(answers[i].tokens, alone.answer(20).front().tokens);
    }
    QVERIFY(answers[0].tokens.size() <= 3);
    const std::vector<std::vector<int32_t>> too_long{{1, 2, 3, 4}, {}};
    QVERIFY_THROWS_EXCEPTION(Error, batch->force(too_long));  // 13 positions
    QVERIFY_THROWS_EXCEPTION(Error, batch->forced_logits(0, 0, 1));
    QVERIFY_THROWS_EXCEPTION(Error, fill(*batch, std::vector<int32_t>(13, 1)));
    QVERIFY_THROWS_EXCEPTION(Error, batch->answer(1));  // nothing is filled
    QVERIFY_THROWS_EXCEPTION(Error, fill(*batch, {64}));  // no such token
    QVERIFY(batch->most_prompts(12) > 100);
    QCOMPARE(batch->most_prompts(int64_t{1} << 40), 1);
  }

 private:
  static void fill(BatchGenerator& batch, std::vector<int32_t> tokens) {
    const std::vector<PromptPart> prompt{std::move(tokens)};
    batch.fill(std::span(&prompt, 1));
  }

  // The golden picture, its values turned so that each hash has its own.
  PixelTensor picture(uint64_t hash) const {
    PixelTensor pixels = golden_picture(golden_, hash);
    std::rotate(pixels.values.begin(), pixels.values.begin() + static_cast<ptrdiff_t>(37 * hash), pixels.values.end());
    return pixels;
  }

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
