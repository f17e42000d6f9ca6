// Every workspace in three languages, at two text sizes, in three themes and two window sizes: names for screen readers, Tab order, no text cut off,
// contrast. Rows by which each pair of these meets; QVLM_WALK_ALL=1 walks the whole product. QVLM_SCREENSHOTS=DIR writes a picture of each.
#include <QAbstractButton>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabBar>
#include <QTabWidget>
#include <QTableView>
#include <QTest>
#include <QToolButton>
#include <utility>

#include "app/studio/language.h"
#include "app/studio/models/chat_controller.h"
#include "app/studio/models/evaluation_controller.h"
#include "app/studio/models/evaluation_tables.h"
#include "app/studio/models/question_table_model.h"
#include "app/studio/models/ribbon_model.h"
#include "app/studio/models/run_controller.h"
#include "app/studio/pages/chat_page.h"
#include "app/studio/pages/evaluate_page.h"
#include "app/studio/pages/model_page.h"
#include "app/studio/pages/quantize_page.h"
#include "app/studio/pages/tables_tab.h"
#include "app/studio/views/about.h"
#include "app/studio/views/composer.h"
#include "app/studio/views/fields.h"
#include "app/studio/views/ribbon_view.h"
#include "app/studio/views/settings_dialog.h"
#include "app/studio/views/shortcut_sheet.h"
#include "tests/studio/studio_fixture.h"
#include "tests/studio/widget_walk.h"

using namespace qvlm;
using namespace qvlm::studio;

class TestWorkspaces : public QObject {
  Q_OBJECT

  static void shoot(Studio& studio, const QString& name) {
    if (qEnvironmentVariableIsEmpty("QVLM_SCREENSHOTS")) return;
    QTest::qWait(150);
    QDir().mkpath(qEnvironmentVariable("QVLM_SCREENSHOTS"));
    QVERIFY(studio.window->grab().save(
        QDir(qEnvironmentVariable("QVLM_SCREENSHOTS")).filePath(name + QStringLiteral(".png"))));
  }

  static void fill(Studio& studio) {
    const QString output = studio.run_demo();
    QVERIFY(!output.isEmpty());
    // The run beside the model itself, so that the tables have two rows.
    EvaluatePage& evaluate = *studio.window->evaluate_page();
    for (const QString& model : {studio.workbench->model()->path, output}) {
      evaluate.picker()->choose({model, {}, false});
      evaluate.against()->setCurrentIndex(model == output ? evaluate.against()->findData(studio.workbench->model()->path) : 0);
      QSignalSpy kept(&evaluate.evaluation().results(), &EvaluationResults::kept);
      click(evaluate.run_button());
      QVERIFY(kept.wait(30000));
      QTRY_VERIFY(evaluate.questions().rowCount() >= 60 && !evaluate.evaluation().running());
    }
    ChatPage& chat = *studio.window->chat_page();
    chat.use_model({output, {}, false});
    QTRY_VERIFY(chat.controller().can_ask());
    chat.controller().ask(QStringLiteral("What do you see in this picture?"),
                          {studio.path(QStringLiteral("demo/images/scene.png"))});
    QTRY_VERIFY(chat.controller().can_ask());
    chat.controller().ask(QStringLiteral("Which colour is the square?"), {});
    QTRY_VERIFY(chat.controller().can_ask());
  }

 private slots:
  void every_workspace_is_whole_data() {
    QTest::addColumn<QSize>("size");
    QTest::addColumn<int>("theme");
    QTest::addColumn<QString>("language");
    QTest::addColumn<double>("scale");
    const bool all = qEnvironmentVariableIntValue("QVLM_WALK_ALL") != 0;
    const char* languages[] = {"en", "de", "zh_CN"};
    const std::pair<ThemeChoice, const char*> themes[] = {
        {ThemeChoice::LIGHT, "light"}, {ThemeChoice::DARK, "dark"}, {ThemeChoice::HIGH_CONTRAST, "contrast"}};
    for (int language = 0; language < 3; ++language) {
      for (int theme = 0; theme < 3; ++theme) {
        for (const bool large : {false, true}) {
          for (const bool small : {false, true}) {
            // Each language and theme takes one of three combinations of sizes in turn, the usual one is walked once.
            const bool usual = !large && !small, turn = (language + theme) % 3 == (large && small ? 0 : large ? 1 : 2);
            if (!all && !(usual ? language + theme == 0 : turn)) continue;
            QTest::addRow("%s %s %s%s", themes[theme].second, languages[language], small ? "1024" : "1440", large ? " large" : "")
                << (small ? QSize(1024, 768) : QSize(1440, 900)) << int(themes[theme].first) << QString::fromLatin1(languages[language])
                << (large ? 1.5 : 1.0);
          }
        }
      }
    }
  }

