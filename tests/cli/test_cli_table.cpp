// qvlm table and qvlm evaluate's comparisons through the command line, on a model of a few thousand weights.
#include <unistd.h>

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <csignal>

#include "tests/cli/qvlm_process.h"
#include "tests/cli/tiny_model.h"

using namespace qvlm::test;

namespace {

QByteArray content(const QString& path) {
  QFile file(path);
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

}  // namespace

class TestCliTable : public QObject {
  Q_OBJECT
  QTemporaryDir folder_;
  QString path(const QString& name) const { return folder_.filePath(name); }

  void write(const QString& name, const QByteArray& text) const {
    QFile file(path(name));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(text);
  }

  /// A specification on the tiny model and six of the demo's questions.
  void write_spec(const QString& name, const QByteArray& rows, const QByteArray& more = {}) const {
    write(name, QByteArray(R"({"title": "Tiny", "model": "model", "calibration": ")" QVLM_SOURCE_DIR
                           R"(/resources/demo/calibration", "questions": ")" QVLM_SOURCE_DIR
                           R"(/resources/demo/questions", "limit": 6, "max_tokens": 3, "base": {"samples": 4, "search_samples": 2, "threads": 1}, )") +
                    more + R"("rows": [)" + rows + "]}");
  }

  static QStringList named(const Ran& ran, const QString& event) {
    QStringList names;
    for (const QJsonObject& line : ran.lines()) {
      if (line["event"] == event) names << line["name"].toString();
    }
    return names;
  }

 private slots:
  void initTestCase() { write_tiny_model(path("model").toStdString()); }

  void a_table_is_made_and_what_is_finished_is_not_made_again() {
    const QByteArray rows = R"({"name": "RTN", "recipe": {"search": "none"}}, {"name": "A4", "recipe": {"search": "none", "activation_bits": 4}})";
    write_spec("t.json", rows);
    const Ran first = run_qvlm({"table", path("t.json"), "-o", path("out"), "--json"});
    QVERIFY2(first.status == 0, qPrintable(first.err));
    QCOMPARE(named(first, "RowFinished"), (QStringList{"float", "RTN", "A4"}));
    QCOMPARE(first.events().last(), QString("TableFinished"));
    const QJsonArray table = QJsonDocument::fromJson(content(path("out/table.json"))).object()["rows"].toArray();
    QCOMPARE(table.size(), 3);
    QCOMPARE(table[2]["activations"].toString(), QString("4 bit, dynamic-token"));
    QCOMPARE(table[1]["evaluation"]["overall"]["total"].toInt(), 6);
    QVERIFY(table[2]["evaluation"]["mean_kl"].toDouble() > table[1]["evaluation"]["mean_kl"].toDouble());
    QVERIFY(table[1]["run"]["peak_bytes"].toDouble() > 1e6);
    QVERIFY(content(path("out/table.txt")).contains("group 32"));
    QVERIFY(content(path("out/table.html")).contains("<svg"));

    // Again: no row is told to progress, the table is the same.
    const QByteArray before = content(path("out/table.json"));
    const Ran again = run_qvlm({"table", path("t.json"), "-o", path("out"), "--json"});
    QVERIFY2(again.status == 0, qPrintable(again.err));
    QCOMPARE(named(again, "RowProgress"), QStringList{});
    QCOMPARE(content(path("out/table.json")), before);

    // One row more, one changed: only these are made.
    write_spec("t.json", QByteArray(rows).replace("\"activation_bits\": 4", "\"activation_bits\": 6") + R"(, {"name": "W3", "recipe": {"search": "none", "weight_bits": 3}})");
    const Ran more = run_qvlm({"table", path("t.json"), "-o", path("out"), "--layout", "table2", "--json"});
    QVERIFY2(more.status == 0, qPrintable(more.err));
    const QStringList made = named(more, "RowProgress");
    QVERIFY(!made.contains("RTN") && !made.contains("float") && made.contains("A4") && made.contains("W3"));
    QVERIFY(content(path("out/table.txt")).contains("Avg"));
  }

  void a_failed_row_does_not_stop_the_others() {
    write_spec("f.json", R"({"name": "wide", "recipe": {"search": "none", "weight_group": 128}}, {"name": "RTN", "recipe": {"search": "none"}})");
    const Ran ran = run_qvlm({"table", path("f.json"), "-o", path("failed"), "--json"});
    VERIFY_FAILED(ran, 1, "1 of 3 rows failed");
    QCOMPARE(named(ran, "RowFailed"), QStringList{"wide"});
    QCOMPARE(named(ran, "RowFinished"), (QStringList{"float", "RTN"}));
    const QByteArray text = content(path("failed/table.txt"));
    QVERIFY2(text.contains("failed: recipe: weight_group") && text.contains("group 128"), text.constData());
  }

  void a_stopped_table_goes_on() {
    write_spec("s.json", R"({"name": "one", "recipe": {"search": "none"}}, {"name": "two", "recipe": {"samples": 64, "search_samples": 64}})");
    QProcess process;
    process.setProcessEnvironment(environment_with({}));
    process.start(qvlm_path(), {"table", path("s.json"), "-o", path("stopped"), "--json"});
    QVERIFY(!wait_for_line(process, "\"two\",\"phase\":\"search\"").isEmpty());
    ::kill(static_cast<pid_t>(process.processId()), SIGINT);
    QVERIFY(process.waitForFinished(60000));
    QCOMPARE(process.exitCode(), 1);
    QVERIFY(QFile::exists(path("stopped/two.qvlm.partial")) && !QFile::exists(path("stopped/two.qvlm")));
    const Ran ran = run_qvlm({"table", path("s.json"), "-o", path("stopped"), "--json"});
    QVERIFY2(ran.status == 0, qPrintable(ran.err));
    QVERIFY(!named(ran, "RowProgress").contains("one"));
    QVERIFY(content(path("stopped/two.qvlm/journal.jsonl")).contains("RunResumed"));
  }

