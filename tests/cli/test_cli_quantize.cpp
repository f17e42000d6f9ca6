// A whole small run through the command line: quantize, look, ask, export; cancelling, resuming, and what stands in the
// way.
#include <unistd.h>
#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <csignal>
#include <map>
#include <set>
#include <utility>

#include "tests/cli/qvlm_process.h"
#include "tests/cli/tiny_model.h"

using namespace qvlm::test;

class TestCliQuantize : public QObject {
  Q_OBJECT
  QTemporaryDir folder_;
  QString path(const QString& name) const { return folder_.filePath(name); }
  QString model_;

  QStringList quantize(const QString& out, const QStringList& more = {}) const {
    return QStringList{"quantize",
                       model_,
                       "--calibration",
                       QStringLiteral(QVLM_SOURCE_DIR "/resources/demo/calibration"),
                       "-o",
                       path(out),
                       "--search-samples",
                       "2"} +
           (more.contains("--samples") ? QStringList{} : QStringList{"--samples", "4"}) + more;
  }

  QString partition(const QString& name, const std::vector<std::pair<int, int>>& blocks) const {
    QStringList text;
    for (const auto& [first, last] : blocks) text << QStringLiteral("{\"first\":%1,\"last\":%2}").arg(first).arg(last);
    QFile file(path(name));
    if (file.open(QIODevice::WriteOnly)) file.write("{\"blocks\":[" + text.join(QLatin1Char(',')).toUtf8() + "]}");
    return path(name);
  }

 private slots:
  void initTestCase() { model_ = QString::fromStdString(write_tiny_model(path("model").toStdString()).string()); }

  void a_run_tells_its_events_and_leaves_a_model() {
    const Ran run = run_qvlm(quantize("a.qvlm", {"--json"}));
    QVERIFY2(run.status == 0, qPrintable(run.err));
    const QStringList events = run.events();
    QCOMPARE(events.first(), QString("RunStarted"));
    QCOMPARE(events.last(), QString("RunFinished"));
    QCOMPARE(events.count("EntropyMeasured"), 4 * tiny::kLayers);
    QCOMPARE(events.count("LayerQuantized"), tiny::kLayers);
    for (const QJsonObject& line : run.lines()) {
      if (line["event"] == "BlockSearched")
        QVERIFY(line["joint_error"].toDouble() <= line["layerwise_error"].toDouble());
    }
    const Ran inspect = run_qvlm({"inspect", path("a.qvlm"), "--json"});
    QVERIFY2(inspect.status == 0, qPrintable(inspect.err));
    QVERIFY(inspect.lines().last()["stored_bits"].toDouble() < 5.5);
    const Ran chat = run_qvlm({"chat", path("a.qvlm"), "--prompt", "What is it?", "--max-tokens", "2"});
    QVERIFY2(chat.status == 0, qPrintable(chat.err));
    QVERIFY2(chat.err.contains("-bit weights"), qPrintable(chat.err));
  }

  void the_model_is_exported_and_opens_as_plain_gguf() {
    if (!QFile::exists(path("a.qvlm"))) QVERIFY(run_qvlm(quantize("a.qvlm")).status == 0);
    const Ran ran = run_qvlm({"export", path("a.qvlm"), "--to", "gguf", "-o", path("out"), "--json"});
    QVERIFY2(ran.status == 0, qPrintable(ran.err));
    QCOMPARE(ran.lines().last()["event"].toString(), QStringLiteral("Exported"));
    QCOMPARE(ran.lines().last()["inexact"].toInt(), 0);
    QVERIFY(ran.out.contains("\"event\":\"TensorChecked\"") && ran.out.contains("\"stage\":\"reading back\""));
    QVERIFY(QFile::exists(path("out/README.txt")));
    const QStringList plain{path("out/a.gguf"), "--vision", path("out/a-mmproj.gguf")};
    const Ran inspect = run_qvlm(QStringList{"inspect"} + plain + QStringList{"--json"});
    QVERIFY2(inspect.status == 0, qPrintable(inspect.err));
    const auto answer = [&](const QStringList& model) {
      return run_qvlm(QStringList{"chat"} + model +
                      QStringList{"--prompt", "What is it?", "--max-tokens", "6", "--backend", "reference"});
    };
    const Ran from_gguf = answer(plain), from_qvlm = answer({path("a.qvlm")});
    QVERIFY2(from_gguf.status == 0, qPrintable(from_gguf.err));
    QCOMPARE(from_gguf.out, from_qvlm.out);
  }

