// A dialogue over a fake model: what is said, what is reused, and how an answer ends.
#include <QTemporaryDir>
#include <QtTest>

#include "core/inference/chat.h"
#include "core/input/image.h"
#include "tests/inference/fake_model.h"

using namespace qvlm;
using namespace qvlm::test;

namespace {

/// Everything that a session told.
struct Told {
  std::vector<ChatEvent> events;
  ChatListener listener() {
    return [this](const ChatEvent& event) { events.push_back(event); };
  }
  PromptReady prompt() const { return std::get<PromptReady>(events.at(0)); }
  std::vector<std::string> pieces() const {
    std::vector<std::string> pieces;
    for (const auto& event : events) {
      if (const auto* token = std::get_if<TokenGenerated>(&event)) pieces.push_back(token->text);
    }
    return pieces;
  }
};

Ask ask_of(std::vector<ChatTurn> turns, int max_tokens = 256) {
  return {.turns = std::move(turns), .max_tokens = max_tokens};
}

}  // namespace

class TestChat : public QObject {
  Q_OBJECT
  QTemporaryDir folder_;
  std::unique_ptr<Tokenizer> tokenizer_ = byte_tokenizer();

  std::string picture(const char* name, uint8_t grey) {
    const std::string path = folder_.filePath(name).toStdString();
    write_png({20, 16, std::vector<uint8_t>(20 * 16 * 3, grey)}, path);
    return path;
  }

 private slots:
  void an_answer_streams_and_ends() {
    FakeGenerator generator(always(" a dog"));
    ChatSession chat(generator, *tokenizer_);
    Told told;
    const AnswerFinished finished = chat.ask(ask_of({{"user", "What?", {}}}), told.listener());
    QCOMPARE(generator.text(), std::string("|USER: What? ASSISTANT: a dog"));
    QCOMPARE(finished.reason, std::string("end"));
    QCOMPARE(finished.tokens, 6);
    std::string streamed;
    for (const auto& piece : told.pieces()) streamed += piece;
    QCOMPARE(streamed, finished.text);
    QVERIFY(finished.text == "a dog" || finished.text == " a dog");
    QCOMPARE(told.prompt().tokens, int64_t(std::string("|USER: What? ASSISTANT:").size()));
    QCOMPARE(finished.info.device, std::string("paper"));
  }

  void half_characters_are_held_back() {
    FakeGenerator generator(always("\xC3\xA9\xE2\x82\xAC"));  // é €
    ChatSession chat(generator, *tokenizer_);
    Told told;
    const AnswerFinished finished = chat.ask(ask_of({{"user", "What?", {}}}), told.listener());
    QCOMPARE(finished.text, std::string("é€"));
    QCOMPARE(told.pieces(), (std::vector<std::string>{"", "é", "", "", "€"}));
  }

  void the_next_turn_reuses_the_last_one() {
    FakeGenerator generator(always(" yes"));  // the template puts a space there too
    ChatSession chat(generator, *tokenizer_);
    const std::string path = picture("a.png", 90);
    Told first, second;
    std::vector<ChatTurn> turns{{"user", "Is it?", {path}}};
    const auto answer = chat.ask(ask_of(turns), first.listener());
    QCOMPARE(first.prompt().reused_tokens, int64_t{0});
    QCOMPARE(first.prompt().images.size(), size_t{1});
    QCOMPARE(first.prompt().images[0].width, 20);
    QCOMPARE(first.prompt().images[0].tokens, 4);
    QCOMPARE(first.prompt().images[0].fit, std::string("centre crop"));
    const int64_t held = generator.position();
    turns.push_back({"assistant", answer.text, {}});
    turns.push_back({"user", "Sure?", {}});
    chat.ask(ask_of(turns), second.listener());
    QVERIFY2(second.prompt().reused_tokens >= held - 1, qPrintable(QString::number(second.prompt().reused_tokens)));
    QCOMPARE(generator.pictures, 1);
    QVERIFY(generator.text().starts_with("|USER: ####\nIs it? ASSISTANT:"));
  }

  void another_picture_is_computed_anew() {
    FakeGenerator generator(always("yes"));
    ChatSession chat(generator, *tokenizer_);
    Told first, second, third;
    chat.ask(ask_of({{"user", "Is it?", {picture("a.png", 90)}}}), first.listener());
    chat.ask(ask_of({{"user", "Is it?", {picture("b.png", 91)}}}), second.listener());
    QCOMPARE(second.prompt().reused_tokens, int64_t(std::string("|USER: ").size()));
    QCOMPARE(generator.pictures, 2);
    // The same prompt again: all but one row is there.
    chat.ask(ask_of({{"user", "Is it?", {picture("b.png", 91)}}}), third.listener());
    QCOMPARE(third.prompt().reused_tokens, third.prompt().tokens - 1);
    QCOMPARE(generator.pictures, 2);
  }

