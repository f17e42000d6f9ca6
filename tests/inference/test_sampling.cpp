// Sampling: each step of the formula on numbers that can be followed by hand.
#include <QtTest>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/error.h"
#include "core/inference/sampling.h"

using qvlm::sample_token;
using qvlm::SamplingParameters;

class TestSampling : public QObject {
  Q_OBJECT
 private slots:
  void greedy_takes_the_lowest_id_among_equals() {
    const std::array logits{1.0f, 3.0f, 3.0f, -2.0f};
    QCOMPARE(sample_token(logits, {}, {}, 0), 1);
  }

  void uniform_numbers_depend_on_seed_and_position_alone() {
    QCOMPARE(qvlm::uniform_at(7, 3), qvlm::uniform_at(7, 3));
    QVERIFY(qvlm::uniform_at(7, 3) != qvlm::uniform_at(7, 4));
    QVERIFY(qvlm::uniform_at(7, 3) != qvlm::uniform_at(8, 3));
    // splitmix64(seed 0) begins with 0xE220A8397B1DCDAF (the reference implementation's first output).
    QCOMPARE(qvlm::uniform_at(0, 0), static_cast<float>(0xE220A8397B1DCDAFull >> 40) * 0x1.0p-24f);
    double sum = 0, squares = 0;
    for (int i = 0; i < 20000; ++i) {
      const float u = qvlm::uniform_at(42, i);
      QVERIFY(u >= 0 && u < 1);
      sum += u;
      squares += double(u) * u;
    }
    QVERIFY(std::abs(sum / 20000 - 0.5) < 0.01);
    QVERIFY(std::abs(squares / 20000 - 1.0 / 3) < 0.01);
  }

  void frequencies_follow_the_softmax() {
    const std::array logits{std::log(0.5f), std::log(0.3f), std::log(0.2f)};
    const SamplingParameters parameters{.temperature = 1, .seed = 5};
    std::array<int, 3> counts{};
    for (int position = 0; position < 20000; ++position) ++counts[sample_token(logits, parameters, {}, position)];
    QVERIFY(std::abs(counts[0] / 20000.0 - 0.5) < 0.015);
    QVERIFY(std::abs(counts[1] / 20000.0 - 0.3) < 0.015);
    QVERIFY(std::abs(counts[2] / 20000.0 - 0.2) < 0.015);
  }

  void temperature_sharpens() {
    const std::array logits{0.0f, std::log(2.0f)};  // at temperature 1/2: 1 : 4
    const SamplingParameters parameters{.temperature = 0.5f};
    int second = 0;
    for (int position = 0; position < 20000; ++position) second += sample_token(logits, parameters, {}, position);
    QVERIFY(std::abs(second / 20000.0 - 0.8) < 0.015);
  }

  void top_k_and_top_p_cut_the_tail() {
    const std::array logits{std::log(0.4f), std::log(0.1f), std::log(0.3f), std::log(0.2f)};
    const auto drawn = [&](SamplingParameters parameters) {
      parameters.temperature = 1;
      std::array<bool, 4> seen{};
      for (int position = 0; position < 2000; ++position) seen[sample_token(logits, parameters, {}, position)] = true;
      return seen;
    };
    QCOMPARE(drawn({.top_k = 2}), (std::array{true, false, true, false}));
    QCOMPARE(drawn({.top_p = 0.65f}), (std::array{true, false, true, false}));  // .4 + .3 is the smallest set with .65
    QCOMPARE(drawn({.top_p = 0.75f}), (std::array{true, false, true, true}));
    QCOMPARE(drawn({.top_p = 0.05f}), (std::array{true, false, false, false}));
    // After top-k 2 the mass is .7: .4 / .7 = .57 reaches .55 alone.
    QCOMPARE(drawn({.top_k = 2, .top_p = 0.55f}), (std::array{true, false, false, false}));
  }

  void repetition_penalty_divides_positive_and_multiplies_negative_logits() {
    const std::array recent{0, 0, 0, 99,
                            -1};  // once punished however often; ids outside the vocabulary are passed over
    QCOMPARE(sample_token(std::array{3.0f, 2.0f}, {.repetition_penalty = 1.4f}, recent, 0), 0);  // 3 / 1.4 = 2.14
    QCOMPARE(sample_token(std::array{3.0f, 2.0f}, {.repetition_penalty = 1.6f}, recent, 0), 1);  // 3 / 1.6 = 1.88
    QCOMPARE(sample_token(std::array{-1.0f, -1.5f}, {.repetition_penalty = 1.6f}, recent, 0), 1);
  }

  void the_same_seed_gives_the_same_tokens() {
    std::vector<float> logits(1000);
    for (size_t i = 0; i < logits.size(); ++i) logits[i] = std::sin(float(i));
    for (int position = 0; position < 50; ++position) {
      const SamplingParameters parameters{.temperature = 0.9f, .top_k = 40, .top_p = 0.95f, .seed = 11};
      QCOMPARE(sample_token(logits, parameters, {}, position), sample_token(logits, parameters, {}, position));
    }
  }

  void what_is_not_a_number_is_an_error() {
    const std::array logits{1.0f, std::numeric_limits<float>::quiet_NaN()};
    QVERIFY_EXCEPTION_THROWN(sample_token(logits, {}, {}, 0), qvlm::Error);
    QVERIFY_EXCEPTION_THROWN(sample_token({}, {}, {}, 0), qvlm::Error);
  }

  void parameters_out_of_range_are_refused() {
    QVERIFY_EXCEPTION_THROWN(validate(SamplingParameters{.temperature = -1}), qvlm::Error);
    QVERIFY_EXCEPTION_THROWN(validate(SamplingParameters{.top_k = -1}), qvlm::Error);
    QVERIFY_EXCEPTION_THROWN(validate(SamplingParameters{.top_p = 0}), qvlm::Error);
    QVERIFY_EXCEPTION_THROWN(validate(SamplingParameters{.top_p = 1.5f}), qvlm::Error);
    QVERIFY_EXCEPTION_THROWN(validate(SamplingParameters{.repetition_penalty = 0}), qvlm::Error);
    validate(SamplingParameters{.temperature = 0.7f, .top_k = 40, .top_p = 0.9f, .repetition_penalty = 1.1f});
  }
};

QTEST_GUILESS_MAIN(TestSampling)
#include "test_sampling.moc"
