// Workspace Runs: runs are there again after a restart, opened with all plots, compared, and damaged ones say why.
#include <QAbstractItemModelTester>
#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>
#include <QToolButton>

#include "app/studio/models/ribbon_model.h"
#include "app/studio/models/run_controller.h"
#include "app/studio/models/run_library.h"
#include "app/studio/pages/evaluate_page.h"
#include "app/studio/pages/quantize_page.h"
#include "app/studio/pages/recipe_panel.h"
#include "app/studio/pages/runs_page.h"
#include "app/studio/views/fields.h"
#include "app/studio/views/run_plots.h"
#include "app/studio/views/site_plots.h"
#include "app/studio/views/widgets.h"
#include "tests/studio/studio_fixture.h"

using namespace qvlm;
using namespace qvlm::studio;

class TestRunsPage : public QObject {
  Q_OBJECT

  /// Two runs: the greedy partition, and the layer-wise one after it. Returns where they went.
  static QStringList two_runs(Studio& studio) {
    const QString first = studio.run_demo();
    QuantizePage& page = *studio.window->quantize_page();
    QSignalSpy finished(&page, &QuantizePage::run_finished);
    page.ribbon_model().replace_partition(layerwise_partition(48), {});
    QTest::mouseClick(page.again_button(), Qt::LeftButton);
    if (!finished.wait(30000) || first.isEmpty()) return {};
    return {first, finished.first().first().toString()};
  }
  static RunsPage& shown(Studio& studio) {
    QSignalSpy refreshed(&studio.window->runs_page()->library(), &RunLibrary::refreshed);
    QTest::mouseClick(studio.window->rail()->button(Workspace::RUNS), Qt::LeftButton);
    (void)refreshed.wait(30000);
    return *studio.window->runs_page();
  }
  static void click_row(RunsPage& page, int row, Qt::KeyboardModifiers modifiers = {}) {
    QTest::mouseClick(page.list()->viewport(), Qt::LeftButton, modifiers,
                      page.list()->visualRect(page.library().index(row, 0)).center());
  }
  static int row_of(RunsPage& page, const QString& folder) {
    for (int row = 0; row < page.library().rowCount(); ++row) {
      if (page.library().at(row).folder == folder) return row;
    }
    return -1;
  }
  static QString figure(RunsPage& page, const QString& name, int run) {
    for (int row = 0; row < page.figures().rowCount(); ++row) {
      if (page.figures().index(row, 0).data().toString() == name)
        return page.figures().index(row, run + 1).data().toString();
    }
    return QStringLiteral("no such figure");
  }

 private slots:
  void runs_are_compared_side_by_side() {
    Studio studio;
    const QStringList outputs = two_runs(studio);
    QCOMPARE(outputs.size(), 2);
    QAbstractItemModelTester list(&studio.window->runs_page()->library(),
                                  QAbstractItemModelTester::FailureReportingMode::QtTest);
    QAbstractItemModelTester figures(&studio.window->runs_page()->figures(),
                                     QAbstractItemModelTester::FailureReportingMode::QtTest);
    RunsPage& page = shown(studio);
    QCOMPARE(page.library().rowCount(), 2);
    const int greedy = row_of(page, outputs[0]), layerwise = row_of(page, outputs[1]);
    click_row(page, 0);
    QCOMPARE(page.figures().columnCount(), 2);
    QVERIFY(page.open_button()->isEnabled());
    click_row(page, 1, Qt::ControlModifier);
    QCOMPARE(page.figures().columnCount(), 3);
    QVERIFY(!page.open_button()->isEnabled());  // which one?
    QCOMPARE(figure(page, QStringLiteral("Partition"), layerwise), QStringLiteral("48 blocks, user"));
    QVERIFY(figure(page, QStringLiteral("Partition"), greedy).endsWith(QLatin1String("greedy")));
    QCOMPARE(figure(page, QStringLiteral("Bits a weight"), 0), QStringLiteral("5.00"));
    QCOMPARE(figure(page, QStringLiteral("Accuracy"), 0), QStringLiteral("not evaluated"));
    // Steps over the sites: each block's beginning, and the end.
    const RunState& state = *page.library().at(greedy).state;
    QCOMPARE(page.plot()->points(), int(state.blocks.size()) + 1 + 48 + 1);
    QVERIFY(!page.plot()->table().isEmpty());
  }