  void a_model_of_quantized_activations_runs_as_such_or_says_what_runs() {
    QVERIFY2(run_qvlm(quantize("a8.qvlm", {"--preset", "w4a8", "--search", "none"})).status == 0, "quantize");
    const QStringList begin{"chat", path("a8.qvlm"), "--prompt", "What is it?", "--max-tokens", "2"};
    const Ran engine = run_qvlm(begin);
    QVERIFY2(engine.status == 0 && engine.err.contains("8-bit activations"), qPrintable(engine.err));
    const Ran as_a16 = run_qvlm(begin + QStringList{"--activations-as-a16"});
    QVERIFY2(as_a16.status == 0 && as_a16.err.contains("A16"), qPrintable(as_a16.err));
    const Ran faithful = run_qvlm(begin + QStringList{"--backend", "reference"});
    QVERIFY2(faithful.status == 0 && faithful.err.contains("8-bit activations"), qPrintable(faithful.err));
    QCOMPARE(engine.out, faithful.out);
  }

  void a_benchmark_says_where_time_goes() {
    const Ran bench = run_qvlm({"bench", model_, "--tokens", "5", "--json"});
    QVERIFY2(bench.status == 0, qPrintable(bench.err));
    const QJsonObject result = bench.lines().last();
    QCOMPARE(result["activation_bits"].toInt(), 16);
    QStringList kinds;
    for (const QJsonValue& value : result["results"].toArray()) {
      const QJsonObject one = value.toObject();
      kinds << one["what"].toString();
      if (kinds.last() == "decode") QVERIFY(one["p50_milliseconds"].toDouble() > 0 && one["p99_milliseconds"].toDouble() >= one["p50_milliseconds"].toDouble());
      if (!kinds.last().endsWith("step")) continue;
      QVERIFY((one["rows"].toInt() == 1) == (kinds.last() == "step"));
      QVERIFY(one["dispatches"].toInt() > one["submissions"].toInt() && one["milliseconds"].toDouble() > 0);
      int dispatches = 0;
      for (const QJsonValue& kernel : one["kernels"].toArray()) dispatches += kernel.toObject()["dispatches"].toInt();
      QVERIFY(dispatches == one["dispatches"].toInt() || one["kernels"].toArray().isEmpty());
    }
    for (const char* kind : {"prefill", "decode", "step", "prefill_step", "picture"}) QVERIFY2(kinds.contains(kind), kind);
    QVERIFY2(run_qvlm({"bench", model_, "--tokens", "2", "--backend", "reference"}).status == 0, "reference");
    const Ran shape = run_qvlm({"bench", "--shape", "demo", "--tokens", "2", "--prefill", "16,48", "--contexts", "20", "--json"});
    QVERIFY2(shape.status == 0, qPrintable(shape.err));
    const QJsonObject random = shape.lines().last();
    QCOMPARE(random["model"].toString(), QString("demo"));
    QStringList what;
    for (const QJsonValue& one : random["results"].toArray()) what << one["what"].toString() + QString::number(one["tokens"].toInt(one["context"].toInt()));
    QCOMPARE(what.mid(0, 3), QStringList({"prefill16", "prefill48", "decode20"}));
    VERIFY_FAILED(run_qvlm({"bench", model_, "--shape", "demo"}), 2, "a MODEL or --shape NAME");
    VERIFY_FAILED(run_qvlm({"bench", "--shape", "llava-70b"}), 2, "llava-7b");
  }

