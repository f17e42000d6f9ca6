// The evaluation loop over fake models: what is counted, what two models' comparison says, and how it stops.
#include <QtTest>

#include <cmath>

#include "core/base/error.h"
#include "core/evaluation/evaluate.h"
#include "tests/inference/fake_model.h"

using namespace qvlm;
using namespace qvlm::test;

namespace {

Sample question(const char* id, const char* text, const char* answer, const char* category, bool novel = false) {
  return {.id = id, .messages = {{Role::USER, text, 0}}, .answer = answer, .categories = {category}, .novel = novel};
}

/// Answers "red" to questions about colour, "2" to the others.
Script colour_or_two() {
  return [](const std::string& text) {
    return (text.find("colour") != std::string::npos ? always("Red.") : always("2"))(text);
  };
}

const std::vector<Sample> kQuestions{
    question("a", "What colour?", "red", "colour"),
    question("b", "Which colour?", "blue", "colour", true),
    question("c", "How many?", "2", "count"),
};

}  // namespace

class TestEvaluate : public QObject {
  Q_OBJECT
  std::unique_ptr<Tokenizer> tokenizer_ = byte_tokenizer();

  EvaluationFinished run(FakeGenerator& generator, const EvaluationOptions& options,
                         std::vector<EvaluationEvent>& events, const std::vector<Sample>& questions = kQuestions,
                         std::stop_token stop = {}) {
    return evaluate(
        generator, *tokenizer_, questions, options, [&](const EvaluationEvent& event) { events.push_back(event); },
        stop);
  }

 private slots:
  void answers_are_counted_by_category_and_novelty() {
    FakeGenerator generator(colour_or_two());
    std::vector<EvaluationEvent> events;
    const auto result = run(generator, {.model = "m", .questions_path = "q"}, events);
    QCOMPARE(events.size(), size_t{5});
    QCOMPARE(std::get<EvaluationStarted>(events[0]).questions, 3);
    QCOMPARE(std::get<QuestionAnswered>(events[1]).answer, std::string("Red."));
    QCOMPARE(std::get<QuestionAnswered>(events[2]).expected, std::string("blue"));
    QVERIFY(std::get<QuestionAnswered>(events[2]).novel);
    QCOMPARE(result.overall.right, 2);
    QCOMPARE(result.overall.total, 3);
    QCOMPARE(result.categories.at("colour").right, 1);
    QCOMPARE(result.categories.at("count").right, 1);
    QCOMPARE(result.novel.right, 0);
    QCOMPARE(result.novel.total, 1);
    QVERIFY(!result.overall.soft && result.against.empty() && !result.stopped);
    const QString table = QString::fromStdString(to_text(result));
    QVERIFY(table.contains("66.7 %") && table.contains("never trained on") && table.contains("paper"));
  }

  void soft_accuracy_where_a_question_has_ten_answers() {
    std::vector<Sample> questions = kQuestions;
    questions.resize(1);
    questions[0].answers = {"red", "red", "dark red", "red", "red", "red", "red", "red", "red", "pink"};
    FakeGenerator generator(colour_or_two());
    std::vector<EvaluationEvent> events;
    QCOMPARE(*run(generator, {}, events, questions).overall.soft, 1.0);
  }

  void two_equal_models_agree_and_have_no_divergence() {
    FakeGenerator generator(colour_or_two()), other(colour_or_two());
    std::vector<EvaluationEvent> events;
    const auto result = run(generator, {.against = &other, .against_model = "other"}, events);
    QCOMPARE(result.agreement, 1.0);
    QCOMPARE(result.mean_kl, 0.0);
    QCOMPARE(result.against, std::string("other"));
  }

  void divergence_is_measured_on_the_others_answer() {
    FakeGenerator generator(colour_or_two()), other(always("2"));
    std::vector<EvaluationEvent> events;
    const auto result = run(generator, {.against = &other, .against_model = "other"}, events);
    QVERIFY(std::abs(result.agreement - 1.0 / 3) < 1e-12);
    // Colour: forced "2" </s>. Here "R" was likely in place of "2"; then "e" in place of </s>. Each row has logits 10
    // and 0s, at another place: KL = (p_top - p_rest) * 10.
    const double rest = 1 / (std::exp(10.0) + kVocabulary - 1), top = std::exp(10.0) * rest;
    QVERIFY(std::abs(std::get<QuestionAnswered>(events[1]).kl - (top - rest) * 10) < 1e-4);
    QCOMPARE(std::get<QuestionAnswered>(events[3]).kl, 0.0);
    // A flatter model differs although all answers agree.
    FakeGenerator flat(always("2"));
    flat.peak = 8;
    events.clear();
    const auto flatter = run(flat, {.against = &other, .against_model = "other"}, events);
    QCOMPARE(flatter.agreement, 1.0);
    QVERIFY(flatter.mean_kl > 0.01);
  }

  void a_stop_ends_after_the_current_question() {
    FakeGenerator generator(colour_or_two());
    std::stop_source stop;
    generator.on_append = [&](const std::string& text) {
      if (text.find("Which") != std::string::npos) stop.request_stop();
    };
    std::vector<EvaluationEvent> events;
    const auto result = run(generator, {}, events, kQuestions, stop.get_token());
    QVERIFY(result.stopped);
    QCOMPARE(result.overall.total, 2);
    QCOMPARE(std::get<QuestionAnswered>(events[2]).answer, std::string("Red."));
  }

  void what_cannot_be_evaluated_is_an_error() {
    FakeGenerator generator(colour_or_two());
    std::vector<EvaluationEvent> events;
    QVERIFY_EXCEPTION_THROWN(run(generator, {}, events, {}), Error);
    VlmConfig other_config = fake_config();
    other_config.decoder.vocabulary = 7;
    FakeGenerator other(always("2"), other_config);
    QVERIFY_EXCEPTION_THROWN(run(generator, {.against = &other}, events), Error);
  }
};

QTEST_GUILESS_MAIN(TestEvaluate)
#include "test_evaluate.moc"