  void an_evaluation_is_noted_beside_the_run() {
    Studio studio;
    const QStringList outputs = two_runs(studio);
    QCOMPARE(outputs.size(), 2);
    EvaluatePage& evaluate = *studio.window->evaluate_page();
    evaluate.picker()->choose({outputs[1], {}, false});
    QTest::mouseClick(evaluate.run_button(), Qt::LeftButton);
    QTRY_VERIFY(!studio.workbench->accuracy_text(outputs[1]).isEmpty());
    RunsPage& page = shown(studio);
    click_row(page, row_of(page, outputs[1]));
    QCOMPARE(figure(page, QStringLiteral("Accuracy"), 0), studio.workbench->accuracy_text(outputs[1]));
    QVERIFY(figure(page, QStringLiteral("Accuracy"), 0).contains(QLatin1String("of 100 questions")));
  }

  void an_old_run_comes_back_with_all_plots_and_its_recipe() {
    Studio studio;
    const QStringList outputs = two_runs(studio);
    QCOMPARE(outputs.size(), 2);
    QuantizePage& quantize = *studio.window->quantize_page();
    QCOMPARE(quantize.run().state().partition.blocks.size(), size_t(48));
    const QString entropies = quantize.entropy_plot()->table();
    RunsPage& page = shown(studio);
    click_row(page, row_of(page, outputs[0]));
    QTest::mouseClick(page.open_button(), Qt::LeftButton);
    QVERIFY(quantize.isVisible());
    QTRY_COMPARE(quantize.run().request().output, outputs[0]);
    QVERIFY(quantize.run().state().partition.blocks.size() < 48);
    QCOMPARE(quantize.entropy_plot()->table(), entropies);  // the same model, the same calibration
    QCOMPARE(quantize.error_plot()->points(), int(quantize.run().state().partition.blocks.size()));
    QVERIFY(quantize.candidate_plot()->points() >= 5);
    QCOMPARE(quantize.histogram_plot()->points(), 64);
    // Its recipe for a new run.
    Recipe other = quantize.recipe_panel()->recipe();
    other.weight_bits = 8;
    quantize.recipe_panel()->set_recipe(other);
    shown(studio);
    click_row(page, row_of(page, outputs[0]));
    QTest::mouseClick(page.recipe_button(), Qt::LeftButton);
    QVERIFY(quantize.isVisible());
    QCOMPARE(quantize.recipe_panel()->recipe().weight_bits, 4);
  }

  void a_run_that_was_killed_is_there_and_resumed() {
    Studio studio;
    QVERIFY(studio.open_demo());
    qputenv("FAKE_QVLM_DIE", "run");
    studio.window->show_workspace(Workspace::QUANTIZE);
    QuantizePage& quantize = *studio.window->quantize_page();
    QSignalSpy failed(&quantize.run(), &RunController::failed);
    QTest::mouseClick(quantize.start_button(), Qt::LeftButton);
    QVERIFY(failed.wait(30000));
    qunsetenv("FAKE_QVLM_DIE");
    RunsPage& page = shown(studio);
    QCOMPARE(page.library().rowCount(), 1);
    QVERIFY(page.library().at(0).unfinished());
    QCOMPARE(page.library().index(0, RunLibrary::STATUS).data().toString(), QStringLiteral("unfinished"));
    click_row(page, 0);
    QTest::mouseClick(page.open_button(), Qt::LeftButton);
    QTRY_VERIFY(quantize.resume_button()->isVisible());
    QSignalSpy finished(&quantize, &QuantizePage::run_finished);
    QTest::mouseClick(quantize.resume_button(), Qt::LeftButton);
    QVERIFY(finished.wait(30000));
    shown(studio);
    QCOMPARE(page.library().rowCount(), 1);
    QVERIFY(!page.library().at(0).unfinished());
  }

  void a_killed_run_is_resumed_from_the_list_by_another_start_of_the_studio() {
    Studio studio;
    QVERIFY(studio.open_demo());
    qputenv("FAKE_QVLM_DIE", "run");
    studio.window->show_workspace(Workspace::QUANTIZE);
    QSignalSpy failed(&studio.window->quantize_page()->run(), &RunController::failed);
    QTest::mouseClick(studio.window->quantize_page()->start_button(), Qt::LeftButton);
    QVERIFY(failed.wait(30000));
    qunsetenv("FAKE_QVLM_DIE");
    studio.window = std::make_unique<MainWindow>(*studio.workbench, *studio.history, *studio.settings, studio.theme);  // nothing of the run in memory
    studio.window->show();
    RunsPage& page = shown(studio);
    QCOMPARE(page.library().rowCount(), 1);
    click_row(page, 0);
    QVERIFY(page.resume_button()->isVisible());
    QuantizePage& quantize = *studio.window->quantize_page();
    QSignalSpy finished(&quantize, &QuantizePage::run_finished);
    QTest::mouseClick(page.resume_button(), Qt::LeftButton);
    QVERIFY(finished.wait(30000));
    QVERIFY(studio.heard_line(QStringLiteral("--resume")));
    QCOMPARE(int(quantize.run().state().status), int(RunStatus::FINISHED));
    shown(studio);
    QVERIFY(!page.library().at(0).unfinished());
    QVERIFY(!page.resume_button()->isVisible());
  }