  void ctrl_c_leaves_a_run_that_can_be_resumed() {
    QProcess process;
    process.setProcessEnvironment(environment_with({}));
    process.start(qvlm_path(), quantize("c.qvlm", {"--json", "--samples", "32"}));
    QVERIFY(!wait_for_line(process, "SiteMeasured").isEmpty());
    ::kill(static_cast<pid_t>(process.processId()), SIGINT);
    QVERIFY(process.waitForFinished(60000));
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    QCOMPARE(process.exitCode(), 1);
    QVERIFY(QString::fromUtf8(process.readAllStandardError()).contains("--resume"));
    QVERIFY(QString::fromUtf8(process.readAllStandardOutput()).contains("RunCancelled"));
    QVERIFY(!QFile::exists(path("c.qvlm")) && QFile::exists(path("c.qvlm.partial")));
    const Ran opened = run_qvlm({"inspect", path("c.qvlm.partial")});
    VERIFY_FAILED(opened, 1, "resume");
    const Ran resumed =
        run_qvlm({"quantize", model_, "--calibration", QStringLiteral(QVLM_SOURCE_DIR "/resources/demo/calibration"),
                  "-o", path("c.qvlm"), "--resume", "--json"});
    QVERIFY2(resumed.status == 0, qPrintable(resumed.err));
    QCOMPARE(resumed.events().last(), QString("RunFinished"));
    QVERIFY(QFile::exists(path("c.qvlm")));
  }

  // An edit after a run: what came before it is taken over, the result that of a fresh run.
  void an_edited_run_takes_over_what_has_not_changed() {
    const QStringList gptq{"--weight-method", "gptq"};
    QVERIFY2(run_qvlm(quantize("before.qvlm", gptq + QStringList{"--partition", partition("before.json", {{0, 1}, {2, 3}, {4, 5}, {6, 7}})})).status == 0, "first run");
    const QString after = partition("after.json", {{0, 1}, {2, 4}, {5, 5}, {6, 7}});
    const QStringList again{"quantize", model_, "--calibration", QStringLiteral(QVLM_SOURCE_DIR "/resources/demo/calibration"), "-o", path("again.qvlm"),
                            "--reuse", path("before.qvlm"), "--partition", after, "--json"};
    const Ran edited = run_qvlm(again);
    QVERIFY2(edited.status == 0, qPrintable(edited.err));
    QVERIFY2(run_qvlm(quantize("fresh.qvlm", gptq + QStringList{"--partition", after})).status == 0, "fresh run");
    const auto bytes = [&](const QString& name) {
      QFile file(path(name));
      return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    };
    QVERIFY(!bytes("fresh.qvlm/model.gguf").isEmpty());
    QVERIFY(bytes("again.qvlm/model.gguf") == bytes("fresh.qvlm/model.gguf"));
    QVERIFY(bytes("again.qvlm/vision.gguf") == bytes("fresh.qvlm/vision.gguf"));
    // The first block was not searched again, the edited one was; nothing was measured again.
    std::map<int, int> scored;
    for (const QJsonObject& line : edited.lines()) {
      if (line["event"] == "CandidateScored") ++scored[line["block"].toInt()];
    }
    QCOMPARE(scored[0], 0);
    QVERIFY(scored[1] > 0);
    QVERIFY(!edited.events().contains("EntropyMeasured"));
    VERIFY_FAILED(run_qvlm(again), 1, "exists already");
    QVERIFY(QFile::exists(path("before.qvlm/model.gguf")));  // the first result stands
    // What cannot begin leaves nothing behind.
    QStringList other = again;
    other[5] = path("other.qvlm");
    VERIFY_FAILED(run_qvlm(other + QStringList{"--weights", "8"}), 1, "weight_bits");
    QVERIFY(!QFile::exists(path("other.qvlm.partial")));
    VERIFY_FAILED(run_qvlm(other + QStringList{"--resume"}), 2, "excludes");
    // A preview of two edits searches these alone, and a resumption makes the whole.
    QStringList preview = other;
    preview[9] = partition("two.json", {{0, 0}, {1, 1}, {2, 3}, {4, 5}, {6, 6}, {7, 7}});
    const Ran looked = run_qvlm(preview + QStringList{"--preview"});
    QVERIFY2(looked.status == 0, qPrintable(looked.err));
    std::set<int> searched;
    for (const QJsonObject& line : looked.lines()) {
      if (line["event"] == "CandidateScored") searched.insert(line["block"].toInt());
    }
    QVERIFY((searched == std::set<int>{0, 1, 4, 5}));
    QCOMPARE(looked.events().last(), QString("RunCancelled"));
    const Ran whole = run_qvlm(preview.mid(0, 6) + QStringList{"--resume", "--json"});
    QVERIFY2(whole.status == 0, qPrintable(whole.err));
    QVERIFY2(run_qvlm(quantize("fresh2.qvlm", gptq + QStringList{"--partition", preview[9]})).status == 0, "fresh run");
    QVERIFY(bytes("other.qvlm/model.gguf") == bytes("fresh2.qvlm/model.gguf"));
    VERIFY_FAILED(run_qvlm(quantize("p.qvlm", {"--preview"})), 2, "--preview requires");
  }

