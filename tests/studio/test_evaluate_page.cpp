// Workspaces Evaluate and Export with scripted children.
#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <QTableView>
#include <QTest>

#include "app/studio/models/folder_table_model.h"
#include "app/studio/models/question_table_model.h"
#include "app/studio/pages/chat_page.h"
#include "app/studio/pages/evaluate_page.h"
#include "app/studio/pages/export_page.h"
#include "app/studio/pages/model_page.h"
#include "app/studio/views/composer.h"
#include "app/studio/views/fields.h"
#include "app/studio/views/picture_delegate.h"
#include "app/studio/views/widgets.h"
#include "tests/studio/studio_fixture.h"

using namespace qvlm::studio;

class TestEvaluatePage : public QObject {
  Q_OBJECT

 private slots:
  void a_set_is_run_and_counted() {
    Studio studio;
    QVERIFY(studio.open_demo());
    studio.window->show_workspace(Workspace::EVALUATE);
    EvaluatePage& page = *studio.window->evaluate_page();
    page.limit()->setValue(42);
    QTest::mouseClick(page.run_button(), Qt::LeftButton);
    QTRY_COMPARE(page.questions().rowCount(), 42);
    QTRY_VERIFY(page.run_button()->isVisible());
    QCOMPARE(page.questions().categories().size(), size_t(7));
    QVERIFY(page.result_label()->text().endsWith(QLatin1Char('%')));
    QVERIFY(studio.heard_line(QStringLiteral("--limit 42 --backend reference")));
    page.filter().set_verdict(QuestionFilter::Verdict::WRONG);
    QVERIFY(page.filter().rowCount() > 0 && page.filter().rowCount() < 42);
  }

  void cases_where_only_the_other_model_is_right_are_found_and_opened_in_chat() {
    Studio studio;
    QVERIFY(studio.open_demo());
    QDir(studio.folder.path()).mkpath(QStringLiteral("a.qvlm"));
    studio.workbench->add_quantized(studio.path(QStringLiteral("a.qvlm")));
    qputenv("FAKE_QVLM_PICTURE", studio.path(QStringLiteral("demo/images/scene.png")).toUtf8());
    studio.window->show_workspace(Workspace::EVALUATE);
    EvaluatePage& page = *studio.window->evaluate_page();
    page.picker()->choose({studio.path(QStringLiteral("a.qvlm")), QStringLiteral("vulkan"), false});
    // Names may be cut in the middle: the tool tip has them whole, with the path.
    QCOMPARE(page.picker()->models()->whole_tip(), QStringLiteral("a (quantized)\n") + studio.path(QStringLiteral("a.qvlm")));
    page.limit()->setValue(60);
    page.against()->setFocus();
    QTest::keyClick(page.against(), Qt::Key_Down);
    QCOMPARE(page.against()->currentData().toString(), studio.workbench->model()->path);
    QTest::mouseClick(page.run_button(), Qt::LeftButton);
    QTRY_VERIFY(page.run_button()->isVisible() && page.questions().rowCount() == 60);
    QVERIFY(studio.heard_line(QStringLiteral("--against %1 --against-backend reference").arg(studio.workbench->model()->path)));
    int expected = 0;
    for (int row = 0; row < 60; ++row) expected += !page.questions().at(row).right && *page.questions().at(row).against_right ? 1 : 0;
    QVERIFY(expected > 0 && expected < 60);
    page.verdicts()->setFocus();
    while (page.verdicts()->currentText() != QLatin1String("Wrong, the other right")) QTest::keyClick(page.verdicts(), Qt::Key_Down);
    QCOMPARE(page.filter().rowCount(), expected);
    for (int row = 0; row < expected; ++row)
      QCOMPARE(page.filter().index(row, QuestionTableModel::VERDICT).data().toString(), QStringLiteral("wrong (other right)"));
    // The picture stands in the row.
    auto* delegate = qobject_cast<PictureDelegate*>(page.table()->itemDelegateForColumn(QuestionTableModel::PICTURE));
    QTRY_VERIFY(delegate && delegate->known() > 0);
    // By the keyboard: into the table, to a row, and Enter opens it in Chat.
    page.table()->setFocus();
    QTest::keyClick(page.table(), Qt::Key_Down);
    QTest::mouseClick(page.open_in_chat_button(), Qt::LeftButton);
    QVERIFY(studio.window->workspace() == Workspace::CHAT);
    QVERIFY(!studio.window->chat_page()->composer()->text().isEmpty());
    QCOMPARE(studio.window->chat_page()->composer()->attachments(), QStringList{studio.path(QStringLiteral("demo/images/scene.png"))});
  }