  void a_text_table_has_perplexities() {
    QByteArray text;
    for (int i = 0; i < 60; ++i) text += "The " + QByteArray::number(i) + " little cats look at the moon over the house.\n\n";
    write("held-out.txt", text);
    write("t.json", R"({"model": "model", "calibration": "held-out.txt", "questions": "held-out.txt", "context": 64, "limit": 4,
                        "rows": [{"name": "RTN", "recipe": {"samples": 1, "search": "none", "weight_bits": 2}}]})");
    const Ran ran = run_qvlm({"table", path("t.json"), "-o", path("text")});
    QVERIFY2(ran.status == 0, qPrintable(ran.err));
    QVERIFY2(ran.out.contains("perplexity"), qPrintable(ran.out));
    const QJsonArray table = QJsonDocument::fromJson(content(path("text/table.json"))).object()["rows"].toArray();
    QCOMPARE(table[1]["evaluation"]["likelihood"]["text"]["tokens"].toInt(), 4 * 63);
    QVERIFY(table[1]["evaluation"]["divergence"]["text"]["kl"].toDouble() > 0);
    QCOMPARE(table[0]["evaluation"]["likelihood"]["text"]["nll"].toDouble(), table[1]["evaluation"]["against_likelihood"]["text"]["nll"].toDouble());
  }

  void what_stands_in_the_way_is_said() {
    write_spec("bad.json", R"({"name": "a", "recipe": {"serach": "none"}})");
    VERIFY_FAILED(run_qvlm({"table", path("bad.json"), "-o", path("bad")}), 1, "unknown key \"serach\"");
    write_spec("bad.json", R"({"name": "a"})", R"("colour": 1, )");
    VERIFY_FAILED(run_qvlm({"table", path("bad.json"), "-o", path("bad")}), 1, "colour");
    write_spec("good.json", R"({"name": "a"})");
    VERIFY_FAILED(run_qvlm({"table", path("good.json"), "-o", path("bad"), "--layout", "table9"}), 1, "table5");
    VERIFY_FAILED(run_qvlm({"table", path("good.json"), "-o", path("good.json/out")}), 1, "good.json/out");
    VERIFY_FAILED(run_qvlm({"table", path("good.json"), "-o", "/proc/out"}), 1, "/proc/out");
    VERIFY_FAILED(run_qvlm({"table", path("absent.json"), "-o", path("bad")}), 1, "absent.json");
  }

  void evaluations_compare_with_a_model_or_with_its_stored_answers() {
    const QStringList begin{"evaluate", path("model"), "--questions", QStringLiteral(QVLM_SOURCE_DIR "/resources/demo/questions"),
                            "--limit", "5", "--max-tokens", "4", "--backend", "reference", "--json"};
    const Ran alone = run_qvlm(begin);
    QVERIFY2(alone.status == 0, qPrintable(alone.err));
    write("answers.jsonl", alone.out.toUtf8());
    const Ran stored = run_qvlm(begin + QStringList{"--against-result", path("answers.jsonl")});
    QVERIFY2(stored.status == 0, qPrintable(stored.err));
    QCOMPARE(stored.lines().last()["agreement"].toDouble(), 1.0);
    QVERIFY(stored.lines().last()["divergence"].toObject().isEmpty());
    const Ran both = run_qvlm(begin + QStringList{"--against-result", path("answers.jsonl"), "--against", path("model"), "--batch", "2"});
    QVERIFY2(both.status == 0, qPrintable(both.err));
    QCOMPARE(both.lines().last()["divergence"].toObject()["all"].toObject()["top1"].toDouble(), 1.0);
    QVERIFY(both.lines().last()["mean_kl"].toDouble() < 1e-6);
    VERIFY_FAILED(run_qvlm(begin + QStringList{"--against-result", path("model/config.json")}), 1, "config.json:1");
    VERIFY_FAILED(run_qvlm({"evaluate", path("model"), "--questions", "x", "--batch", "8"}), 2, "--batch");
  }

  void question_sets_with_faults_are_refused() {
    const auto fails = [&](const QByteArray& lines) {
      write("q.jsonl", lines);
      return run_qvlm({"evaluate", path("model"), "--questions", path("q.jsonl"), "--backend", "reference"});
    };
    VERIFY_FAILED(fails("{\"id\": \"a\", \"question\": \"What?\"}\n"), 1, "entry \"a\": answer");
    VERIFY_FAILED(fails("{\"id\": \"a\", \"question\": \"What?\", \"answer\": \"b\"}\n{\"id\": \"a\", \"question\": \"Who?\", \"answer\": \"b\"}\n"), 1,
                  "found it twice");
    VERIFY_FAILED(fails("{\"id\": \"a\", \"images\": [\"none.png\"], \"question\": \"What?\", \"answer\": \"b\"}\n"), 1, "none.png");
    write("broken.png", "\x89PNG\r\n and no more");
    VERIFY_FAILED(fails("{\"id\": \"a\", \"images\": [\"broken.png\"], \"question\": \"What?\", \"answer\": \"b\"}\n"), 1, "question \"a\": ");
    write("latin.txt", "caf\xe9");
    VERIFY_FAILED(run_qvlm({"evaluate", path("model"), "--questions", path("latin.txt"), "--backend", "reference"}), 1, "UTF-8");
  }
};

QTEST_GUILESS_MAIN(TestCliTable)
#include "test_cli_table.moc"