  void a_plan_is_told_before_a_run() {
    QStringList asked = quantize("planned.qvlm", {"--plan", "--json"});
    const Ran plan = run_qvlm(asked);
    QVERIFY2(plan.status == 0, qPrintable(plan.err));
    QCOMPARE(plan.lines().size(), 1);
    const QJsonObject told = plan.lines().last();
    QCOMPARE(told["event"].toString(), QString("RunPlanned"));
    QCOMPARE(told["samples"].toInt(), 4);
    QCOMPARE(told["sites"].toInt(), 4 * tiny::kLayers);
    QVERIFY(told["planned_seconds"].toDouble() > 0 && told["planned_bytes"].toDouble() > 1e6);
    QVERIFY(!QFile::exists(path("planned.qvlm.partial")));
    asked.removeAt(asked.indexOf("-o") + 1);  // needs no place to write to
    asked.removeAll("-o");
    QVERIFY2(run_qvlm(asked).status == 0, "without -o");
    asked.removeAll("--plan");
    VERIFY_FAILED(run_qvlm(asked), 2, "--output is required");
    VERIFY_FAILED(run_qvlm(quantize("planned.qvlm", {"--plan", "--group", "128"})), 1, "weight_group");
  }

  void control_lines_cancel_a_run() {
    QProcess process;
    process.setProcessEnvironment(environment_with({}));
    process.start(qvlm_path(), quantize("d.qvlm", {"--json", "--samples", "32"}));
    QVERIFY(!wait_for_line(process, "RunStarted").isEmpty());
    process.write("nonsense\n{\"pause\": true}\n");
    QVERIFY(!wait_for_line(process, "RunPaused").isEmpty());
    process.write("{\"resume\": true}\n{\"cancel\": true}\n");
    QVERIFY(!wait_for_line(process, "RunCancelled").isEmpty());
    QVERIFY(process.waitForFinished(60000));
    QCOMPARE(process.exitCode(), 1);
  }

  void a_budget_gives_blocks_their_bits() {
    const Ran run = run_qvlm(quantize("f.qvlm", {"--json", "--budget-bits", "4.5", "--search", "none"}));
    QVERIFY2(run.status == 0, qPrintable(run.err));
    QVERIFY(run.lines().last()["stored_bits"].toDouble() <= 4.5 + 1e-9);
    int open = 0;
    for (const QJsonObject& line : run.lines()) {
      if (line["event"] != "PartitionChanged") continue;
      for (const QJsonValue& block : line["partition"].toObject()["blocks"].toArray()) open += block.toObject().contains("bits") ? 0 : 1;
    }
    QCOMPARE(open, 0);
    VERIFY_FAILED(run_qvlm(quantize("g.qvlm", {"--budget-bits", "3"})), 1, "at least 3.75, the smallest assignment");
    VERIFY_FAILED(run_qvlm(quantize("g.qvlm", {"--budget-bits", "4", "--budget-mb", "1"})), 2, "beside another budget");
    VERIFY_FAILED(run_qvlm(quantize("g.qvlm", {"--budget-ms", "4"})), 2, "latency_table");
    VERIFY_FAILED(run_qvlm(quantize("g.qvlm", {"--budget-ms", "4", "--latency-table", path("absent.json")})), 1, "absent.json");
  }

