// The evaluation loop over fake models: what is counted, what two models' comparison says, and how it stops.
#include <QtTest>

#include <cmath>

#include "core/base/error.h"
#include "core/evaluation/evaluate.h"
#include "tests/data/set_folder.h"
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

/// The message of an Error holds a part.
#define VERIFY_MESSAGE(call, part)                                        \
  do {                                                                    \
    const std::string message_ = message_of([&] { call; });               \
    QVERIFY2(message_.find(part) != std::string::npos, message_.c_str()); \
  } while (false)

}  // namespace

class TestEvaluate : public QObject {
  Q_OBJECT
  std::unique_ptr<Tokenizer> tokenizer_ = byte_tokenizer();

  EvaluationFinished run(FakeGenerator& generator, const EvaluationOptions& options,
                         std::vector<EvaluationEvent>& events, const std::vector<Sample>& questions = kQuestions,
                         std::stop_token stop = {}) {
    SequentialBatch batch(generator);
    return evaluate(
        batch, *tokenizer_, questions, options, [&](const EvaluationEvent& event) { events.push_back(event); },
        stop);
  }

  static EvaluationOptions against(BatchGenerator& other) {
    EvaluationOptions options{.against_model = "other"};
    options.against = [&other]() -> BatchGenerator& { return other; };
    return options;
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
    SequentialBatch there(other);
    std::vector<EvaluationEvent> events;
    const auto result = run(generator, against(there), events);
    QCOMPARE(result.agreement, 1.0);
    QCOMPARE(result.mean_kl, 0.0);
    QCOMPARE(result.divergence.at("all").top1, 1.0);
    QCOMPARE(result.divergence.at("text").tokens, 5 + 5 + 2);  // "Red." or "2", and the end token
    QCOMPARE(result.against, std::string("other"));
    QCOMPARE(result.mcnemar->p_value, 1.0);
    QCOMPARE(result.against_overall->right, 2);
  }

  void divergence_is_measured_on_the_others_answer() {
    FakeGenerator generator(colour_or_two()), other(always("2"));
    SequentialBatch there(other);
    std::vector<EvaluationEvent> events;
    const auto result = run(generator, against(there), events);
    QVERIFY(std::abs(result.agreement - 1.0 / 3) < 1e-12);
    // Colour: forced "2" </s>. Here "R" was likely in place of "2"; then "e" in place of </s>. Each row has logits 10
    // and 0s, at another place: KL = (p_top - p_rest) * 10.
    const double rest = 1 / (std::exp(10.0) + kVocabulary - 1), top = std::exp(10.0) * rest;
    const auto& colour = std::get<QuestionAnswered>(events[1]);
    QVERIFY(std::abs(colour.kl - (top - rest) * 10) < 1e-4);
    QCOMPARE(colour.compared_tokens, 2);
    QCOMPARE(colour.same_top, 0);
    QCOMPARE(std::get<QuestionAnswered>(events[3]).kl, 0.0);
    QVERIFY(std::abs(result.mean_kl - 4 * colour.kl / 6) < 1e-9);  // 4 of 6 tokens
    QVERIFY(std::abs(result.divergence.at("all").top1 - 2.0 / 6) < 1e-12);
    QCOMPARE(result.mcnemar->only_this, 1);  // "a", which the other answers with 2
    QCOMPARE(result.mcnemar->only_against, 0);
    // A flatter model differs although all answers agree.
    FakeGenerator flat(always("2"));
    flat.peak = 8;
    events.clear();
    const auto flatter = run(flat, against(there), events);
    QCOMPARE(flatter.agreement, 1.0);
    QVERIFY(flatter.mean_kl > 0.01);
  }

  void what_a_picture_precedes_counts_apart() {
    std::vector<Sample> questions = kQuestions;
    questions[2].images = {QVLM_SOURCE_DIR "/resources/demo/images/sample-5.png"};
    questions[2].messages[0].images = 1;
    FakeGenerator generator(colour_or_two()), other(always("2"));
    SequentialBatch there(other);
    std::vector<EvaluationEvent> events;
    const auto result = run(generator, against(there), events, questions);
    QCOMPARE(result.divergence.at("image").tokens, 2);
    QCOMPARE(result.divergence.at("image").kl, 0.0);
    QCOMPARE(result.divergence.at("text").tokens, 4);
    QCOMPARE(result.likelihood.at("image").tokens, 3);  // " ", "2", and the end token
    QCOMPARE(std::get<QuestionAnswered>(events[3]).context, std::string("image"));
  }

  void expected_answers_are_scored_with_their_end() {
    FakeGenerator generator(always("2"));
    std::vector<EvaluationEvent> events;
    const auto result = run(generator, {}, events, {kQuestions[2]});
    const auto& answered = std::get<QuestionAnswered>(events[1]);
    // The dialogue has " 2</s>" behind "ASSISTANT:": the space is not what this model says, and shifts what follows.
    QVERIFY(answered.expected_tokens >= 2);
    const double likely = std::log(1 + (kVocabulary - 1) * std::exp(-10.0)), unlikely = likely + 10;
    const double scored = answered.expected_nll;
    bool found = false;
    for (int hits = 0; hits <= answered.expected_tokens; ++hits)
      found = found || std::abs(scored - hits * likely - (answered.expected_tokens - hits) * unlikely) < 1e-4;
    QVERIFY(found);
    QVERIFY(std::abs(result.likelihood.at("all").nll - scored / answered.expected_tokens) < 1e-12);
    QCOMPARE(result.unscored, 0);
  }