  void what_differs_in_the_recipes_is_shown_and_the_table_copied() {
    Studio studio;
    const QStringList outputs = two_runs(studio);
    QCOMPARE(outputs.size(), 2);
    QuantizePage& quantize = *studio.window->quantize_page();
    Recipe other = quantize.recipe_panel()->recipe();
    other.weight_method = WeightMethod::GPTQ;
    quantize.recipe_panel()->set_recipe(other);
    QSignalSpy finished(&quantize, &QuantizePage::run_finished);
    QTest::mouseClick(quantize.start_button(), Qt::LeftButton);
    QVERIFY(finished.wait(30000));
    const QString third = finished.first().first().toString();
    RunsPage& page = shown(studio);
    click_row(page, row_of(page, third));
    click_row(page, row_of(page, outputs[0]), Qt::ControlModifier);
    QCOMPARE(page.figures().columnCount(), 3);
    QStringList methods{figure(page, QStringLiteral("Recipe: weight_method"), 0), figure(page, QStringLiteral("Recipe: weight_method"), 1)};
    methods.sort();
    QCOMPARE(methods, QStringList({"gptq", "rtn"}));
    QCOMPARE(figure(page, QStringLiteral("Recipe: weight_bits"), 0), QStringLiteral("no such figure"));  // the same
    QTest::mouseClick(page.copy_button(), Qt::LeftButton);
    QVERIFY(QGuiApplication::clipboard()->text().contains(QLatin1String("Bits a weight\t5.00\t5.00\n")));
  }

  void the_speed_of_selected_runs_is_measured() {
    Studio studio;
    const QStringList outputs = two_runs(studio);
    QCOMPARE(outputs.size(), 2);
    RunsPage& page = shown(studio);
    click_row(page, 0);
    click_row(page, 1, Qt::ControlModifier);
    QCOMPARE(figure(page, QStringLiteral("Decoding speed"), 0), QStringLiteral("not measured"));
    QTest::mouseClick(page.speed_button(), Qt::LeftButton);
    QVERIFY(!page.speed_button()->isEnabled());
    QTRY_VERIFY(page.speed_button()->isEnabled());
    for (const int run : {0, 1}) QCOMPARE(figure(page, QStringLiteral("Decoding speed"), run), QStringLiteral("63.5 tokens/s"));
    for (const QString& folder : outputs) QVERIFY(studio.heard_line(QStringLiteral("$ bench ") + folder));
  }

  void a_journal_of_a_later_version_says_so() {
    Studio studio;
    QDir().mkpath(studio.path(QStringLiteral("data/quantized/new.qvlm")));
    RunStarted later;
    later.journal_version = 2;
    studio.write(QStringLiteral("data/quantized/new.qvlm/journal.jsonl"), QByteArray::fromStdString(to_json_line({0, later})) + '\n');
    RunsPage& page = shown(studio);
    QCOMPARE(page.library().rowCount(), 1);
    QVERIFY2(page.library().at(0).failure.contains(QLatin1String("later version")), qPrintable(page.library().at(0).failure));
    // Opened by the menu, the workspace says it too, and stays as it was.
    QuantizePage& quantize = *studio.window->quantize_page();
    studio.window->show_workspace(Workspace::QUANTIZE);
    quantize.open_run(studio.path(QStringLiteral("data/quantized/new.qvlm")));
    QTRY_VERIFY(quantize.banner()->isVisible());
    QVERIFY2(quantize.banner()->text().contains(QLatin1String("later version")), qPrintable(quantize.banner()->text()));
    QCOMPARE(int(quantize.run().state().status), int(RunStatus::NOT_STARTED));
  }

  void a_journal_that_cannot_be_read_says_why() {
    Studio studio;
    QDir().mkpath(studio.path(QStringLiteral("data/quantized/later.qvlm")));
    studio.write(QStringLiteral("data/quantized/later.qvlm/journal.jsonl"),
                 "{\"event\":\"RunDreamed\",\"at\":0}\n{\"event\":\"RunDreamed\",\"at\":1}\n");
    RunsPage& page = shown(studio);
    QCOMPARE(page.library().rowCount(), 1);
    QCOMPARE(page.library().index(0, RunLibrary::STATUS).data().toString(), QStringLiteral("cannot be read"));
    click_row(page, 0);
    QVERIFY(!page.open_button()->isEnabled());
    bool said = false;
    for (const Banner* banner : page.findChildren<Banner*>())
      said |= banner->isVisible() && banner->text().contains(QLatin1String("journal.jsonl"));
    QVERIFY(said);
  }
};

QTEST_MAIN(TestRunsPage)
#include "test_runs_page.moc"