  void every_workspace_is_whole() {
    QFETCH(QSize, size);
    QFETCH(int, theme);
    QFETCH(QString, language);
    QFETCH(double, scale);
    Translations translations(*qApp);
    QCOMPARE(translations.install(language), language);
    Studio studio(size, static_cast<ThemeChoice>(theme), scale);
    QString tail = QLatin1Char('-') + QString::fromUtf8(QTest::currentDataTag()).replace(QLatin1Char(' '), QLatin1Char('-'));
    shoot(studio, QStringLiteral("0-first-start") + tail);
    fill(studio);
    QStringList all;
    const auto look = [&](const QString& name, QWidget* page) {
      // A changed text asks for its room by an event: what is still wrong after the layout has settled counts.
      QStringList found;
      [[maybe_unused]] const bool settled =
          QTest::qWaitFor([&] { return (found = widget_complaints(*studio.window)).isEmpty(); }, 2000);
      found += tab_order_complaints(*page);
      found += contrast_complaints(*studio.window);
      shoot(studio, name + tail);
      if (!found.isEmpty()) all << name + tail << found;
    };
    const char* names[] = {"1-model", "2-quantize", "3-runs", "4-evaluate", "5-chat", "6-compare", "7-export"};
    for (int i = 0; i < kWorkspaces; ++i) {
      QTest::mouseClick(studio.window->rail()->button(static_cast<Workspace>(i)), Qt::LeftButton);
      QTest::qWait(60);
      if (i == 1) {
        RibbonModel& model = studio.window->quantize_page()->ribbon_model();
        model.select(17);
        model.merge_with_next(model.partition().block_of(30)) || model.split_after(30);
      }
      look(QLatin1String(names[i]), studio.window->page(static_cast<Workspace>(i)));
      if (i == int(Workspace::EVALUATE)) {
        EvaluatePage& page = *studio.window->evaluate_page();
        QTest::mouseClick(page.tabs()->tabBar(), Qt::LeftButton, {}, page.tabs()->tabBar()->tabRect(1).center());
        QTRY_VERIFY(page.tables()->tables().table() && page.tables()->tables().table()->rows.size() == 2);
        for (const int layout : {0, 1}) {  // grids beneath each other, and headings of several lines
          page.tables()->layouts()->setCurrentIndex(layout);
          QTest::qWait(60);
          look(QStringLiteral("4-evaluate-tables-%1").arg(layout), &page);
        }
        page.tabs()->setCurrentIndex(0);
      }
      QVERIFY2(studio.window->width() <= size.width() && studio.window->height() <= size.height(),
               "the window grew beyond its size");
    }
    QVERIFY2(all.isEmpty(), qPrintable(all.join(QLatin1Char('\n'))));
  }

  void dialogs_are_whole_data() {
    QTest::addColumn<QString>("language");
    QTest::addColumn<double>("scale");
    for (const char* language : {"en", "de", "zh_CN"}) {
      QTest::newRow(language) << QString::fromLatin1(language) << 1.0;
      QTest::addRow("%s large", language) << QString::fromLatin1(language) << 1.5;
    }
  }

  void dialogs_are_whole() {
    QFETCH(QString, language);
    QFETCH(double, scale);
    Translations translations(*qApp);
    translations.install(language);
    Studio studio({1024, 768}, ThemeChoice::DARK, scale);
    const auto look = [&](QDialog* dialog, const char* name) {
      QVERIFY(dialog != nullptr);
      QStringList found;
      [[maybe_unused]] const bool settled = QTest::qWaitFor([&] { return (found = widget_complaints(*dialog)).isEmpty(); }, 2000);
      found += contrast_complaints(*dialog);
      if (!qEnvironmentVariableIsEmpty("QVLM_SCREENSHOTS"))
        dialog->grab().save(QDir(qEnvironmentVariable("QVLM_SCREENSHOTS")).filePath(QStringLiteral("8-%1-%2-%3.png").arg(QLatin1String(name), language).arg(scale)));
      QVERIFY2(found.isEmpty(), qPrintable(QLatin1String(name) + QLatin1Char('\n') + found.join(QLatin1Char('\n'))));
      QVERIFY(dialog->height() <= 768 && dialog->width() <= 1024);
      dialog->accept();
    };
    studio.window->show_settings();
    auto* settings = studio.window->findChild<SettingsDialog*>();
    QTRY_VERIFY(settings->devices()->count() >= 2);
    look(settings, "settings");
    studio.window->show_shortcuts();
    look(studio.window->findChild<ShortcutSheet*>(), "shortcuts");
    auto* about = new AboutDialog(studio.theme, studio.window.get());
    about->open();
    look(about, "about");
  }

