// qvlm chat and evaluate as other programs use them: lines in, lines out, and what cannot be answered.
#include <QTemporaryDir>
#include <csignal>

#include "tests/cli/qvlm_process.h"
#include "tests/cli/tiny_model.h"

using namespace qvlm::test;

namespace {

const QString kPicture = QStringLiteral(QVLM_SOURCE_DIR "/resources/demo/images/sample-1.png");

/// A line that asks one question.
QByteArray ask(const QString& text, const QStringList& images = {}, int max_tokens = 4) {
  const QJsonObject turn{{"role", "user"}, {"text", text}, {"images", QJsonArray::fromStringList(images)}};
  const QJsonObject body{{"turns", QJsonArray{turn}}, {"max_tokens", max_tokens}};
  return QJsonDocument(QJsonObject{{"ask", body}}).toJson(QJsonDocument::Compact) + "\n";
}

}  // namespace

class TestCliChat : public QObject {
  Q_OBJECT
  QTemporaryDir folder_;
  QString path(const QString& name) const { return folder_.filePath(name); }
  QString model_;

 private slots:
  void initTestCase() { model_ = QString::fromStdString(write_tiny_model(path("model").toStdString()).string()); }

  void both_backends_answer_one_question() {
    for (const QString backend : {"vulkan", "reference"}) {
      const Ran ran = run_qvlm(
          {"chat", model_, "--backend", backend, "--image", kPicture, "--prompt", "What is it?", "--max-tokens", "3"});
      QVERIFY2(ran.status == 0, qPrintable(ran.err));
      QVERIFY2(ran.err.contains("[" + backend + " on ") && ran.err.contains("3 tokens"), qPrintable(ran.err));
      QVERIFY(ran.out.endsWith("\n"));
    }
  }

  void a_line_that_is_no_command_is_refused_and_the_dialogue_goes_on() {
    const Ran ran =
        run_qvlm({"chat", model_, "--backend", "reference", "--json"}, "tell me\n{\"ask\": {}}\n" + ask("What is it?"));
    QVERIFY2(ran.status == 0, qPrintable(ran.err));
    QCOMPARE(ran.events().count("ChatFailed"), 2);
    QCOMPARE(ran.events().last(), QString("AnswerFinished"));
    QVERIFY(ran.out.contains("not a JSON line") && ran.out.contains("ask.turns"));
  }

  void every_question_is_answered_or_refused() {
    tiny::write_text(path("text.png").toStdString(), "no picture");
    const QByteArray input = ask("What is it?", {kPicture}) + ask("What is it?", {path("text.png")}) +
                             ask("What is it?", {path("absent.png")}) + ask("") + ask(QString("word ").repeated(300)) +
                             ask("What is it?", {kPicture}) + ask("And without?");
    const Ran ran = run_qvlm({"chat", model_, "--backend", "reference", "--json"}, input);
    QVERIFY2(ran.status == 0, qPrintable(ran.err));
    QList<QJsonObject> ends;
    for (const QJsonObject& line : ran.lines()) {
      if (line["event"] == "AnswerFinished" || line["event"] == "ChatFailed") ends.append(line);
    }
    QCOMPARE(ends.size(), 7);
    QCOMPARE(ends[0]["event"].toString(), QString("AnswerFinished"));
    QVERIFY(ends[1]["message"].toString().contains("text.png"));
    QVERIFY(ends[2]["message"].toString().contains("absent.png"));
    QVERIFY(ends[3]["message"].toString().contains("empty"));
    QVERIFY2(ends[4]["message"].toString().contains("256"), qPrintable(ends[4]["message"].toString()));
    QCOMPARE(ends[5]["text"].toString(), ends[0]["text"].toString());
    QCOMPARE(ends[6]["event"].toString(), QString("AnswerFinished"));
    const QJsonObject ready = ran.lines().first();
    QCOMPARE(ready["event"].toString(), QString("ChatReady"));
    QCOMPARE(ready["takes_images"].toBool(), true);
    QCOMPARE(ready["context_length"].toInt(), 256);
    QCOMPARE(ready["info"].toObject()["backend"].toString(), QString("reference"));
  }

  void one_question_that_cannot_be_answered_ends_with_1() {
    tiny::write_text(path("text.png").toStdString(), "no picture");
    const QStringList begin{"chat", model_, "--backend", "reference", "--prompt"};
    VERIFY_FAILED(run_qvlm(begin + QStringList{"What?", "--image", path("text.png")}), 1, "text.png");
    VERIFY_FAILED(run_qvlm(begin + QStringList{""}), 1, "empty");
    VERIFY_FAILED(run_qvlm(begin + QStringList{"What is it, then?", "--context", "8"}), 1, "8");
  }

