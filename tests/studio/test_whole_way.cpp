// The whole way in the studio with the real qvlm and the demo VLM, by clicks and keys: load, quantize, watch, move a
// border, run again, chat about a picture, evaluate. QVLM_SCREENSHOTS=DIR writes a picture of each workspace;
// QVLM_WHOLE_WAY_BACKEND=reference chats without Vulkan.
#include <QApplication>
#include <QDir>
#include <QFile>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabBar>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <utility>

#include "app/studio/main_window.h"
#include "app/studio/models/chat_controller.h"
#include "app/studio/models/compare_controller.h"
#include "app/studio/models/evaluation_tables.h"
#include "app/studio/models/history.h"
#include "app/studio/models/question_table_model.h"
#include "app/studio/models/ribbon_model.h"
#include "app/studio/models/run_controller.h"
#include "app/studio/models/run_library.h"
#include "app/studio/models/workbench.h"
#include "app/studio/pages/chat_page.h"
#include "app/studio/pages/compare_page.h"
#include "app/studio/pages/evaluate_page.h"
#include "app/studio/pages/export_page.h"
#include "app/studio/pages/model_page.h"
#include "app/studio/pages/quantize_page.h"
#include "app/studio/pages/recipe_panel.h"
#include "app/studio/pages/runs_page.h"
#include "app/studio/pages/tables_tab.h"
#include "app/studio/settings.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/composer.h"
#include "app/studio/views/fields.h"
#include "app/studio/views/ribbon_view.h"
#include "app/studio/views/run_plots.h"
#include "app/studio/views/widgets.h"
#include "tests/studio/click.h"

using namespace qvlm;
using namespace qvlm::studio;

class TestWholeWay : public QObject {
  Q_OBJECT

  static void shoot(MainWindow& window, const QString& name) {
    if (qEnvironmentVariableIsEmpty("QVLM_SCREENSHOTS")) return;
    QTest::qWait(300);
    QDir().mkpath(qEnvironmentVariable("QVLM_SCREENSHOTS"));
    QVERIFY(window.grab().save(QDir(qEnvironmentVariable("QVLM_SCREENSHOTS")).filePath(name + QStringLiteral(".png"))));
  }

