// Tables in workspace Evaluate by clicks and keys: of results, in every layout, copied, saved, opened, dropped, there again after a restart.
#include <QAbstractItemModelTester>
#include <QClipboard>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabBar>
#include <QTabWidget>
#include <QTableView>
#include <QTest>

#include "app/studio/models/evaluation_controller.h"
#include "app/studio/models/evaluation_tables.h"
#include "app/studio/pages/evaluate_page.h"
#include "app/studio/pages/quantize_page.h"
#include "app/studio/pages/tables_tab.h"
#include "app/studio/views/fields.h"
#include "app/studio/views/table_stack.h"
#include "app/studio/views/widgets.h"
#include "core/base/error.h"
#include "tests/studio/drop.h"
#include "tests/studio/kept_results.h"
#include "tests/studio/studio_fixture.h"

using namespace qvlm;
using namespace qvlm::studio;

namespace {

QString content(const QString& path) {
  QFile file(path);
  return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

}  // namespace

class TestEvaluationTables : public QObject {
  Q_OBJECT

  /// The demo's own model and a run of it, asked the same, the run beside its model; the tab is shown. Returns the run's folder.
  static QString two_results(Studio& studio) {
    const QString output = studio.run_demo();
    studio.window->show_workspace(Workspace::EVALUATE);
    EvaluatePage& page = *studio.window->evaluate_page();
    page.limit()->setValue(42);
    const auto ask = [&](const QString& model, bool compare) {
      page.picker()->choose({model, {}, false});
      page.against()->setCurrentIndex(compare ? page.against()->findData(studio.workbench->model()->path) : 0);
      QSignalSpy kept(&page.evaluation().results(), &EvaluationResults::kept);
      click(page.run_button());
      return kept.wait(30000) && QTest::qWaitFor([&] { return !page.evaluation().running(); }, 30000);
    };
    if (!ask(studio.workbench->model()->path, false) || !ask(output, true)) return {};
    QTabBar* bar = page.tabs()->tabBar();
    QTest::mouseClick(bar, Qt::LeftButton, {}, bar->tabRect(1).center());
    const EvaluationTables& tables = page.tables()->tables();
    return QTest::qWaitFor([&] { return tables.table() && tables.table()->rows.size() == 2; }, 30000) ? output : QString();
  }
  /// The entry of a button's menu, by keys: the menu opens, Down to it, Return.
  static void choose(QPushButton* button, int entry) {
    QTimer::singleShot(0, button, [button, entry] {
      for (int i = 0; i <= entry; ++i) QTest::keyClick(button->menu(), Qt::Key_Down);
      QTest::keyClick(button->menu(), Qt::Key_Return);
    });
    button->setFocus();
    QTest::keyClick(button, Qt::Key_Space);
  }
  static void answer_dialog(Studio& studio, const QString& file, QDialogButtonBox::StandardButton button) {
    QTRY_VERIFY(studio.window->findChild<QFileDialog*>() != nullptr);
    auto* dialog = studio.window->findChild<QFileDialog*>();
    dialog->findChild<QLineEdit*>(QStringLiteral("fileNameEdit"))->setText(file);
    click(dialog->findChild<QDialogButtonBox*>()->button(button));
    QTRY_VERIFY(studio.window->findChild<QFileDialog*>() == nullptr);
  }

