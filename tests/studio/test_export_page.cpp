// Workspace Export by clicks and keys: formats with their verdicts, devices, and an export that is watched, refused, or fails.
#include <QAbstractItemModelTester>
#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTabWidget>
#include <QTableView>

#include "app/studio/models/export_choices.h"
#include "app/studio/pages/export_page.h"
#include "app/studio/views/fields.h"
#include "app/studio/views/widgets.h"
#include "tests/studio/studio_fixture.h"

using namespace qvlm::studio;

namespace {

/// A studio on its export page with one quantized model, looked at.
struct ExportStudio : Studio {
  ExportPage* page = nullptr;
  ExportStudio() {
    QDir(folder.path()).mkpath(QStringLiteral("a model.qvlm"));
    write(QStringLiteral("a model.qvlm/model.gguf"), QByteArray(3000, 'x'));
    workbench->add_quantized(path(QStringLiteral("a model.qvlm")));
    window->show_workspace(Workspace::EXPORT);
    page = window->export_page();
    page->target()->set_path(path(QStringLiteral("out folder")));
  }
  QString verdict(int row) const { return page->choices().formats()->text(row, ExportChoices::VERDICT); }
  bool looked_at() const { return page->choices().checked(QStringLiteral("compressed-tensors")) && page->choices().devices()->rowCount() > 0; }
  void click_format(int row) {
    QTableView* view = page->format_view();
    QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, view->visualRect(view->model()->index(row, 0)).center());
  }
};

}  // namespace

class TestExportPage : public QObject {
  Q_OBJECT

 private slots:
  void formats_show_what_they_hold() {
    ExportStudio studio;
    QTRY_VERIFY(studio.looked_at());
    for (TextTableModel* model : {studio.page->choices().formats(), studio.page->choices().tensors(), studio.page->choices().devices()})
      QAbstractItemModelTester tester(model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QVERIFY(studio.verdict(0).contains(QLatin1String("all 6")));
    QVERIFY(studio.verdict(1).contains(QLatin1String("2 inexact")));
    QVERIFY(studio.verdict(3).contains(QLatin1String("no tokenizer")));
    studio.click_format(1);
    QCOMPARE(studio.page->formats()->currentData().toString(), QStringLiteral("awq"));
    TextTableModel& tensors = *studio.page->choices().tensors();
    QCOMPARE(tensors.rowCount(), 6);
    QVERIFY(tensors.text(0, ExportChoices::REASON).contains(QLatin1String("8 bits")));  // inexact ones first
    QVERIFY(!tensors.text(1, ExportChoices::ERROR).isEmpty() && tensors.text(2, ExportChoices::ERROR).isEmpty());
  }

  void inexact_tensors_need_leave_and_refused_formats_have_none() {
    ExportStudio studio;
    QTRY_VERIFY(studio.looked_at());
    QVERIFY(studio.page->export_button()->isEnabled() && !studio.page->allow_inexact()->isEnabled());
    studio.click_format(1);
    QVERIFY(!studio.page->export_button()->isEnabled() && studio.page->allow_inexact()->isEnabled());
    studio.page->allow_inexact()->setFocus();
    QTest::keyClick(studio.page->allow_inexact(), Qt::Key_Space);
    QVERIFY(studio.page->export_button()->isEnabled());
    studio.click_format(3);
    QVERIFY(!studio.page->export_button()->isEnabled() && !studio.page->allow_inexact()->isEnabled());
  }

  void an_export_is_written_and_told() {
    ExportStudio studio;
    QTRY_VERIFY(studio.looked_at());
    studio.click_format(0);
    QTest::mouseClick(studio.page->export_button(), Qt::LeftButton);
    QVERIFY(!studio.page->export_button()->isEnabled() && studio.page->stop_button()->isEnabled());
    QTRY_VERIFY(studio.page->banner()->text().contains(QLatin1String("read back")));
    QVERIFY(QFile::exists(studio.path(QStringLiteral("out folder/model.gguf"))));
    QVERIFY(studio.page->export_button()->isEnabled() && !studio.page->stop_button()->isEnabled());
  }

  void a_failure_is_told_and_leaves_the_page_as_it_was() {
    ExportStudio studio;
    QTRY_VERIFY(studio.looked_at());
    studio.click_format(2);
    QTest::mouseClick(studio.page->export_button(), Qt::LeftButton);
    QTRY_VERIFY(studio.page->banner()->text().contains(QLatin1String("the disk is full")));
    QVERIFY(studio.page->export_button()->isEnabled());
  }

  void devices_follow_the_context_and_own_entries() {
    ExportStudio studio;
    QTRY_VERIFY(studio.looked_at());
    studio.page->tabs()->setCurrentIndex(1);
    TextTableModel& devices = *studio.page->choices().devices();
    QCOMPARE(devices.rowCount(), 1);
    const QString fits = devices.text(0, ExportChoices::FITS);
    studio.page->context()->setFocus();
    studio.page->context()->selectAll();
    QTest::keyClicks(studio.page->context(), QStringLiteral("6000"));
    QTRY_VERIFY(devices.rowCount() == 1 && devices.text(0, ExportChoices::FITS) != fits);
    QTest::keyClicks(studio.page->own_device(), QStringLiteral("My board"));
    QTest::keyClick(studio.page->own_device(), Qt::Key_Return);
    QCOMPARE(studio.page->own_device()->text(), QStringLiteral("My board"));  // kept, with a word on what is missing
    QTest::keyClicks(studio.page->own_device(), QStringLiteral(":16:68.5"));
    QTest::keyClick(studio.page->own_device(), Qt::Key_Return);
    QTRY_COMPARE(devices.rowCount(), 2);
    QCOMPARE(devices.text(1, ExportChoices::DEVICE), QStringLiteral("My board"));
    QVERIFY(studio.page->own_device()->text().isEmpty());
  }

  void every_control_has_a_name() {
    ExportStudio studio;
    for (QWidget* widget : studio.page->findChildren<QWidget*>())
      if (widget->focusPolicy() != Qt::NoFocus && (qobject_cast<QTableView*>(widget) || qobject_cast<QSpinBox*>(widget) ||
                                                  qobject_cast<QComboBox*>(widget) || qobject_cast<QTabWidget*>(widget)))
        QVERIFY2(!widget->accessibleName().isEmpty(), widget->metaObject()->className());
  }
};

QTEST_MAIN(TestExportPage)
#include "test_export_page.moc"