  void too_little_memory_is_said_with_the_numbers() {
    const Ran ran = run_qvlm({"chat", model_, "--prompt", "What?", "--memory-limit", "1", "--context", "256"});
    VERIFY_FAILED(ran, 1, "memory");
    QVERIFY2(ran.err.contains("MiB") || ran.err.contains("bytes") || ran.err.contains("KiB"), qPrintable(ran.err));
  }

  void a_dialogue_on_a_terminal() {
    const QByteArray input = "/image " + path("absent.png").toUtf8() + "\n/image " + kPicture.toUtf8() +
                             "\nWhat is it?\n/dream\n/clear\n/quit\nmore\n";
    const Ran ran = run_qvlm({"chat", model_, "--backend", "reference", "--max-tokens", "3"}, input);
    QVERIFY2(ran.status == 0, qPrintable(ran.err));
    QVERIFY(ran.err.contains("absent.png: no such file"));
    QVERIFY(ran.err.contains("unknown command /dream"));
    QCOMPARE(ran.err.count("; 3 tokens"), 1);  // "12.3 tokens/s" is none of them
  }

  void a_stop_line_ends_an_answer() {
    QProcess process;
    process.setProcessEnvironment(environment_with({}));
    process.start(qvlm_path(), {"chat", model_, "--backend", "reference", "--json"});
    QVERIFY(!wait_for_line(process, "ChatReady").isEmpty());
    process.write(ask("What is it?", {}, 200));
    QVERIFY(!wait_for_line(process, "TokenGenerated").isEmpty());
    process.write("{\"stop\": true}\n");
    const QString finished = wait_for_line(process, "AnswerFinished");
    QVERIFY2(finished.contains("\"reason\":\"stopped\"") || finished.contains("\"reason\":\"length\"") ||
                 finished.contains("\"reason\":\"end\""),
             qPrintable(finished));
    process.write("{\"quit\": true}\n");
    QVERIFY(process.waitForFinished(60000));
    QCOMPARE(process.exitCode(), 0);
  }

  void ctrl_c_ends_a_waiting_dialogue() {
    QProcess process;
    process.setProcessEnvironment(environment_with({}));
    process.start(qvlm_path(), {"chat", model_, "--backend", "reference", "--json"});
    QVERIFY(!wait_for_line(process, "ChatReady").isEmpty());
    ::kill(static_cast<pid_t>(process.processId()), SIGINT);
    QVERIFY(process.waitForFinished(60000));
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
  }

  void evaluation_in_lines() {
    tiny::write_text(
        path("questions.jsonl").toStdString(),
        R"({"id":"a","images":[")" + kPicture.toStdString() +
            R"("],"question":"What?","answer":"dog","category":"naming","novel":true})"
            "\n"
            R"({"id":"b","images":[],"question":"How many?","answer":"2","category":"count","novel":false})"
            "\n");
    const Ran ran = run_qvlm({"evaluate", model_, "--questions", path("questions.jsonl"), "--backend", "reference",
                              "--json", "--max-tokens", "4", "--against", model_});
    QVERIFY2(ran.status == 0, qPrintable(ran.err));
    QCOMPARE(ran.events(),
             (QStringList{"EvaluationStarted", "QuestionAnswered", "QuestionAnswered", "EvaluationFinished"}));
    const QJsonObject result = ran.lines().last();
    QCOMPARE(result["overall"].toObject()["total"].toInt(), 2);
    QCOMPARE(result["novel"].toObject()["total"].toInt(), 1);
    QCOMPARE(result["agreement"].toDouble(), 1.0);
    QVERIFY(result["mean_kl"].toDouble() < 1e-9);
    const Ran engine = run_qvlm({"evaluate", model_, "--questions", path("questions.jsonl"), "--json", "--max-tokens",
                                 "4", "--against", model_, "--against-backend", "reference"});
    QVERIFY2(engine.status == 0, qPrintable(engine.err));
    QVERIFY2(engine.lines().last()["mean_kl"].toDouble() < 1e-3, qPrintable(engine.out));
  }
};

QTEST_GUILESS_MAIN(TestCliChat)
#include "test_cli_chat.moc"