 private slots:
  void results_become_a_table_in_every_layout() {
    Studio studio;
    const QString output = two_results(studio);
    QVERIFY(!output.isEmpty());
    TablesTab& tab = *studio.window->evaluate_page()->tables();
    const EvaluationTables& tables = tab.tables();
    QCOMPARE(tables.sources().size(), size_t(1));
    QVERIFY2(tab.sources()->currentText().endsWith(QLatin1String("questions.jsonl, questions: 42")), qPrintable(tab.sources()->currentText()));
    // The model itself first; the run with its recipe, its costs, and the distance from the model.
    QCOMPARE(names_of(*tables.table()), QStringList({"demo", model_name(output)}));
    QCOMPARE(tables.captions().size(), 5);
    QCOMPARE(cell(tables, 0, 0, QStringLiteral("weights")), QStringLiteral("16 bit"));
    QCOMPARE(cell(tables, 0, 1, QStringLiteral("weights")), QStringLiteral("4 bit, group 32"));
    QCOMPARE(cell(tables, 0, 1, QStringLiteral("McNemar p")), QStringLiteral("0.55 (+4 -7)"));
    QVERIFY(cell(tables, 1, 0, QStringLiteral("colour")).contains(QLatin1String(" to ")));
    QCOMPARE(cell(tables, 2, 0, QStringLiteral("KL, image")), QStringLiteral("-"));
    QCOMPARE(cell(tables, 2, 1, QStringLiteral("KL, image")), QStringLiteral("1.250e-02"));
    QCOMPARE(cell(tables, 2, 1, QStringLiteral("same answer %")), QStringLiteral("75.0"));
    QCOMPARE(cell(tables, 3, 0, QStringLiteral("site forwards")), QStringLiteral("-"));
    QVERIFY(cell(tables, 3, 1, QStringLiteral("site forwards")).toInt() > 0);
    QCOMPARE(cell(tables, 3, 1, QStringLiteral("stored MiB")), QStringLiteral("7.9"));
    QCOMPARE(cell(tables, 4, 1, QStringLiteral("ran on")), QStringLiteral("Example GPU"));
    // By keys through the layouts.
    tab.layouts()->setFocus();
    const int captions[] = {1, 1, 1, 1};
    for (int layout = 1; layout <= 4; ++layout) {
      QTest::keyClick(tab.layouts(), Qt::Key_Down);
      QCOMPARE(tables.captions().size(), captions[layout - 1]);
      QVERIFY(tables.captions()[0].contains(QStringLiteral("Table %1)").arg(layout <= 2 ? layout : layout + 1)));
      QVERIFY(tab.stack()->table(0)->isVisible() && !tab.stack()->table(1)->isVisible());
      QCOMPARE(tab.stack()->caption(0)->text(), tables.captions()[0]);
    }
    const QString setting = QStringLiteral("W4A16\n(weights 4 bit, group 32;\nactivations 16 bit)\n");
    QCOMPARE(cell(tables, 0, 1, setting + QStringLiteral("accuracy %")),
             QString::number(100 * tables.table()->rows[1].evaluation->overall.value(), 'f', 2));
    QVERIFY(cell(tables, 0, 1, setting + QStringLiteral("search cost")).toInt() > 0);
    QVERIFY(tab.stack()->table(0)->horizontalHeader()->height() > 3 * tab.fontMetrics().height());  // the setting has its lines
    // Another number of questions is another table; the one that came last is shown, the other chosen by keys.
    EvaluatePage& page = *studio.window->evaluate_page();
    page.limit()->setValue(7);
    click(page.run_button());
    QTRY_COMPARE(tables.sources().size(), size_t(2));
    QVERIFY(tab.sources()->currentText().endsWith(QLatin1String("questions: 7")));
    QCOMPARE(tables.table()->rows.size(), size_t(1));
    tab.sources()->setFocus();
    QTest::keyClick(tab.sources(), Qt::Key_Down);
    QCOMPARE(tables.table()->rows.size(), size_t(2));
  }

  void a_table_is_copied_saved_and_opened_again() {
    Studio studio;
    QVERIFY(!two_results(studio).isEmpty());
    TablesTab& tab = *studio.window->evaluate_page()->tables();
    EvaluationTables& tables = tab.tables();
    choose(tab.copy_button(), 0);
    QTRY_COMPARE(QGuiApplication::clipboard()->text(), QString::fromStdString(to_text(*tables.table(), TableLayout::ROWS)));
    choose(tab.copy_button(), 1);
    QTRY_COMPARE(QGuiApplication::clipboard()->text(), QString::fromStdString(to_tsv(*tables.table(), TableLayout::ROWS)));
    QVERIFY(QGuiApplication::clipboard()->text().contains(QLatin1String("row\tweights\t")));
    QTest::keyClick(tab.layouts(), Qt::Key_Down);
    for (const char* name : {"made/table.json", "t.txt", "t.html"}) {
      QDir(studio.folder.path()).mkpath(QStringLiteral("made"));
      click(tab.save_button());
      answer_dialog(studio, studio.path(QLatin1String(name)), QDialogButtonBox::Save);
      QVERIFY2(!tab.banner()->isVisible(), qPrintable(tab.banner()->text()));
    }
    QCOMPARE(content(studio.path(QStringLiteral("t.txt"))), tables.text());
    QCOMPARE(content(studio.path(QStringLiteral("t.html"))), QString::fromStdString(to_html(*tables.table(), TableLayout::TABLE_1)));
    QCOMPARE(content(studio.path(QStringLiteral("made/table.json"))), QString::fromStdString(to_json(*tables.table())));
    QVERIFY_EXCEPTION_THROWN(tables.save(studio.path(QStringLiteral("t.doc"))), Error);
    click(tab.save_button());
    answer_dialog(studio, studio.path(QStringLiteral("nowhere/t.txt")), QDialogButtonBox::Save);
    QTRY_VERIFY(tab.banner()->isVisible());
    QVERIFY2(tab.banner()->text().contains(QLatin1String("nowhere")), qPrintable(tab.banner()->text()));
    // By the button's menu, the file; then the folder.
    const QString shown = tables.text();
    choose(tab.open_button(), 0);
    answer_dialog(studio, studio.path(QStringLiteral("made/table.json")), QDialogButtonBox::Open);
    QTRY_COMPARE(tables.sources().size(), size_t(2));
    QCOMPARE(tab.sources()->currentIndex(), 1);
    QCOMPARE(tables.text(), shown);
    QVERIFY2(tab.sources()->whole_tip().endsWith(QLatin1String("table.json\n") + tab.sources()->toolTip()), qPrintable(tab.sources()->whole_tip()));
  }

