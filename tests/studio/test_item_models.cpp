// Every item model of the studio under a tester that ends the test, from the first start on, while workspaces are used; and the layout and the table
// that yield to their texts.
#include <QAbstractItemModelTester>
#include <QCoreApplication>
#include <QDirIterator>
#include <QFile>
#include <QHeaderView>
#include <QPushButton>
#include <QRegularExpression>
#include <QSet>
#include <QSignalSpy>
#include <QStandardItemModel>
#include <QTabWidget>
#include <QTest>

#include "app/studio/models/chat_controller.h"
#include "app/studio/models/evaluation_tables.h"
#include "app/studio/models/export_choices.h"
#include "app/studio/models/folder_table_model.h"
#include "app/studio/models/groups_table_model.h"
#include "app/studio/models/question_table_model.h"
#include "app/studio/models/ribbon_model.h"
#include "app/studio/models/run_library.h"
#include "app/studio/pages/chat_page.h"
#include "app/studio/pages/evaluate_page.h"
#include "app/studio/pages/export_page.h"
#include "app/studio/pages/model_page.h"
#include "app/studio/pages/quantize_page.h"
#include "app/studio/pages/runs_page.h"
#include "app/studio/pages/tables_tab.h"
#include "app/studio/views/flow_layout.h"
#include "app/studio/views/table_view.h"
#include "tests/studio/studio_fixture.h"

using namespace qvlm;
using namespace qvlm::studio;

class TestItemModels : public QObject {
  Q_OBJECT

  /// Classes of the studio's sources that are item models.
  static QSet<QString> declared() {
    QSet<QString> names;
    static const QRegularExpression heading(QStringLiteral(R"(class (\w+)[^;{]*: public Q\w*(?:Model|Proxy)\b)"));
    const QStringList sources{QStringLiteral("*.h"), QStringLiteral("*.cpp")};
    QDirIterator files(QStringLiteral(QVLM_SOURCE_DIR "/app/studio"), sources, QDir::Files, QDirIterator::Subdirectories);
    while (files.hasNext()) {
      QFile file(files.next());
      if (!file.open(QIODevice::ReadOnly)) continue;
      for (auto at = heading.globalMatch(QString::fromUtf8(file.readAll())); at.hasNext();) names << at.next().captured(1);
    }
    return names;
  }
  /// Of a window, by name, and each under a tester.
  static QList<QAbstractItemModel*> under_test(MainWindow& window) {
    ExportChoices& choices = window.export_page()->choices();
    QList<QAbstractItemModel*> all{&window.runs_page()->library(),         &window.runs_page()->figures(), &window.evaluate_page()->questions(),
                                   &window.evaluate_page()->filter(),      choices.formats(),              choices.tensors(),
                                   choices.devices(),                      &window.export_page()->files(), &window.chat_page()->controller().model(),
                                   window.model_page()->findChild<GroupsTableModel*>()};
    for (QAbstractItemModel* model : all) new QAbstractItemModelTester(model, QAbstractItemModelTester::FailureReportingMode::Fatal, model);
    return all;
  }

 private slots:
  void every_model_keeps_the_rules_while_the_studio_is_used() {
    Studio studio;
    const QList<QAbstractItemModel*> models = under_test(*studio.window);
    QSet<QString> seen;
    for (const QAbstractItemModel* model : models) seen << QString::fromLatin1(model->metaObject()->className()).section(QStringLiteral("::"), -1);
    QVERIFY(declared().size() >= 8);
    QCOMPARE(seen, declared());  // a new one belongs into the list above

    QVERIFY(!studio.run_demo().isEmpty());
    QuantizePage& quantize = *studio.window->quantize_page();
    QSignalSpy finished(&quantize, &QuantizePage::run_finished);
    quantize.ribbon_model().replace_partition(layerwise_partition(48), {});
    QTest::mouseClick(quantize.again_button(), Qt::LeftButton);
    QVERIFY(finished.wait(30000));
    const QString output = finished.last().first().toString();

    studio.window->show_workspace(Workspace::RUNS);
    QTRY_COMPARE(studio.window->runs_page()->library().rowCount(), 2);
    studio.window->runs_page()->list()->selectAll();
    QCOMPARE(studio.window->runs_page()->figures().columnCount(), 3);

    studio.window->show_workspace(Workspace::EVALUATE);
    EvaluatePage& evaluate = *studio.window->evaluate_page();
    evaluate.filter().set_verdict(QuestionFilter::Verdict::WRONG);
    for (int round = 0; round < 2; ++round) {  // the second time over rows that are there
      QTest::mouseClick(evaluate.run_button(), Qt::LeftButton);
      QTRY_VERIFY(evaluate.run_button()->isVisible() && evaluate.questions().rowCount() == 100);
    }
    QVERIFY(evaluate.filter().rowCount() > 0 && evaluate.filter().rowCount() < 100);
    evaluate.filter().set_text(QStringLiteral("top"));
    // Their results as tables, in every layout: from five grids to one, and back.
    EvaluationTables& tables = evaluate.tables()->tables();
    evaluate.tabs()->setCurrentWidget(evaluate.tables());
    QTRY_COMPARE(tables.captions().size(), 5);
    QList<QAbstractItemModel*> grids;
    for (int i = 0; i < 5; ++i) {
      grids << tables.grid(i);
      new QAbstractItemModelTester(grids.last(), QAbstractItemModelTester::FailureReportingMode::Fatal, grids.last());
      QVERIFY(grids.last()->rowCount() == 1 && grids.last()->columnCount() > 3);
    }
    for (const TableLayout layout : EvaluationTables::layouts()) tables.set_layout(layout);
    QCOMPARE(grids[1]->rowCount(), 0);
    tables.set_layout(TableLayout::ROWS);

    ChatPage& chat = *studio.window->chat_page();
    chat.use_model({output, {}, false});
    QTRY_VERIFY(chat.controller().can_ask());
    QVERIFY(chat.controller().ask(QStringLiteral("What do you see?"), {studio.path(QStringLiteral("demo/images/scene.png"))}));
    QTRY_VERIFY(chat.controller().can_ask());
    QVERIFY(chat.controller().ask_again(0, QStringLiteral("What stands there?"), {}));
    QTRY_VERIFY(chat.controller().can_ask());
    chat.controller().show_branch(0, -1);
    chat.controller().new_chat();

    studio.window->show_workspace(Workspace::EXPORT);
    ExportPage& page = *studio.window->export_page();
    QTRY_VERIFY(page.choices().checked(QStringLiteral("compressed-tensors")) && page.choices().devices()->rowCount() > 0);
    page.choices().show_format(QStringLiteral("awq"));
    for (const QAbstractItemModel* model : models) {
      if (model != &chat.controller().model()) QVERIFY2(model->rowCount() > 0, model->metaObject()->className());
    }
  }