  void stop_ends_it_and_keeps_the_answers() {
    Studio studio;
    QVERIFY(studio.open_demo());
    qputenv("FAKE_QVLM_PACE", "20000");
    studio.window->show_workspace(Workspace::EVALUATE);
    EvaluatePage& page = *studio.window->evaluate_page();
    QTest::mouseClick(page.run_button(), Qt::LeftButton);
    QTRY_VERIFY(page.questions().rowCount() > 2);
    QTest::mouseClick(page.stop_button(), Qt::LeftButton);
    QTRY_VERIFY(page.run_button()->isVisible());
    QVERIFY(page.questions().rowCount() < 60);
    QVERIFY(studio.heard_line(QStringLiteral("{\"stop\":true}")));
    QVERIFY(!page.banner()->isVisible());
  }

  void a_question_opens_in_chat() {
    Studio studio;
    QVERIFY(studio.open_demo());
    Q_EMIT studio.window->evaluate_page()->chat_requested(QStringLiteral("Is there a moon?"),
                                                          {studio.draw_picture(QStringLiteral("m.png"))});
    QCOMPARE(studio.window->chat_page()->composer()->text(), QStringLiteral("Is there a moon?"));
    QCOMPARE(studio.window->chat_page()->composer()->attachments().size(), 1);
  }

  void a_quantized_model_is_listed_and_exported() {
    Studio studio;
    QDir(studio.folder.path()).mkpath(QStringLiteral("a.qvlm"));
    studio.write(QStringLiteral("a.qvlm/model.gguf"), QByteArray(3000, 'x'));
    studio.workbench->add_quantized(studio.path(QStringLiteral("a.qvlm")));
    studio.window->show_workspace(Workspace::EXPORT);
    ExportPage& page = *studio.window->export_page();
    QCOMPARE(page.models()->count(), 1);
    QCOMPARE(page.files().rowCount(), 1);
    page.target()->set_path(studio.path(QStringLiteral("out folder")));
    QTest::mouseClick(page.export_button(), Qt::LeftButton);
    QTRY_VERIFY(page.banner()->text().contains(QLatin1String("read back")));
    QVERIFY(QFile::exists(studio.path(QStringLiteral("out folder/model.gguf"))));
  }

  void an_absent_model_is_a_message() {
    Studio studio;
    studio.workbench->open(QStringLiteral("/nowhere/model"));
    QTRY_VERIFY(!studio.workbench->opening());
    QVERIFY(!studio.workbench->model().has_value());
    const auto* banner = studio.window->model_page()->findChild<Banner*>();
    QVERIFY2(banner->text().contains(QLatin1String("/nowhere/model")), qPrintable(banner->text()));
  }

  void the_summary_shows_what_inspect_says() {
    Studio studio;
    QTest::mouseClick(studio.window->model_page()->open_demo_button(), Qt::LeftButton);
    QTRY_VERIFY(studio.workbench->model().has_value());
    ModelPage& page = *studio.window->model_page();
    QCOMPARE(page.summary_label(QStringLiteral("parameters"))->text(), QStringLiteral("11.2 M"));
    QCOMPARE(page.summary_label(QStringLiteral("sites"))->text(), QStringLiteral("48"));
    QCOMPARE(studio.workbench->model()->legal_groups.back().groups, QStringLiteral("32, 64, 128, row"));
    QCOMPARE(studio.settings->recent_models().size(), 1);
  }
};

QTEST_MAIN(TestEvaluatePage)
#include "test_evaluate_page.moc"