  void tables_of_the_command_line_are_dropped_on_the_window() {
    Studio studio;
    QDir(studio.folder.path()).mkpath(QStringLiteral("made"));
    Table made{"Tiny", "m", "c", "q", false, {}};
    made.rows.push_back(kept(QStringLiteral("/models/demo"), finished_with(5), 0).table.rows[0]);
    TableRow& failed = made.rows.emplace_back();
    failed.name = failed.method = "wide";
    describe_recipe({.weight_group = 128}, failed);
    failed.failure = "weight_group: 128 does not divide 192";
    studio.write(QStringLiteral("made/table.json"), QByteArray::fromStdString(to_json(made)));
    drop(studio.window.get(), {QUrl::fromLocalFile(studio.path(QStringLiteral("made")))});
    TablesTab& tab = *studio.window->evaluate_page()->tables();
    QTRY_VERIFY(tab.tables().table().has_value());
    QVERIFY(studio.window->workspace() == Workspace::EVALUATE && tab.isVisible());
    QCOMPARE(tab.sources()->currentText(), QStringLiteral("Tiny"));
    // A failure stands across its row.
    QAbstractItemModelTester tester(tab.tables().grid(0), QAbstractItemModelTester::FailureReportingMode::QtTest);
    QTableView* view = tab.stack()->table(0);
    QCOMPARE(view->columnSpan(1, 0), tab.tables().grid(0)->columnCount());
    QVERIFY(view->model()->index(1, 0).data().toString().contains(QLatin1String("does not divide 192")));
    QCOMPARE(view->columnSpan(0, 0), 1);
    // Replaced on disk and opened again it is read again; a damaged one says so and what is shown stays.
    made.title = "Tiny, again";
    studio.write(QStringLiteral("made/table.json"), QByteArray::fromStdString(to_json(made)));
    studio.window->open_paths({studio.path(QStringLiteral("made"))});
    QTRY_COMPARE(tab.sources()->currentText(), QStringLiteral("Tiny, again"));
    QCOMPARE(tab.tables().sources().size(), size_t(1));
    studio.write(QStringLiteral("made/table.json"), "{\"table_version\": 1");
    studio.window->open_paths({studio.path(QStringLiteral("made/table.json"))});
    QTRY_VERIFY(tab.banner()->isVisible());
    QVERIFY2(tab.banner()->text().contains(QLatin1String("table.json: not valid JSON")), qPrintable(tab.banner()->text()));
    QCOMPARE(tab.sources()->currentText(), QStringLiteral("Tiny, again"));
  }