  // Measured on this machine's device, then searched under: what the table says is within the budget.
  void a_latency_table_is_measured_and_searched_under() {
    const Ran bench = run_qvlm({"bench", model_, "--latency-table", path("table.json"), "--json"});
    QVERIFY2(bench.status == 0, qPrintable(bench.err));
    const QJsonObject table = bench.lines().last();
    QCOMPARE(table["event"].toString(), QString("LatencyMeasured"));
    double slowest = table["rest_milliseconds"].toDouble();
    std::map<int, double> by_width;
    std::map<std::pair<int, int>, double> most;  // by shape
    for (const QJsonValue& row : table["rows"].toArray()) {
      const QJsonObject one = row.toObject();
      double& of_shape = most[{one["rows"].toInt(), one["columns"].toInt()}];
      of_shape = std::max(of_shape, one["milliseconds"].toDouble());
      QVERIFY(one["milliseconds"].toDouble() > 0);
      by_width[one["bits"].toInt()] += one["milliseconds"].toDouble();
    }
    QCOMPARE(by_width[3], by_width[4]);  // both in lanes of 4 bits
    QCOMPARE(by_width[5], by_width[8]);
    QVERIFY(!most.empty() && table["refused"].toArray().isEmpty());
    for (const auto& [shape, milliseconds] : most) slowest += 4 * tiny::kLayers * milliseconds;  // no less than any assignment takes
    const QStringList budget{"--latency-table", path("table.json"), "--search", "none", "--json", "--budget-ms"};
    const Ran free = run_qvlm(quantize("h.qvlm", budget + QStringList{QString::number(slowest)}));
    QVERIFY2(free.status == 0, qPrintable(free.err));
    VERIFY_FAILED(run_qvlm(quantize("i.qvlm", budget + QStringList{"1e-9"})), 1, "budget_milliseconds: expected at least");
    VERIFY_FAILED(run_qvlm(quantize("i.qvlm", budget + QStringList{"9", "--symmetric"})), 1, "symmetric");
    VERIFY_FAILED(run_qvlm({"bench", model_, "--latency-table", path("t.json"), "--backend", "reference"}), 2, "only --backend vulkan");
  }

  void proxies_are_ranked() {
    const QStringList begin{"proxies", model_, "--calibration", QStringLiteral(QVLM_SOURCE_DIR "/resources/demo/calibration"), "--samples", "2"};
    const Ran run = run_qvlm(begin + QStringList{"--assignments", "6", "--json"});
    QVERIFY2(run.status == 0, qPrintable(run.err));
    QCOMPARE(run.events().count("AssignmentMeasured"), 6);
    QCOMPARE(run.events().last(), QString("ProxiesRanked"));
    QCOMPARE(run.lines().last()["proxies"].toArray().size(), 8);
    const Ran text = run_qvlm(begin + QStringList{"--assignments", "4"});
    QVERIFY2(text.status == 0 && text.out.contains("fisher-error"), qPrintable(text.out + text.err));
    VERIFY_FAILED(run_qvlm(begin + QStringList{"--assignments", "1"}), 2, "--assignments");
    VERIFY_FAILED(run_qvlm(begin + QStringList{"--budget-bits", "2"}), 1, "at least 3.75");
  }

  void what_stands_in_the_way_is_said_before_the_work() {
    VERIFY_FAILED(run_qvlm(quantize("e.qvlm", {"--group", "128"})), 1, "32");  // rows of 64: says which groups would do
    VERIFY_FAILED(run_qvlm(quantize("e.gguf")), 1, ".qvlm");
    tiny::write_text(
        path("absent.json").toStdString(),
        R"([{"id":"x","image":"absent.png","conversations":[{"from":"human","value":"<image>\nWhat?"},{"from":"gpt","value":"dog"}]}])");
    VERIFY_FAILED(run_qvlm({"quantize", model_, "--calibration", path("absent.json"), "-o", path("e.qvlm")}), 1,
                  "absent.png");
    if (geteuid() == 0) {  // root writes everywhere but where there is no file system
      VERIFY_FAILED(run_qvlm({"quantize", model_, "--calibration",
                              QStringLiteral(QVLM_SOURCE_DIR "/resources/demo/calibration"), "-o", "/proc/e.qvlm"}),
                    1, "/proc/e.qvlm");
    } else {
      QDir().mkpath(path("locked"));
      QFile::setPermissions(path("locked"), QFile::ReadOwner | QFile::ExeOwner);
      VERIFY_FAILED(run_qvlm(quantize("locked/e.qvlm")), 1, "locked");
    }
  }
};

QTEST_GUILESS_MAIN(TestCliQuantize)
#include "test_cli_quantize.moc"
