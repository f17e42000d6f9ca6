// The lines of `qvlm evaluate --json`: there and back.
#include <QtTest>

#include "core/base/error.h"
#include "core/evaluation/evaluation_events.h"

using namespace qvlm;

namespace {

template <class T>
T back(const T& event) {
  return std::get<T>(evaluation_event_from_json_line(to_json_line(EvaluationEvent(event))));
}

}  // namespace

class TestEvaluationEvents : public QObject {
  Q_OBJECT
 private slots:
  void events_come_back_as_they_went() {
    const auto started = back(EvaluationStarted{.model = "m", .questions_path = "q.jsonl", .questions = 7});
    QCOMPARE(started.questions, 7);
    const auto answered = back(QuestionAnswered{.index = 3,
                                                .id = "x",
                                                .category = "colour",
                                                .question = "?",
                                                .expected = "red",
                                                .answer = "blue",
                                                .images = {"a.png"},
                                                .novel = true,
                                                .kl = 0.5,
                                                .agrees = false});
    QCOMPARE(answered.answer, std::string("blue"));
    QVERIFY(!answered.right && answered.novel && !answered.agrees && !answered.soft);
    QCOMPARE(answered.kl, 0.5);
    QCOMPARE(*back(QuestionAnswered{.soft = 0.3}).soft, 0.3);
    EvaluationFinished finished{.overall = {3, 4, 0.3, 0.95, {}}, .against = "other", .seconds = 2, .stopped = true};
    finished.categories["colour"] = {1, 2, 0.1, 0.9, 0.6};
    const auto again = back(finished);
    QCOMPARE(again.overall.value(), 0.75);
    QCOMPARE(again.categories.at("colour").right, 1);
    QCOMPARE(*again.categories.at("colour").soft, 0.6);
    QVERIFY(!again.overall.soft && again.stopped);
    finished.likelihood["all"] = {7, 0.25};
    finished.divergence["image"] = {5, 0.125, 0.5};
    finished.mcnemar = McNemar{3, 4, 0.5};
    finished.against_overall = Accuracy{.right = 2, .total = 4};
    const auto figures = back(finished);
    QCOMPARE(figures.likelihood.at("all").perplexity(), std::exp(0.25));
    QCOMPARE(figures.divergence.at("image").top1, 0.5);
    QCOMPARE(figures.mcnemar->only_against, 4);
    QCOMPARE(figures.against_overall->right, 2);
    QVERIFY(!again.mcnemar && !again.against_overall);
    const auto scored = back(TextScored{.index = 2, .tokens = 9, .nll = 1.5, .kl = 0.25, .same_top = 8});
    QCOMPARE(scored.same_top, 8);
    QCOMPARE(back(QuestionAnswered{.context = "image", .tokens = {5, 2}}).tokens, (std::vector<int>{5, 2}));
    QVERIFY(*back(QuestionAnswered{.against_right = true}).against_right);
    QCOMPARE(back(EvaluationFailed{"why"}).message, std::string("why"));
  }

  void a_mistyped_event_names_the_field() {
    QVERIFY_EXCEPTION_THROWN(evaluation_event_from_json_line("{}"), Error);
    QVERIFY_EXCEPTION_THROWN(evaluation_event_from_json_line(R"({"event": "Nothing"})"), Error);
    try {
      evaluation_event_from_json_line(R"({"event": "EvaluationFailed", "message": 4})");
      QFAIL("no error");
    } catch (const Error& error) {
      QVERIFY(QString(error.what()).contains("message: expected a text"));
    }
  }
};

QTEST_GUILESS_MAIN(TestEvaluationEvents)
#include "test_evaluation_events.moc"