  void a_row_breaks_where_its_items_have_no_room() {
    QWidget window;
    auto* flow = new FlowLayout(&window);
    auto* wide = new QPushButton(&window);
    auto* narrow = new QPushButton(&window);
    wide->setMinimumWidth(200);
    narrow->setFixedWidth(100);
    flow->setSpacing(10);
    flow->add(wide, 1);
    flow->add(narrow);
    const int line = wide->sizeHint().height();
    QCOMPARE(flow->heightForWidth(310), line);
    QCOMPARE(flow->heightForWidth(309), 2 * line + 10);
    QCOMPARE(flow->minimumSize().width(), 200);
    window.resize(400, 300);
    window.show();
    QCOMPARE(wide->geometry().left(), 0);
    QCOMPARE(wide->width(), 290);  // what the row has left
    QCOMPARE(narrow->geometry().left(), 300);
    window.resize(250, 300);
    QTRY_COMPARE(narrow->geometry().left(), 0);
    QVERIFY(narrow->geometry().top() > wide->geometry().bottom());
    narrow->hide();
    QCOMPARE(flow->heightForWidth(250), line);
  }

  void columns_are_alike_and_fewer_in_a_narrow_window() {
    QWidget window;
    auto* flow = new FlowLayout(&window);
    flow->setSpacing(10);
    flow->set_columns(3);
    std::vector<QPushButton*> cells;
    for (int i = 0; i < 4; ++i) {
      cells.push_back(new QPushButton(&window));
      cells.back()->setMinimumWidth(100);
      flow->add(cells.back());
    }
    auto* last = new QPushButton(&window);
    flow->add_row(last);
    window.resize(320, 400);
    window.show();
    QCOMPARE(cells[2]->geometry().left(), 220);
    QCOMPARE(cells[3]->geometry().left(), 0);
    QCOMPARE(cells[3]->width(), 320);
    QCOMPARE(last->geometry().left(), 0);
    window.resize(319, 400);
    QTRY_COMPARE(cells[2]->geometry().left(), 0);
    QCOMPARE(cells[3]->geometry().left(), 164);
  }

  void a_heading_is_never_cut_off() {
    QStandardItemModel model(1, 3);
    model.setHorizontalHeaderLabels({QStringLiteral("Name"), QStringLiteral("A heading of some length"), QStringLiteral("Last")});
    for (int column = 0; column < 3; ++column) model.setItem(0, column, new QStandardItem(QStringLiteral("text of a cell")));
    for (const int stretched : {0, 1, 2, int(TableView::kAllColumns)}) {
      TableView table(&model, QStringLiteral("Table"), stretched);
      table.show();
      for (const int width : {900, 400, 160}) {
        table.resize(width, 200);
        QCoreApplication::processEvents();
        int sum = 0;
        for (int column = 0; column < 3; ++column) {
          QVERIFY(table.columnWidth(column) >= table.horizontalHeader()->sectionSizeHint(column));
          sum += table.columnWidth(column);
        }
        QVERIFY(width < 900 || sum == table.viewport()->width());  // what is left is taken
      }
    }
  }
};

QTEST_MAIN(TestItemModels)
#include "test_item_models.moc"
