// What counts as right, the Wilson interval, VQA accuracy, and KL, on numbers known from elsewhere.
#include <QtTest>

#include <array>
#include <cmath>

#include "core/base/error.h"
#include "core/evaluation/accuracy.h"
#include "core/evaluation/divergence.h"

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
    QVERIFY(std::abs(mean_kl_divergence(p, q, 2) - expected) < 1e-6);
    QCOMPARE(mean_kl_divergence(p, p, 2), 0.0);
    const std::array two_p{p[0], p[1], p[0], p[1]}, two_q{q[0], q[1], p[0], p[1]};
    QVERIFY(std::abs(mean_kl_divergence(two_p, two_q, 2) - expected / 2) < 1e-6);  // the mean over rows
    QVERIFY_EXCEPTION_THROWN(mean_kl_divergence(p, two_p, 2), Error);
    const std::array infinite{0.0f, INFINITY};
    QVERIFY_EXCEPTION_THROWN(mean_kl_divergence(p, infinite, 2), Error);
  }
};

QTEST_GUILESS_MAIN(TestAccuracy)
#include "test_accuracy.moc"