  void an_answer_is_cut_at_its_longest() {
    FakeGenerator generator(always("abcdef"));
    ChatSession chat(generator, *tokenizer_);
    Told told;
    const auto finished = chat.ask(ask_of({{"user", "What?", {}}}, 3), told.listener());
    QCOMPARE(finished.text, std::string("abc"));
    QCOMPARE(finished.reason, std::string("length"));
  }

  void an_answer_ends_where_the_context_does() {
    FakeGenerator generator([](const std::string&) { return token_of('x'); });
    ChatSession chat(generator, *tokenizer_);
    Told told;
    const auto finished = chat.ask(ask_of({{"user", "What?", {}}}, 100000), told.listener());
    QCOMPARE(finished.reason, std::string("context"));
    QCOMPARE(generator.position(), generator.context_length());
  }

  void a_stop_ends_the_answer_and_the_session_goes_on() {
    FakeGenerator generator(always("abcdef"));
    ChatSession chat(generator, *tokenizer_);
    std::stop_source stop;
    generator.on_append = [&](const std::string& text) {
      if (text.ends_with("bc")) stop.request_stop();
    };
    Told told;
    const auto stopped = chat.ask(ask_of({{"user", "What?", {}}}), told.listener(), stop.get_token());
    QCOMPARE(stopped.reason, std::string("stopped"));
    QCOMPARE(stopped.text, std::string("abc"));
    generator.on_append = {};
    const auto again = chat.ask(ask_of({{"user", "What?", {}}}), told.listener());
    QCOMPARE(again.text, std::string("abcdef"));
  }

  void a_stop_during_the_prompt_is_an_empty_answer() {
    FakeGenerator generator(always("abcdef"));
    ChatSession chat(generator, *tokenizer_);
    std::stop_source stop;
    stop.request_stop();
    Told told;
    QCOMPARE(chat.ask(ask_of({{"user", "What?", {}}}), told.listener(), stop.get_token()).reason,
             std::string("stopped"));
    QCOMPARE(chat.ask(ask_of({{"user", "What?", {}}}), told.listener()).text, std::string("abcdef"));
  }

  void what_cannot_be_asked_is_an_error_and_the_session_goes_on() {
    FakeGenerator generator(always("yes"));
    ChatSession chat(generator, *tokenizer_);
    Told told;
    const auto failure = [&](std::vector<ChatTurn> turns) -> QString {
      try {
        chat.ask(ask_of(std::move(turns)), told.listener());
      } catch (const Error& error) {
        return error.what();
      }
      return "no error";
    };
    QVERIFY(failure({{"user", "", {}}}).contains("empty"));
    const QString long_prompt = failure({{"user", std::string(500, 'x'), {}}});
    QVERIFY2(long_prompt.contains("518") && long_prompt.contains("400"), qPrintable(long_prompt));
    QVERIFY(failure({{"user", "What?", {"/absent.png"}}}).contains("/absent.png"));
    const std::string text = folder_.filePath("text.png").toStdString();
    QFile file(QString::fromStdString(text));
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write("no picture") > 0);
    file.close();
    QVERIFY(failure({{"user", "What?", {text}}}).contains("text.png"));
    QCOMPARE(chat.ask(ask_of({{"user", "What?", {}}}), told.listener()).text, std::string("yes"));
  }

  void a_decoder_without_a_tower_takes_no_pictures() {
    VlmConfig config = fake_config();
    config.vision.reset();
    FakeGenerator generator(always("yes"), config);
    ChatSession chat(generator, *tokenizer_);
    Told told;
    QVERIFY_EXCEPTION_THROWN(chat.ask(ask_of({{"user", "What?", {picture("a.png", 1)}}}), told.listener()), Error);
    QCOMPARE(chat.ask(ask_of({{"user", "What?", {}}}), told.listener()).text, std::string("yes"));
  }

  void the_same_seed_answers_the_same() {
    FakeGenerator generator([](const std::string& text) { return text.size() < 60 ? token_of('x') : kEnd; });
    generator.peak = 2;  // many other tokens are likely
    ChatSession chat(generator, *tokenizer_);
    Told told;
    Ask ask = ask_of({{"user", "What?", {}}}, 20);
    ask.sampling = {.temperature = 1, .seed = 3};
    const auto first = chat.ask(ask, told.listener());
    QCOMPARE(chat.ask(ask, told.listener()).text, first.text);
    ask.sampling.seed = 4;
    QVERIFY(chat.ask(ask, told.listener()).text != first.text);
  }
};

QTEST_GUILESS_MAIN(TestChat)
#include "test_chat.moc"