  void another_start_of_the_studio_has_the_results_and_names_damaged_ones() {
    Studio studio;
    QVERIFY(!two_results(studio).isEmpty());
    studio.write(QStringLiteral("data/evaluations/broken.json"), "{");
    studio.window = std::make_unique<MainWindow>(*studio.workbench, *studio.history, *studio.settings, studio.theme);  // nothing in memory
    studio.window->show();
    studio.window->show_workspace(Workspace::EVALUATE);
    EvaluatePage& page = *studio.window->evaluate_page();
    QTest::keyClick(page.tabs()->tabBar(), Qt::Key_Right);
    TablesTab& tab = *page.tables();
    QVERIFY(tab.isVisible());
    QTRY_VERIFY(tab.tables().table().has_value());
    QCOMPARE(tab.tables().table()->rows.size(), size_t(2));
    QVERIFY(tab.banner()->isVisible());
    QVERIFY2(tab.banner()->text().contains(QLatin1String("broken.json: not valid JSON")), qPrintable(tab.banner()->text()));
    // Dismissed, it does not come back with every look.
    tab.banner()->hide();
    QSignalSpy changed(&page.evaluation().results(), &EvaluationResults::changed);
    page.tabs()->setCurrentIndex(0);
    page.tabs()->setCurrentIndex(1);
    QVERIFY(changed.wait(30000));
    QVERIFY(!tab.banner()->isVisible());
  }

  void results_are_removed_and_brought_back() {
    Studio studio;
    const QString output = two_results(studio);
    QVERIFY(!output.isEmpty());
    TablesTab& tab = *studio.window->evaluate_page()->tables();
    const EvaluationTables& tables = tab.tables();
    const QDir kept(studio.path(QStringLiteral("data/evaluations")));
    // The run's row, by keys through the menu; then undone.
    choose(tab.remove_button(), 1);
    QTRY_COMPARE(tables.table()->rows.size(), size_t(1));
    QCOMPARE(names_of(*tables.table()), QStringList({"demo"}));
    QTRY_VERIFY(tab.banner()->isVisible());
    QVERIFY2(tab.banner()->text().contains(model_name(output)), qPrintable(tab.banner()->text()));
    click(tab.banner()->action_button());
    QTRY_COMPARE(tables.table()->rows.size(), size_t(2));
    QVERIFY(!tab.banner()->isVisible());
    // All of them: nothing is left to show, nor to copy, and the next start has nothing to bring back.
    choose(tab.remove_button(), 2);
    QTRY_VERIFY(!tables.table().has_value());
    QVERIFY(!tab.remove_button()->isEnabled() && !tab.copy_button()->isEnabled());
    QCOMPARE(kept.entryList(QDir::Files).size(), 2);
    studio.window = std::make_unique<MainWindow>(*studio.workbench, *studio.history, *studio.settings, studio.theme);
    studio.window->show();
    studio.window->show_workspace(Workspace::EVALUATE);
    EvaluatePage& page = *studio.window->evaluate_page();
    QSignalSpy changed(&page.evaluation().results(), &EvaluationResults::changed);
    page.tabs()->setCurrentIndex(1);
    QVERIFY(changed.wait(30000));
    QVERIFY(!page.tables()->tables().table().has_value());
    QVERIFY(kept.entryList(QDir::Files).isEmpty());
    // A table that was opened is closed; its file stays.
    const QString file = studio.path(QStringLiteral("table.json"));
    Table made{"Tiny", "m", "c", "q", false, {}};
    made.rows.push_back(qvlm::studio::kept(QStringLiteral("/models/demo"), finished_with(5), 0).table.rows[0]);
    studio.write(QStringLiteral("table.json"), QByteArray::fromStdString(to_json(made)));
    studio.window->open_paths({file});
    TablesTab& again = *page.tables();
    QTRY_VERIFY(again.tables().table().has_value());
    choose(again.remove_button(), 0);
    QTRY_VERIFY(!again.tables().table().has_value());
    QVERIFY(QFile::exists(file));
  }

  void what_was_stopped_is_not_kept() {
    Studio studio;
    QVERIFY(studio.open_demo());
    qputenv("FAKE_QVLM_PACE", "20000");
    studio.window->show_workspace(Workspace::EVALUATE);
    EvaluatePage& page = *studio.window->evaluate_page();
    click(page.run_button());
    QTRY_VERIFY(page.evaluation().done() > 2);
    click(page.stop_button());
    QTRY_VERIFY(!page.evaluation().running());
    QVERIFY(page.evaluation().status_text().startsWith(QLatin1String("Stopped in")));
    QVERIFY(!QDir(studio.path(QStringLiteral("data/evaluations"))).exists());
    page.tabs()->setCurrentIndex(1);
    QVERIFY(!page.tables()->copy_button()->isEnabled() && !page.tables()->stack()->isVisible());
  }
};

QTEST_MAIN(TestEvaluationTables)
#include "test_evaluation_tables.moc"