  void earlier_answers_stand_in_for_the_other_model() {
    FakeGenerator other(always("2"));
    std::vector<EvaluationEvent> events;
    Baseline recorded(1 << 20);
    EvaluationOptions record{.model = "other", .questions_path = "q"};
    record.record = &recorded;
    run(other, record, events);
    SetFolder folder;
    std::string lines;
    for (const auto& event : events) lines += to_json_line(event) + "\n";
    const auto file = folder.write("other.jsonl", lines);

    FakeGenerator generator(colour_or_two());
    SequentialBatch there(other);
    events.clear();
    const auto asked = run(generator, against(there), events);
    // Recorded with logits: the other model is not needed.
    EvaluationOptions from_record{.against_model = "other"};
    from_record.baseline = &recorded;
    const auto kept = run(generator, from_record, events);
    QCOMPARE(kept.mean_kl, asked.mean_kl);
    QCOMPARE(kept.agreement, asked.agreement);
    QCOMPARE(kept.against_likelihood.at("all").nll, asked.against_likelihood.at("all").nll);
    // From a file: no logits, so KL needs the model, and all else does not.
    const Baseline read = read_baseline(file);
    QCOMPARE(read.model, std::string("other"));
    EvaluationOptions from_file{.against_model = "other"};
    from_file.baseline = &read;
    const auto without = run(generator, from_file, events);
    QVERIFY(without.divergence.empty());
    QCOMPARE(without.agreement, asked.agreement);
    QCOMPARE(without.mcnemar->only_this, 1);
    from_file.against = [&]() -> BatchGenerator& { return there; };
    const auto with = run(generator, from_file, events);
    QCOMPARE(with.mean_kl, asked.mean_kl);
    // A question that was not asked then.
    Baseline empty;
    EvaluationOptions from_nothing{.against_model = "other"};
    from_nothing.baseline = &empty;
    QVERIFY_EXCEPTION_THROWN(run(generator, from_nothing, events), Error);
    // Lines of an evaluation that was stopped, or of something else.
    VERIFY_MESSAGE(read_baseline(folder.write("cut.jsonl", lines.substr(0, lines.rfind("{\"event\":\"EvaluationFinished")))),
                   "did not come to its end");
    VERIFY_MESSAGE(read_baseline(folder.write("twice.jsonl", lines + lines)), "twice.jsonl:7: baseline: question \"a\" is there twice");
    VERIFY_MESSAGE(read_baseline(folder.write("other.txt", "hello\n")), "other.txt:1");
  }

  void a_text_is_scored_in_stretches() {
    FakeGenerator generator([](const std::string& text) { return token_of(text.back() == 'a' ? 'b' : 'a'); });
    SequentialBatch batch(generator);
    std::vector<EvaluationEvent> events;
    const auto listen = [&](const EvaluationEvent& event) { events.push_back(event); };
    std::string text;
    for (int i = 0; i < 300; ++i) text += "ab";  // 600 tokens in a context of 400: 399 + 201
    const auto result = evaluate_text(batch, *tokenizer_, text, 0, {}, listen);
    QCOMPARE(std::get<EvaluationStarted>(events[0]).questions, 2);
    const auto& likelihood = result.likelihood.at("text");
    QVERIFY(likelihood.tokens >= 600);
    QCOMPARE(std::get<TextScored>(events[1]).tokens, 399);
    const double likely = std::log(1 + (kVocabulary - 1) * std::exp(-10.0));
    QVERIFY(std::get<TextScored>(events[2]).nll < 202 * likely + 20.1);  // a begin token is not the 'a' before 'b'
    QCOMPARE(result.overall.total, 0);
    QVERIFY(QString::fromStdString(to_text(result)).contains("Perplexity of the text"));
    // One stretch only; against itself.
    FakeGenerator other([](const std::string& t) { return token_of(t.back() == 'a' ? 'b' : 'c'); });
    SequentialBatch there(other);
    const auto compared = evaluate_text(batch, *tokenizer_, text, 1, against(there), listen);
    QCOMPARE(compared.divergence.at("text").tokens, 399);
    QVERIFY(std::abs(compared.divergence.at("text").top1 - 0.5) < 0.01);
    VERIFY_MESSAGE(evaluate_text(batch, *tokenizer_, "", 0, {.questions_path = "t.txt"}, listen), "t.txt: the text has fewer than two tokens");
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
    SequentialBatch there(other);
    QVERIFY_EXCEPTION_THROWN(run(generator, against(there), events), Error);
    std::vector<Sample> questions = kQuestions;
    questions[1].images = {"/absent/b.png"};
    questions[1].messages[0].images = 1;
    VERIFY_MESSAGE(run(generator, {}, events, questions), "question \"b\": /absent/b.png");
    SetFolder folder;
    for (const char* content : {"", "no picture", "\x89PNG\r\n\x1a\n"}) {  // broken, not absent
      questions[1].images = {folder.write("broken.png", content)};
      VERIFY_MESSAGE(run(generator, {}, events, questions), "question \"b\": " + questions[1].images[0].string());
    }
  }
};

QTEST_GUILESS_MAIN(TestEvaluate)
#include "test_evaluate.moc"
