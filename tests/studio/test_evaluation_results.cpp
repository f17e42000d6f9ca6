// Results that are kept: files good and bad, texts, which result is a row, and what rows are called.
#include <QDir>
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <nlohmann/json.hpp>

#include "app/studio/models/evaluation_controller.h"
#include "app/studio/models/workbench.h"
#include "tests/studio/kept_results.h"
#include "tests/studio/studio_fixture.h"

using namespace qvlm;
using namespace qvlm::studio;

class TestEvaluationResults : public QObject {
  Q_OBJECT

 private slots:
  void a_result_comes_back_as_it_was_kept() {
    QTemporaryDir folder;
    EvaluationResults results(folder.filePath(QStringLiteral("a/b")));
    QSignalSpy changed(&results, &EvaluationResults::changed), told(&results, &EvaluationResults::failed);
    EvaluateRequest request;
    request.model = {QStringLiteral("/models/demo"), QStringLiteral("vulkan"), false};
    request.questions = QStringLiteral("/sets/q.jsonl");
    results.keep(request, finished_with(7), 0x12, 10);
    QVERIFY(changed.wait(30000));
    QCOMPARE(results.results().size(), size_t(1));
    const KeptResult& one = results.results().front();
    QCOMPARE(one.model, request.model.path);
    QCOMPARE(one.asked, QStringLiteral("0000000000000012-10"));
    QCOMPARE(one.table.rows[0].bits, std::string("float"));
    QCOMPARE(one.table.rows[0].evaluation->overall.right, 7);
    QVERIFY(qAbs(one.at.secsTo(QDateTime::currentDateTimeUtc())) < 600);
    QCOMPARE(to_json(kept_result_from_json(parse_json(to_json(one), "x"), "x")), to_json(one));
    // The same again gives way; compared with another, or in other bits, it stands beside.
    const auto after = [&](const EvaluationFinished& finished) {
      changed.clear();
      results.keep(request, finished, 0x12, 10);
      return changed.wait(30000) ? int(results.results().size()) : -1;
    };
    QCOMPARE(after(finished_with(8)), 1);
    QCOMPARE(results.results().front().table.rows[0].evaluation->overall.right, 8);
    request.against = QStringLiteral("/models/other");
    QCOMPARE(after(finished_with(8, "/models/other")), 2);
    request.model.activations_as_a16 = true;
    QCOMPARE(after(finished_with(8)), 3);
    QVERIFY(told.isEmpty() && results.problems().isEmpty());
    QCOMPARE(QDir(folder.filePath(QStringLiteral("a/b"))).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot).size(), 3);
  }

  void what_cannot_be_kept_is_said() {
    QTemporaryDir folder;
    QFile file(folder.filePath(QStringLiteral("in the way")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    EvaluationResults results(file.fileName());
    QSignalSpy told(&results, &EvaluationResults::failed), kept(&results, &EvaluationResults::kept);
    results.keep({}, finished_with(1), 1, 1);
    QVERIFY(told.wait(30000));
    QVERIFY2(told.first().first().toString().contains(QLatin1String("in the way")), qPrintable(told.first().first().toString()));
    QVERIFY(kept.isEmpty());
    // A run whose report is damaged keeps its result, without the run's figures.
    QDir(folder.path()).mkpath(QStringLiteral("a.qvlm"));
    QFile report(folder.filePath(QStringLiteral("a.qvlm/report.json")));
    QVERIFY(report.open(QIODevice::WriteOnly) && report.write("{\"blocks\": [") > 0);
    report.close();
    EvaluationResults others(folder.filePath(QStringLiteral("kept")));
    QSignalSpy said(&others, &EvaluationResults::failed), changed(&others, &EvaluationResults::changed);
    EvaluateRequest request;
    request.model.path = folder.filePath(QStringLiteral("a.qvlm"));
    others.keep(request, finished_with(1), 1, 1);
    QVERIFY(changed.wait(30000));
    QVERIFY2(said.value(0).value(0).toString().contains(QLatin1String("report.json")), qPrintable(said.value(0).value(0).toString()));
    QVERIFY(others.results().size() == 1 && !others.results()[0].table.rows[0].run);
  }

  void damaged_and_later_files_are_named_and_passed_over() {
    QTemporaryDir folder;
    const std::string good = to_json(kept(QStringLiteral("/models/demo"), finished_with(5), 0));
    const auto write = [&](const QString& name, const std::string& text) {
      QFile file(folder.filePath(name));
      QVERIFY(file.open(QIODevice::WriteOnly) && file.write(QByteArray::fromStdString(text)) >= 0);
    };
    auto changed_by = [&](auto change) {
      auto json = nlohmann::ordered_json::parse(good);
      change(json);
      return json.dump();
    };
    write(QStringLiteral("good.json"), good);
    write(QStringLiteral("cut.json"), good.substr(0, good.size() / 2));
    write(QStringLiteral("empty.json"), "");
    write(QStringLiteral("later.json"), changed_by([](auto& json) { json["kept_version"] = 2; }));
    write(QStringLiteral("date.json"), changed_by([](auto& json) { json["at"] = "yesterday"; }));
    write(QStringLiteral("rows.json"), changed_by([](auto& json) { json["table"]["rows"] = nlohmann::ordered_json::array(); }));
    write(QStringLiteral("bare.json"), changed_by([](auto& json) { json["table"]["rows"][0].erase("evaluation"); }));
    write(QStringLiteral("typed.json"), changed_by([](auto& json) { json["model"] = 7; }));
    write(QStringLiteral("notes.txt"), "not a result");
    EvaluationResults results(folder.path());
    QSignalSpy changed(&results, &EvaluationResults::changed);
    results.refresh();
    QVERIFY(changed.wait(30000));
    QCOMPARE(results.results().size(), size_t(1));
    const QStringList& problems = results.problems();
    QCOMPARE(problems.size(), 7);
    for (const char* part : {"cut.json: not valid JSON", "empty.json", "later.json: kept_version: expected 1, found 2",
                             "date.json: at: expected a date", "rows.json: table.rows: expected 1, found 0", "bare.json: table.rows[0].evaluation", "typed.json: model"})
      QVERIFY2(problems.filter(QLatin1String(part)).size() == 1, qPrintable(problems.join(QLatin1Char('\n'))));
  }

  void a_text_is_known_by_its_content() {
    QTemporaryDir folder;
    EvaluateRequest request;
    request.model.path = QStringLiteral("/models/demo");
    request.questions = folder.filePath(QStringLiteral("held-out.txt"));
    EvaluationResults results(folder.filePath(QStringLiteral("kept")));
    QSignalSpy changed(&results, &EvaluationResults::changed);
    EvaluationFinished finished = finished_with(0);
    finished.overall = {};
    finished.likelihood["text"] = {630, 1.5};
    for (const char* words : {"some words", "other words"}) {
      QFile file(request.questions);
      QVERIFY(file.open(QIODevice::WriteOnly) && file.write(words) > 0);
      file.close();
      results.keep(request, finished, 0, 3);
      QVERIFY(changed.wait(30000));
    }
    QCOMPARE(results.results().size(), size_t(2));
    QVERIFY(results.results()[0].asked != results.results()[1].asked && results.results()[0].table.is_text);
    EvaluationTables tables(results);
    results.refresh();
    QVERIFY(changed.wait(30000));
    QCOMPARE(tables.sources().size(), size_t(2));
    QVERIFY2(tables.sources()[0].name.endsWith(QLatin1String("held-out.txt, stretches: 3")), qPrintable(tables.sources()[0].name));
    QCOMPARE(cell(tables, 0, 0, QStringLiteral("KL, text")), QStringLiteral("no such column"));
    tables.set_layout(TableLayout::TABLE_2);
    QCOMPARE(cell(tables, 0, 0, QStringLiteral("perplexity")), QStringLiteral("4.482"));
  }

  void the_perplexity_of_a_text_is_shown_and_kept() {
    QTemporaryDir folder;
    EvaluationFinished finished = finished_with(0);
    finished.overall = {};
    finished.categories.clear();
    finished.likelihood["text"] = {630, 1.5};
    QByteArray said;
    for (const EvaluationEvent& event :
         {EvaluationEvent(EvaluationStarted{.model = "m", .questions = 2}), EvaluationEvent(TextScored{.index = 0, .tokens = 315}),
          EvaluationEvent(TextScored{.index = 1, .tokens = 315}), EvaluationEvent(finished)})
      said += QByteArray::fromStdString(to_json_line(event)) + '\n';
    const auto write = [&](const QString& name, const QByteArray& text) {
      QFile file(folder.filePath(name));
      QVERIFY(file.open(QIODevice::WriteOnly) && file.write(text) > 0);
      QVERIFY(file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner));
    };
    write(QStringLiteral("held-out.txt"), "some words");
    write(QStringLiteral("qvlm"), "#!/bin/sh\ncat <<'END'\n" + said + "END\n");
    Settings settings(folder.filePath(QStringLiteral("settings.ini")));
    Places places;
    places.command = folder.filePath(QStringLiteral("qvlm"));
    places.data = folder.path();
    Workbench workbench(places, settings);
    EvaluationController evaluation(workbench);
    QSignalSpy failed(&evaluation, &EvaluationController::failed);
    evaluation.start({QStringLiteral("/models/demo"), QStringLiteral("reference"), false}, {}, folder.filePath(QStringLiteral("held-out.txt")), 0);
    QVERIFY(evaluation.running() && evaluation.total() == 0);
    QTRY_VERIFY(!evaluation.running());
    QVERIFY2(failed.isEmpty(), qPrintable(failed.value(0).value(0).toString()));
    QCOMPARE(evaluation.done(), 2);
    QCOMPARE(evaluation.result_text(), QStringLiteral("4.482"));
    QCOMPARE(evaluation.result_note(), QStringLiteral("Perplexity over 630 tokens"));
    QVERIFY(evaluation.status_text().startsWith(QLatin1String("Finished in 3 s")));
    QVERIFY(workbench.accuracy_text(QStringLiteral("/models/demo")).isEmpty());
    QTRY_COMPARE(evaluation.results().results().size(), size_t(1));
    QVERIFY(evaluation.results().results()[0].table.is_text);
  }

  void a_row_is_the_result_that_says_the_most() {
    const QString quantized = QStringLiteral("/runs/b.qvlm"), own = QStringLiteral("/models/demo");
    // Compared with float beats later; of two alike the later one stands; float first, then by name.
    const Table table = table_of_these({kept(QStringLiteral("/runs/a.qvlm"), finished_with(4), 1),
                                        kept(quantized, finished_with(5, "/models/demo"), 2), kept(quantized, finished_with(6), 3), kept(own, finished_with(8), 4), kept(own, finished_with(9), 5)});
    QCOMPARE(names_of(table), QStringList({"demo", "a", "b"}));
    QCOMPARE(table.rows[0].evaluation->overall.right, 9);
    QCOMPARE(table.rows[2].evaluation->overall.right, 5);
    QVERIFY(table.rows[2].evaluation->mcnemar.has_value());
    QCOMPARE(table.questions, std::string("/sets/q.jsonl"));
    QCOMPARE(table.title, std::string("sets/q.jsonl"));
    // Beside a quantized model: the answers stand, the comparison does not, for its columns speak of float.
    const Table other = table_of_these({kept(quantized, finished_with(5, "/runs/a.qvlm"), 2)});
    QCOMPARE(other.rows[0].evaluation->overall.right, 5);
    QVERIFY(other.rows[0].evaluation->against.empty() && other.rows[0].evaluation->divergence.empty() && !other.rows[0].evaluation->mcnemar);
    QVERIFY(to_html(other, TableLayout::ROWS).find("dashed") == std::string::npos);  // no model in full precision to compare with
    // Equal names say what differs.
    const Table twice = table_of_these({kept(quantized, finished_with(5), 1), kept(quantized, finished_with(6), 2, QStringLiteral("reference"))});
    QCOMPARE(names_of(twice), QStringList({"b (reference)", "b (vulkan)"}));
    const Table folders = table_of_these({kept(quantized, finished_with(5), 1), kept(QStringLiteral("/others/b.qvlm"), finished_with(6), 2)});
    QCOMPARE(names_of(folders), QStringList({"b (/others)", "b (/runs)"}));
    QVERIFY(table_of_results({}).rows.empty());
  }

  void a_question_is_known_by_what_is_asked() {
    QuestionAnswered one{.index = 3, .id = "x", .category = "colour", .question = "?", .expected = "red", .answer = "blue", .images = {"/a/p.png"}};
    QuestionAnswered same = one;
    same.answer = "red";
    same.images = {"/elsewhere/p.png"};
    QCOMPARE(hash_of(one), hash_of(same));
    for (std::string QuestionAnswered::*part :
         {&QuestionAnswered::id, &QuestionAnswered::category, &QuestionAnswered::question, &QuestionAnswered::expected}) {
      QuestionAnswered other = one;
      other.*part += "!";
      QVERIFY(hash_of(other) != hash_of(one));
    }
    same.images = {"p.png", "q.png"};
    QVERIFY(hash_of(same) != hash_of(one));
    same = one;
    same.index = 4;
    QVERIFY(hash_of(same) != hash_of(one));
  }

  void methods_are_named_by_what_recipes_do() {
    QCOMPARE(method_of({.search = SearchMode::NONE}), QStringLiteral("RTN"));
    QCOMPARE(method_of({.rotation = RotationMode::R1R2, .weight_method = WeightMethod::GPTQ}), QStringLiteral("GPTQ, joint, r1r2"));
    QCOMPARE(method_of({.transform = TransformMode::LEARNED, .search = SearchMode::LAYERWISE, .veo = true}),
             QStringLiteral("RTN, layerwise, learned transform, VEO"));
  }

  void every_heading_and_caption_is_translated() {
    KeptResult soft = kept(QStringLiteral("/models/demo"), finished_with(5, "/models/other"), 0);
    EvaluationFinished& result = *soft.table.rows[0].evaluation;
    result.overall.soft = 0.5;
    result.divergence["text"] = {3, 1, 1};
    const QStringList known = EvaluationTables::known_texts();
    int seen = 0;
    for (const bool text : {false, true}) {
      for (const char* backend : {"vulkan", "reference"}) {
        soft.table.is_text = text;
        result.info.backend = backend;
        for (const TableLayout layout : EvaluationTables::layouts()) {
          for (const Grid& grid : make_grids(soft.table, layout)) {
            QVERIFY2(known.contains(QString::fromStdString(grid.caption)), grid.caption.c_str());
            for (const std::string& column : grid.columns) {
              QVERIFY2(column == "colour" || known.contains(QString::fromStdString(column)), column.c_str());
              ++seen;
            }
          }
        }
      }
    }
    QVERIFY(seen > 100);
  }
};

QTEST_MAIN(TestEvaluationResults)
#include "test_evaluation_results.moc"
