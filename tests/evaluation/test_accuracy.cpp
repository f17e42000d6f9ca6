// What counts as right, the Wilson interval, VQA accuracy, and KL, on numbers known from elsewhere.
#include <QtTest>

#include <array>
#include <cmath>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/evaluation/accuracy.h"
#include "core/evaluation/divergence.h"
#include "core/evaluation/significance.h"

using namespace qvlm;

class TestAccuracy : public QObject {
  Q_OBJECT
 private slots:
  void answers_are_compared_whole_without_case_space_and_full_stop() {
    QVERIFY(is_right(" A  Dog.\n", "a dog"));
    QVERIFY(is_right("STOP", "stop"));
    QVERIFY(!is_right("a dog and a cat", "a dog"));
    QVERIFY(!is_right("", "a dog"));
    QVERIFY(!is_right("4", "42"));
    QCOMPARE(normalized_answer("é."), std::string("é"));
    QCOMPARE(normalized_answer(" . "), std::string(""));
  }

  void wilson_interval() {
    Accuracy accuracy{.right = 85, .total = 100};
    fill_wilson_interval(accuracy);  // statsmodels: proportion_confint(85, 100, method="wilson")
    QVERIFY(std::abs(accuracy.low - 0.767157) < 1e-5);
    QVERIFY(std::abs(accuracy.high - 0.906941) < 1e-5);
    Accuracy all{.right = 10, .total = 10};
    fill_wilson_interval(all);
    QVERIFY(std::abs(all.low - 0.722467) < 1e-5);
    QCOMPARE(all.high, 1.0);
    Accuracy none;
    fill_wilson_interval(none);
    QCOMPARE(none.low, 0.0);
    QCOMPARE(none.high, 1.0);
  }

  void vqa_accuracy_averages_over_leaving_one_out() {
    std::vector<std::string> human(10, "no");
    QCOMPARE(vqa_accuracy("yes", human), 0.0);
    human[0] = human[1] = human[2] = "yes";
    QVERIFY(std::abs(vqa_accuracy("Yes", human) - 0.9) < 1e-12);  // 3 subsets see 2 of 3, 7 see 3
    human[3] = "yes";
    QVERIFY(std::abs(vqa_accuracy("yes.", human) - 1.0) < 1e-12);
    QCOMPARE(vqa_accuracy("yes", {}), 0.0);
  }

  void kl_of_known_distributions() {
    const std::array p{std::log(0.5f), std::log(0.5f)},
        q{std::log(0.25f) + 7, std::log(0.75f) + 7};  // a shift changes nothing
    const double expected = 0.5 * std::log(0.5 / 0.25) + 0.5 * std::log(0.5 / 0.75);
    QVERIFY(std::abs(compare_rows(p, q, 2).kl - expected) < 1e-6);
    QCOMPARE(compare_rows(p, p, 2).kl, 0.0);
    QCOMPARE(compare_rows(p, p, 2).same_top, 1);
    QCOMPARE(compare_rows(p, q, 2).same_top, 0);  // of equal logits the first one is the top
    const std::array two_p{p[0], p[1], p[0], p[1]}, two_q{q[0], q[1], p[0], p[1]};
    const RowComparison two = compare_rows(two_p, two_q, 2);
    QCOMPARE(two.rows, 2);
    QCOMPARE(two.same_top, 1);
    QVERIFY(std::abs(two.kl - expected) < 1e-6);  // the sum over rows
    QVERIFY_EXCEPTION_THROWN(compare_rows(p, two_p, 2), Error);
    const std::array infinite{0.0f, INFINITY};
    QVERIFY_EXCEPTION_THROWN(compare_rows(p, infinite, 2), Error);
  }

  void kl_and_likelihood_as_scipy_computes_them() {
    const auto golden = read_json(QVLM_SOURCE_DIR "/tests/golden/evaluation/figures.json");
    const auto p = field<std::vector<float>>(golden, "reference", ""), q = field<std::vector<float>>(golden, "other", "");
    const int width = field<int>(golden, "vocabulary", "");
    const RowComparison rows = compare_rows(p, q, width);
    QVERIFY(std::abs(rows.kl - field<double>(golden, "kl_sum", "")) < 1e-9);
    QCOMPARE(static_cast<int>(rows.same_top), field<int>(golden, "same_top", ""));
    const auto tokens = field<std::vector<int>>(golden, "tokens", "");
    const std::vector<int32_t> ids(tokens.begin(), tokens.end());
    QVERIFY(std::abs(negative_log_likelihood(q, ids, width) - field<double>(golden, "nll_sum", "")) < 1e-9);
    QVERIFY_EXCEPTION_THROWN(negative_log_likelihood(q, std::array<int32_t, 1>{0}, width), Error);
    QVERIFY_EXCEPTION_THROWN(negative_log_likelihood(std::array{0.0f, 1.0f}, std::array<int32_t, 1>{2}, 2), Error);
    QVERIFY(std::abs(Likelihood{2, std::log(7.0)}.perplexity() - 7) < 1e-12);
  }

  void mcnemar_as_scipy_computes_it() {
    const auto golden = read_json(QVLM_SOURCE_DIR "/tests/golden/evaluation/figures.json");
    for (const auto& one : golden.at("mcnemar")) {
      const McNemar test = mcnemar_exact(one.at("b").get<int>(), one.at("c").get<int>());
      QVERIFY(std::abs(test.p_value - one.at("p").get<double>()) < 1e-9);
    }
    QCOMPARE(mcnemar_exact(0, 0).p_value, 1.0);
    QCOMPARE(mcnemar_exact(3, 8).only_against, 8);
  }
};

QTEST_GUILESS_MAIN(TestAccuracy)
#include "test_accuracy.moc"