  /// The walk finds what is planted, and nothing in a sound window.
  void the_walk_can_fail() {
    Theme theme(*qApp);
    theme.set_choice(ThemeChoice::LIGHT);
    QWidget window;
    window.resize(400, 300);
    auto* sound = new QPushButton(QStringLiteral("Sound"), &window);
    sound->setGeometry(10, 10, 120, 32);
    auto* below = new QPushButton(QStringLiteral("Below"), &window);
    below->setGeometry(10, 60, 120, 32);
    auto* words = new QLabel(QStringLiteral("Words"), &window);
    words->setGeometry(10, 110, 120, 24);
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
    QCOMPARE(widget_complaints(window) + tab_order_complaints(window) + contrast_complaints(window), QStringList());
    sound->setText(QStringLiteral("Much longer than there is room for"));
    QVERIFY(widget_complaints(window).filter(QStringLiteral("cut off")).size() == 1);
    sound->setText(QStringLiteral("Sound"));
    words->setGeometry(10, 290, 120, 24);
    QVERIFY(widget_complaints(window).filter(QStringLiteral("reaches out")).size() == 1);
    words->setGeometry(10, 110, 120, 24);
    sound->setFocusPolicy(Qt::NoFocus);
    QVERIFY(widget_complaints(window).filter(QStringLiteral("not reached by Tab")).size() == 1);
    sound->setFocusPolicy(Qt::StrongFocus);
    auto* unnamed = new QLineEdit(&window);
    unnamed->setGeometry(200, 10, 100, 32);
    unnamed->show();
    QVERIFY(widget_complaints(window).filter(QStringLiteral("no accessible name")).size() == 1);
    delete unnamed;
    auto* box = new QComboBox(&window);
    box->setAccessibleName(QStringLiteral("Box"));
    box->addItem(QStringLiteral("Longer than its field"));
    box->setGeometry(200, 10, 80, 32);
    box->show();
    QVERIFY(widget_complaints(window).filter(QStringLiteral("is cut off")).size() == 1);
    delete box;
    auto* area = new QScrollArea(&window);
    area->setGeometry(200, 10, 100, 100);
    area->setWidget(new QWidget);
    area->widget()->resize(140, 50);
    area->show();
    QVERIFY(widget_complaints(window).filter(QStringLiteral("wider by")).size() == 1);
    delete area;
    words->setText(QStringLiteral("Unbreakableandmuchlongerthanitslabel"));
    words->setTextFormat(Qt::PlainText);
    words->setWordWrap(true);
    QVERIFY(widget_complaints(window).filter(QStringLiteral("a word is cut off")).size() == 1);
    words->setWordWrap(false);
    words->setText(QStringLiteral("Words"));
    sound->setGeometry(10, 160, 120, 32);  // its turn still comes before the one above it
    QCOMPARE(tab_order_complaints(window).size(), 1);
    sound->setGeometry(10, 10, 120, 32);
    words->setStyleSheet(QStringLiteral("color: #b8b8b8; background: #ffffff"));
    QVERIFY(contrast_complaints(window).filter(QStringLiteral("Words")).size() == 1);
  }

  void a_run_in_the_middle() {
    Studio studio;
    QVERIFY(studio.open_demo());
    qputenv("FAKE_QVLM_PACE", "1500");
    studio.window->show_workspace(Workspace::QUANTIZE);
    QuantizePage& page = *studio.window->quantize_page();
    QTest::mouseClick(page.start_button(), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(page.run().state().blocks.size() >= 6, 30000);
    shoot(studio, QStringLiteral("2-quantize-running"));
    QVERIFY(page.run().progress() > 0.2);
    page.run().cancel();
    QTRY_VERIFY(!page.run().busy());
  }

  void control_and_digits_choose_a_workspace() {
    Studio studio;
    QVERIFY(QTest::qWaitForWindowActive(studio.window.get()));
    QTest::keyClick(studio.window.get(), Qt::Key_5, Qt::ControlModifier);
    QTRY_VERIFY(studio.window->chat_page()->isVisible());
    QVERIFY(studio.window->rail()->button(Workspace::CHAT)->isChecked());
  }

  void tab_reaches_every_control_of_quantize() {
    Studio studio;
    QVERIFY(studio.open_demo());
    studio.window->show_workspace(Workspace::QUANTIZE);
    QVERIFY(QTest::qWaitForWindowActive(studio.window.get()));
    QuantizePage& page = *studio.window->quantize_page();
    page.start_button()->setFocus();
    QSet<QWidget*> seen;
    for (int i = 0; i < 80; ++i) {
      seen << QApplication::focusWidget();
      QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
    }
    QVERIFY(seen.contains(page.ribbon()));
    QVERIFY(seen.contains(page.start_button()));
    for (int i = 0; i < kWorkspaces; ++i)
      QVERIFY(seen.contains(studio.window->rail()->button(static_cast<Workspace>(i))));
  }
};

QTEST_MAIN(TestWorkspaces)
#include "test_workspaces.moc"