 private slots:
  void load_quantize_watch_move_a_border_chat() {
    QTemporaryDir folder;
    qputenv("QVLM_STUDIO_DATA", folder.path().toUtf8());
    if (qEnvironmentVariableIsEmpty("QVLM_DEMO")) qputenv("QVLM_DEMO", QVLM_SOURCE_DIR "/resources/demo");
    if (qEnvironmentVariableIsEmpty("QVLM_COMMAND")) qputenv("QVLM_COMMAND", QVLM_BINARY_DIR "/bin/qvlm");
    const Places places = find_places();
    QVERIFY2(QFile::exists(places.command), qPrintable(places.command));
    QVERIFY2(!places.demo_model.isEmpty() && !places.demo_calibration.isEmpty() && !places.demo_questions.isEmpty(),
             "the demo VLM is not complete in resources/demo");
    Settings settings(folder.filePath(QStringLiteral("settings.ini")));
    Theme theme(*qApp);
    theme.set_choice(qEnvironmentVariable("QVLM_WHOLE_WAY_THEME") == QLatin1String("dark") ? ThemeChoice::DARK
                                                                                           : ThemeChoice::LIGHT);
    History history(folder.filePath(QStringLiteral("chats.sqlite")));
    Workbench workbench(places, settings);
    MainWindow window(workbench, history, settings, theme);
    window.resize(1280, 800);
    window.show();

    // Load.
    click(window.model_page()->open_demo_button());
    QTRY_VERIFY_WITH_TIMEOUT(workbench.model().has_value(), 60000);
    QVERIFY(workbench.model()->sites >= 48);
    shoot(window, QStringLiteral("model"));

    // Quantize, and watch.
    click(window.rail()->button(Workspace::QUANTIZE));
    QuantizePage& quantize = *window.quantize_page();
    QVERIFY2(quantize.start_button()->isEnabled(), qPrintable(quantize.recipe_panel()->problem()));
    // A quarter of the calibration set is enough to see the way; QVLM_WHOLE_WAY_SAMPLES asks for another number.
    QSpinBox& samples = *quantize.recipe_panel()->samples();
    samples.setFocus();
    samples.selectAll();
    QTest::keyClicks(&samples, qEnvironmentVariable("QVLM_WHOLE_WAY_SAMPLES", QStringLiteral("16")));
    QSignalSpy finished(&quantize, &QuantizePage::run_finished);
    click(quantize.start_button());
    QTRY_VERIFY2_WITH_TIMEOUT(quantize.run().state().blocks.size() >= 5 || !quantize.run().busy(),
                              qPrintable(quantize.run().failure()), 1800000);
    shoot(window, QStringLiteral("quantize-running"));
    QTRY_VERIFY_WITH_TIMEOUT(!quantize.run().busy(), 1800000);
    QVERIFY2(quantize.run().failure().isEmpty(), qPrintable(quantize.run().failure()));
    QCOMPARE(finished.count(), 1);
    QString output = finished.first().first().toString();
    QVERIFY(QFile::exists(output + QStringLiteral("/model.gguf")));
    QCOMPARE(quantize.entropy_plot()->points(), workbench.model()->sites);
    const RunState& state = quantize.run().state();
    for (size_t b = 0; b < state.partition.blocks.size(); ++b) {
      const BlockSearched* found = state.result_of(int(b));
      QVERIFY(found != nullptr);
      QVERIFY(found->joint_error <= found->layerwise_error);
    }
    shoot(window, QStringLiteral("quantize"));

    // Move a border with the mouse: the last one that can be, so that most of the run is taken over.
    RibbonModel& ribbon = quantize.ribbon_model();
    int border = int(ribbon.partition().blocks.size()) - 2;
    while (ribbon.border_range(border).first == ribbon.border_range(border).second) --border;
    const auto [low, high] = ribbon.border_range(border);
    const int target = ribbon.partition().blocks[size_t(border)].last == low ? high : low;
    const QPoint from = quantize.ribbon()->border_point(border),
                 to(quantize.ribbon()->site_rect(target + 1).left(), from.y());
    QTest::mousePress(quantize.ribbon(), Qt::LeftButton, {}, from);
    QTest::mouseMove(quantize.ribbon(), (from + to) / 2);
    QTest::mouseMove(quantize.ribbon(), to);
    QTest::mouseRelease(quantize.ribbon(), Qt::LeftButton, {}, to);
    QCOMPARE(ribbon.partition().blocks[size_t(border)].last, target);
    QVERIFY(quantize.again_button()->isVisible());
    QVERIFY(quantize.undo_button()->isEnabled());
    click(quantize.undo_button());
    QVERIFY(!ribbon.edited());
    click(quantize.redo_button());
    QVERIFY(ribbon.edited());
    const Partition edited = ribbon.partition();

    // Run again: what came before the border is taken over, and the first result stays.
    click(quantize.again_button());
    QTRY_VERIFY_WITH_TIMEOUT(!quantize.run().busy(), 1800000);
    QVERIFY2(quantize.run().failure().isEmpty(), qPrintable(quantize.run().failure()));
    QCOMPARE(finished.count(), 2);
    const QString before = std::exchange(output, finished.at(1).first().toString());
    QVERIFY(before != output && QFile::exists(before + QStringLiteral("/model.gguf")) && QFile::exists(output + QStringLiteral("/model.gguf")));
    QVERIFY(quantize.run().state().partition == edited);
    QCOMPARE(quantize.run().state().partition_origin, std::string("user"));
    for (int b = 0; b < border; ++b) QCOMPARE(int(ribbon.mark(b)), int(BlockMark::REUSED));
    QCOMPARE(int(ribbon.mark(border)), int(BlockMark::SEARCHED));
    shoot(window, QStringLiteral("quantize-again"));

    // Chat about a picture with the quantized model.
    const QString backend = qEnvironmentVariable("QVLM_WHOLE_WAY_BACKEND", QStringLiteral("vulkan"));
    click(window.rail()->button(Workspace::CHAT));
    ChatPage& chat = *window.chat_page();
    chat.use_model({output, backend, false});
    QTRY_VERIFY2_WITH_TIMEOUT(
        chat.controller().can_ask() || chat.controller().activity() == ChatController::Activity::BROKEN,
        qPrintable(chat.controller().failure()), 600000);
    QVERIFY2(chat.controller().can_ask(), qPrintable(chat.controller().failure()));
    QString picture;
    for (const QString& name :
         QDir(places.demo_images)
             .entryList({QStringLiteral("*.png"), QStringLiteral("*.jpg")}, QDir::Files, QDir::Name)) {
      picture = QDir(places.demo_images).filePath(name);
      break;
    }
    QVERIFY2(!picture.isEmpty(), "no sample picture in resources/demo");
    chat.composer()->attach({picture});
    chat.composer()->edit()->setFocus();
    QTest::keyClicks(chat.composer()->edit(), QStringLiteral("Is there a blue star in the picture?"));
    QTest::keyClick(chat.composer()->edit(), Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(chat.controller().can_ask(), 600000);
    const ChatMessage answer = chat.controller().model().at(chat.controller().model().rowCount() - 1);
    QCOMPARE(answer.role, QStringLiteral("assistant"));
    QVERIFY(!answer.text.isEmpty());
    qInfo("answer: %s   [%s]", qPrintable(answer.text), qPrintable(chat.status_strip()->text()));
    shoot(window, QStringLiteral("chat"));

    // Evaluate a few questions.
    click(window.rail()->button(Workspace::EVALUATE));
    EvaluatePage& evaluate = *window.evaluate_page();
    evaluate.picker()->choose({output, backend, false});
    evaluate.limit()->setValue(20);
    click(evaluate.run_button());
    QTRY_VERIFY_WITH_TIMEOUT(evaluate.run_button()->isVisible(), 1800000);
    QVERIFY2(!evaluate.banner()->isVisible(), qPrintable(evaluate.banner()->text()));
    QCOMPARE(evaluate.questions().rowCount(), 20);
    qInfo("accuracy over 20 questions: %.0f %%", 100 * evaluate.questions().overall().value());
    shoot(window, QStringLiteral("evaluate"));

    // The same questions to the model itself: a table of both, the model first.
    evaluate.picker()->choose({places.demo_model, QStringLiteral("reference"), false});
    click(evaluate.run_button());
    QTRY_VERIFY_WITH_TIMEOUT(evaluate.run_button()->isVisible(), 1800000);
    QTest::mouseClick(evaluate.tabs()->tabBar(), Qt::LeftButton, {}, evaluate.tabs()->tabBar()->tabRect(1).center());
    const EvaluationTables& tables = evaluate.tables()->tables();
    QTRY_VERIFY_WITH_TIMEOUT(tables.table() && tables.table()->rows.size() == 2, 60000);
    QCOMPARE(tables.table()->rows[0].bits, std::string("float"));
    QVERIFY(tables.table()->rows[1].run.has_value());
    shoot(window, QStringLiteral("tables"));

    // Both runs are in the list, the later one first, with the evaluation beside it.
    click(window.rail()->button(Workspace::RUNS));
    RunsPage& runs = *window.runs_page();
    QTRY_COMPARE_WITH_TIMEOUT(runs.library().rowCount(), 2, 60000);
    QCOMPARE(runs.library().at(0).folder, output);
    QCOMPARE(runs.library().at(1).folder, before);
    QVERIFY(!workbench.accuracy_text(output).isEmpty());
    shoot(window, QStringLiteral("runs"));

    // Export.
    click(window.rail()->button(Workspace::EXPORT));
    ExportPage& exporting = *window.export_page();
    exporting.target()->set_path(folder.filePath(QStringLiteral("exported")));
    click(exporting.export_button());
    QVERIFY(!exporting.export_button()->isEnabled());  // while it writes
    QTRY_VERIFY_WITH_TIMEOUT(exporting.export_button()->isEnabled(), 600000);
    QVERIFY2(!QDir(folder.filePath(QStringLiteral("exported"))).entryList({QStringLiteral("*.gguf")}).isEmpty(),
             qPrintable(exporting.banner()->text()));
    shoot(window, QStringLiteral("export"));

    // The same question to full precision and INT4.
    click(window.rail()->button(Workspace::COMPARE));
    ComparePage& compare = *window.compare_page();
    QCOMPARE(compare.picker(1)->choice().path, before);  // proposed when it was the only one
    compare.picker(1)->choose({output, backend, false});
    compare.composer()->attach({picture});
    QTest::keyClicks(compare.composer()->edit(), QStringLiteral("What is in the picture?"));
    QTest::keyClick(compare.composer()->edit(), Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(!compare.controller().busy(), 600000);
    for (const int side : {0, 1}) {
      QVERIFY2(compare.controller().side(side).finished().has_value(),
               qPrintable(compare.controller().side(side).failure()));
      QVERIFY(!compare.controller().side(side).text().isEmpty());
    }
    QTRY_VERIFY(compare.verdict()->isVisible());
    qInfo("compare: %s", qPrintable(compare.verdict()->text()));
    shoot(window, QStringLiteral("compare"));

    // The other theme, without doing it all again.
    const bool dark = theme.colors().dark;
    theme.set_choice(dark ? ThemeChoice::LIGHT : ThemeChoice::DARK);
    for (int i = 0; i < kWorkspaces; ++i) {
      click(window.rail()->button(static_cast<Workspace>(i)));
      shoot(window,
            name_of(static_cast<Workspace>(i)).toLower() + (dark ? QStringLiteral("-light") : QStringLiteral("-dark")));
    }
  }
};

int main(int argc, char** argv) {
  // Qt Test ends a function after five minutes; a run on a busy machine takes longer.
  if (!qEnvironmentVariableIsSet("QTEST_FUNCTION_TIMEOUT")) qputenv("QTEST_FUNCTION_TIMEOUT", "2400000");
  QApplication application(argc, argv);
  TestWholeWay test;
  return QTest::qExec(&test, argc, argv);
}
#include "test_whole_way.moc"
