// The lines of `qvlm chat --json`: there and back, and what a mistyped one says.
#include <QtTest>

#include <limits>

#include "core/base/error.h"
#include "core/inference/chat_events.h"

using namespace qvlm;

namespace {

template <class T>
T back(const T& event) {
  return std::get<T>(chat_event_from_json_line(to_json_line(ChatEvent(event))));
}

QString failure(const char* line) {
  try {
    chat_command_from_json_line(line);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

class TestChatEvents : public QObject {
  Q_OBJECT
 private slots:
  void events_come_back_as_they_went() {
    GeneratorInfo info{.backend = "vulkan",
                       .device = "A \"card\"",
                       .driver = "d 1.2",
                       .weight_bits = 5,
                       .activation_bits = 16,
                       .activation_note = "activations run as A16",
                       .weight_bytes = int64_t{5} << 33,
                       .total_bytes = 7};
    const auto ready =
        back(ChatReady{.info = info, .model = "m", .takes_images = true, .context_length = 2048, .load_seconds = 0.25});
    QCOMPARE(ready.info.device, info.device);
    QCOMPARE(ready.info.weight_bytes, info.weight_bytes);
    QCOMPARE(ready.info.activation_note, info.activation_note);
    QCOMPARE(ready.info.weight_bits, 5.0);
    QCOMPARE(ready.context_length, int64_t{2048});
    QVERIFY(ready.takes_images);

    const auto prompt =
        back(PromptReady{.tokens = 90, .reused_tokens = 66, .images = {{"a.png", 640, 480, 336, "centre crop", 576}}});
    QCOMPARE(prompt.images.size(), size_t{1});
    QCOMPARE(prompt.images[0].fit, std::string("centre crop"));
    QCOMPARE(prompt.images[0].tokens, 576);

    QCOMPARE(back(TokenGenerated{.id = 9, .text = "é\n"}).text, std::string("é\n"));
    QCOMPARE(back(AnswerFinished{.text = "a dog", .reason = "end", .tokens = 2}).reason, std::string("end"));
    QCOMPARE(back(ChatFailed{.message = "why"}).message, std::string("why"));
  }

  void an_event_is_one_line() { QVERIFY(to_json_line(ChatEvent(ChatFailed{"a\nb"})).find('\n') == std::string::npos); }

  void text_that_is_not_utf8_still_makes_a_line() {
    const auto event = back(TokenGenerated{.id = 1, .text = "\xC3"});
    QCOMPARE(QString::fromStdString(event.text), QString(QChar(0xFFFD)));
  }

  void commands_come_back_as_they_went() {
    Ask ask{.turns = {{"user", "What is it?", {"a.png", "b.png"}}, {"assistant", "a dog", {}}, {"user", "Why?", {}}},
            .sampling = {.temperature = 0.5f,
                         .top_k = 3,
                         .top_p = 0.5f,
                         .repetition_penalty = 1.5f,
                         .seed = std::numeric_limits<uint64_t>::max()},
            .max_tokens = 9};
    const auto again = std::get<Ask>(chat_command_from_json_line(to_json_line(ChatCommand(ask))));
    QCOMPARE(again.turns.size(), size_t{3});
    QCOMPARE(again.turns[0].images[1], std::string("b.png"));
    QVERIFY(again.sampling == ask.sampling);
    QCOMPARE(again.max_tokens, 9);
    QVERIFY(std::holds_alternative<StopAnswer>(chat_command_from_json_line(to_json_line(ChatCommand(StopAnswer{})))));
    QVERIFY(std::holds_alternative<Quit>(chat_command_from_json_line(R"({"quit": true})")));
  }

  void defaults_of_an_ask() {
    const auto ask =
        std::get<Ask>(chat_command_from_json_line(R"({"ask": {"turns": [{"role": "user", "text": "Hi"}]}})"));
    QVERIFY(ask.sampling == SamplingParameters{});
    QCOMPARE(ask.max_tokens, 256);
  }

  void mistyped_commands_name_the_field_data() {
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("message");
    QTest::newRow("no JSON") << "ask"
                             << "not a JSON line";
    QTest::newRow("no object") << "[1]"
                               << "expected an object";
    QTest::newRow("unknown") << R"({"tell": 1})"
                             << R"("ask", "stop" or "quit")";
    QTest::newRow("no turns") << R"({"ask": {}})"
                              << "ask.turns";
    QTest::newRow("empty turns") << R"({"ask": {"turns": []}})"
                                 << "ask.turns";
    QTest::newRow("not the user's turn") << R"({"ask": {"turns": [{"role": "assistant", "text": "x"}]}})"
                                         << "assistant";
    QTest::newRow("role") << R"({"ask": {"turns": [{"role": 3, "text": "x"}]}})"
                          << "ask.turns[0].role";
    QTest::newRow("image") << R"({"ask": {"turns": [{"role": "user", "text": "x", "images": [7]}]}})"
                           << "ask.turns[0].images[0]";
    QTest::newRow("tokens") << R"({"ask": {"turns": [{"role": "user", "text": "x"}], "max_tokens": 0}})"
                            << "max_tokens";
    QTest::newRow("range") << R"({"ask": {"turns": [{"role": "user", "text": "x"}], "max_tokens": 99999999999}})"
                           << "within range";
    QTest::newRow("sampling") << R"({"ask": {"turns": [{"role": "user", "text": "x"}], "sampling": {"top_p": 2}}})"
                              << "top_p";
  }
  void mistyped_commands_name_the_field() {
    QFETCH(QString, line);
    QFETCH(QString, message);
    const QString found = failure(line.toUtf8().constData());
    QVERIFY2(found.contains(message), qPrintable(found));
  }
};

QTEST_GUILESS_MAIN(TestChatEvents)
#include "test_chat_events.moc"
