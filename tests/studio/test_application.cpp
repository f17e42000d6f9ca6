// The whole: first start, settings, shortcuts, drops, a second start, what is there again at the next start; and the heartbeat.
#include <QComboBox>
#include <QDropEvent>
#include <QLabel>
#include <QMenu>
#include <QMenuBar>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QThread>
#include <QToolButton>

#include "app/studio/heartbeat.h"
#include "app/studio/models/chat_controller.h"
#include "app/studio/models/device_list.h"
#include "app/studio/models/power_meter.h"
#include "app/studio/pages/chat_page.h"
#include "app/studio/pages/compare_page.h"
#include "app/studio/pages/model_page.h"
#include "app/studio/single_instance.h"
#include "app/studio/views/composer.h"
#include "app/studio/views/settings_dialog.h"
#include "app/studio/views/shortcut_sheet.h"
#include "tests/studio/drop.h"
#include "tests/studio/studio_fixture.h"

using namespace qvlm::studio;

class TestApplication : public QObject {
  Q_OBJECT

  static void pick(QComboBox* box, const QVariant& data) {
    const int index = box->findData(data);
    QVERIFY(index >= 0);
    box->setFocus();
    while (box->currentIndex() < index) QTest::keyClick(box, Qt::Key_Down);
    while (box->currentIndex() > index) QTest::keyClick(box, Qt::Key_Up);
  }

 private slots:
  void the_first_start_opens_the_demo_with_three_steps() {
    Studio studio;
    studio.window->open_what_was_open();
    QTRY_VERIFY(studio.workbench->model().has_value());
    ModelPage& page = *studio.window->model_page();
    QTRY_VERIFY(page.step_button(0)->isVisible());
    QTest::mouseClick(page.step_button(0), Qt::LeftButton);
    ChatPage& chat = *studio.window->chat_page();
    QTRY_VERIFY(chat.controller().can_ask());
    QCOMPARE(chat.composer()->text(), QStringLiteral("What is in the picture?"));
    QCOMPARE(chat.composer()->attachments().size(), 1);
    studio.window->show_workspace(Workspace::MODEL);
    QTest::mouseClick(page.step_button(1), Qt::LeftButton);
    QVERIFY(studio.window->workspace() == Workspace::QUANTIZE);
    studio.window->show_workspace(Workspace::MODEL);
    QTest::mouseClick(page.step_button(2), Qt::LeftButton);
    QVERIFY(studio.window->workspace() == Workspace::COMPARE);
    QCOMPARE(studio.window->compare_page()->composer()->attachments().size(), 1);
    // Hidden once, they stay hidden.
    studio.window->show_workspace(Workspace::MODEL);
    QPushButton* hide = nullptr;
    for (QPushButton* button : page.findChildren<QPushButton*>()) {
      if (button->text() == QLatin1String("Hide these steps")) hide = button;
    }
    QVERIFY(hide && hide->isVisible());
    QTest::mouseClick(hide, Qt::LeftButton);
    QVERIFY(!page.step_button(0)->isVisible());
    QVERIFY(studio.settings->flag(QStringLiteral("first_steps/hidden"), false));
  }

  void settings_take_effect_at_once_and_stay() {
    Studio studio;
    QVERIFY(QTest::qWaitForWindowActive(studio.window.get()));
    QTest::keyClick(studio.window.get(), Qt::Key_Comma, Qt::ControlModifier);
    auto* dialog = studio.window->findChild<SettingsDialog*>();
    QVERIFY(dialog != nullptr);
    pick(dialog->themes(), int(ThemeChoice::HIGH_CONTRAST));
    QCOMPARE(studio.theme.colors().window, high_contrast_palette().window);
    QVERIFY(studio.settings->theme() == ThemeChoice::HIGH_CONTRAST);
    const qreal before = QApplication::font().pointSizeF();
    pick(dialog->sizes(), 1.5);
    QCOMPARE(QApplication::font().pointSizeF(), 1.5 * before);
    QCOMPARE(studio.settings->font_scale(), 1.5);
    // Devices come from qvlm devices; one that cannot be used is not offered, and says why.
    QTRY_VERIFY(dialog->devices()->findData(QStringLiteral("Example GPU")) > 0);
    QCOMPARE(dialog->devices()->findData(QStringLiteral("Old GPU")), -1);
    QTest::mouseClick(dialog->measure_button(), Qt::LeftButton);
    QTRY_VERIFY(dialog->devices()->itemText(dialog->devices()->findData(QStringLiteral("Example GPU"))).contains(QLatin1String("448 GB/s")));
    QVERIFY(studio.heard_line(QStringLiteral("$ devices --json --bandwidth")));
    pick(dialog->devices(), QStringLiteral("Example GPU"));
    QCOMPARE(studio.settings->device(), QStringLiteral("Example GPU"));
    pick(dialog->languages(), QStringLiteral("de"));
    QVERIFY(dialog->start_again_button()->isEnabled());
    QTest::mouseClick(dialog->start_again_button(), Qt::LeftButton);
    QVERIFY(studio.window->wants_anew() && !studio.window->isVisible());
    QCOMPARE(studio.settings->language(), QStringLiteral("de"));
    studio.theme.set_font_scale(1);
  }

  void the_chosen_device_runs_the_model() {
    Studio studio;
    QVERIFY(studio.open_demo());
    studio.settings->set_device(QStringLiteral("Example GPU"));
    studio.window->chat_page()->use_model({studio.workbench->model()->path, QStringLiteral("vulkan"), false});
    QTRY_VERIFY(studio.window->chat_page()->controller().can_ask());
    QVERIFY(studio.heard_line(QStringLiteral("--device Example GPU")));
  }

  void f1_and_the_question_mark_show_every_key() {
    for (const auto& [key, modifier] : {std::pair{Qt::Key_F1, Qt::NoModifier}, {Qt::Key_Question, Qt::ShiftModifier}}) {
      Studio studio;
      QVERIFY(QTest::qWaitForWindowActive(studio.window.get()));
      QTest::keyClick(studio.window.get(), key, modifier);
      auto* sheet = studio.window->findChild<ShortcutSheet*>();
      QVERIFY(sheet != nullptr);
      QStringList words;
      for (const QLabel* label : sheet->findChildren<QLabel*>()) words << label->text();
      for (const char* word : {"Ctrl+1", "Ctrl+,", "Quit", "Split the block behind the selected site", "Send the question"})
        QVERIFY2(words.contains(QLatin1String(word)), word);
      QTest::keyClick(sheet, Qt::Key_Escape);
      QTRY_VERIFY(studio.window->findChild<ShortcutSheet*>() == nullptr);
    }
  }

  void what_is_dropped_anywhere_is_opened() {
    Studio studio;
    QDir(studio.folder.path()).mkpath(QStringLiteral("it's a \"模型\""));
    studio.write(QStringLiteral("it's a \"模型\"/config.json"), "{}");
    const QString model = studio.path(QStringLiteral("it's a \"模型\""));
    const QString picture = studio.draw_picture(QStringLiteral("ein Bild.png"));
    studio.window->show_workspace(Workspace::QUANTIZE);
    drop(studio.window.get(), {QUrl::fromLocalFile(model)});
    QTRY_VERIFY(studio.workbench->model().has_value());
    QCOMPARE(studio.workbench->model()->path, model);
    QVERIFY(studio.window->workspace() == Workspace::MODEL);
    drop(studio.window.get(), {QUrl::fromLocalFile(picture)});
    QVERIFY(studio.window->workspace() == Workspace::CHAT);
    QCOMPARE(studio.window->chat_page()->composer()->attachments(), QStringList{picture});
    // A folder over the chat is not a picture: the page leaves it to the window.
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(model)});
    QDragEnterEvent enter(QPoint(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    enter.ignore();
    QApplication::sendEvent(studio.window->chat_page(), &enter);
    QVERIFY(enter.isAccepted());  // by the window, to which it went on
    // What is neither says so.
    studio.workbench->open(studio.path(QStringLiteral("settings.ini.nowhere")));
    QTRY_VERIFY(!studio.workbench->opening());
  }

  void a_second_start_hands_over() {
    QTemporaryDir folder;
    SingleInstance first(folder.path()), second(folder.path()), elsewhere(folder.path() + QStringLiteral("/other"));
    QVERIFY(!first.hand_over({}));  // nobody is there
    QVERIFY(first.listen());
    QSignalSpy spy(&first, &SingleInstance::handed_over);
    bool taken = false;
    // As another process would: not on the thread that hears.
    const QStringList paths = {QStringLiteral("/a b/模型"), QStringLiteral("/c\n\"d\"")};
    std::unique_ptr<QThread> thread(QThread::create([&] { taken = SingleInstance(folder.path()).hand_over(paths); }));
    thread->start();
    QTRY_COMPARE(spy.count(), 1);
    QTRY_VERIFY(thread->isFinished());
    QVERIFY(taken);
    QCOMPARE(spy.first().first().toStringList(), paths);
    QVERIFY(!elsewhere.hand_over({}));  // another data folder is another studio
  }

  void the_next_start_is_where_the_last_one_ended() {
    QTemporaryDir data;
    Studio studio;
    QVERIFY(studio.open_demo());
    ChatPage& chat = *studio.window->chat_page();
    chat.use_model({studio.workbench->model()->path, QStringLiteral("reference"), false});
    QTRY_VERIFY(chat.controller().can_ask());
    QVERIFY(chat.controller().ask(QStringLiteral("Is there a star?"), {}));
    QTRY_VERIFY(chat.controller().can_ask());
    chat.system_prompt()->setPlainText(QStringLiteral("Be brief."));
    studio.window->show_workspace(Workspace::CHAT);
    studio.window->resize(1100, 700);
    studio.window->close();
    studio.window = std::make_unique<MainWindow>(*studio.workbench, *studio.history, *studio.settings, studio.theme);
    studio.window->show();
    QVERIFY(studio.window->workspace() == Workspace::CHAT);
    QCOMPARE(studio.window->size(), QSize(1100, 700));
    QCOMPARE(studio.window->chat_page()->controller().model().rowCount(), 2);
    QCOMPARE(studio.window->chat_page()->system_prompt()->toPlainText(), QStringLiteral("Be brief."));
    // And the model, as the recent menu has it.
    QMenu* recent = nullptr;
    for (QMenu* menu : studio.window->findChildren<QMenu*>()) {
      if (menu->title() == QLatin1String("Open a recent model")) recent = menu;
    }
    QVERIFY(recent != nullptr);
    Q_EMIT recent->aboutToShow();
    QCOMPARE(recent->actions().size(), 1);
    QCOMPARE(recent->actions().first()->toolTip(), studio.workbench->model()->path);
  }

  void power_is_read_where_the_system_has_it() {
    QTemporaryDir sys;
    const auto write = [&](const QString& name, const QByteArray& text) {
      QDir(sys.path()).mkpath(QFileInfo(name).path());
      QFile file(sys.filePath(name));
      QVERIFY(file.open(QIODevice::WriteOnly));
      file.write(text);
    };
    PowerMeter none(sys.path());
    QVERIFY(!none.read(0).has_value());
    write(QStringLiteral("class/power_supply/BAT0/status"), "Discharging\n");
    write(QStringLiteral("class/power_supply/BAT0/power_now"), "8400000\n");
    PowerMeter battery(sys.path());
    QCOMPARE(battery.read(0)->watts, 8.4);
    // The processor's counter needs two readings, and tells more than the battery.
    write(QStringLiteral("class/powercap/intel-rapl:0/energy_uj"), "1000000\n");
    PowerMeter processor(sys.path());
    QVERIFY(!processor.read(1).has_value());
    write(QStringLiteral("class/powercap/intel-rapl:0/energy_uj"), "31000000\n");
    QCOMPARE(processor.read(3)->watts, 15.0);
    write(QStringLiteral("class/powercap/intel-rapl:0/energy_uj"), "500\n");  // wrapped
    QVERIFY(!processor.read(4).has_value());
    write(QStringLiteral("class/hwmon/hwmon3/name"), "amdgpu\n");
    write(QStringLiteral("class/hwmon/hwmon3/power1_average"), "92000000\n");
    QCOMPARE(PowerMeter(sys.path()).read(0)->watts, 92.0);
  }

  void the_heartbeat_sees_a_stall_and_not_a_dialog() {
    auto* application = qobject_cast<StudioApplication*>(QCoreApplication::instance());
    QVERIFY(application != nullptr);
    application->reset_pulse();
    QTimer::singleShot(0, [] {
      QElapsedTimer clock;
      clock.start();
      while (clock.elapsed() < 80) {
      }
    });
    QTest::qWait(150);
    const Pulse stalled = application->pulse();
    QVERIFY(stalled.longest >= 80 && stalled.longest_work > 0 && stalled.stalls >= 1);
    QVERIFY(stalled.events >= 1 && stalled.share_under_16 < 1);
    QVERIFY(stalled.percentile_99 > 0 && stalled.work_percentile_99 > 0 && stalled.work_percentile_99 <= stalled.longest_work + 0.125);
    // A dialog's loop inside an event keeps nobody waiting; what stalls inside it does.
    application->reset_pulse();
    int heard = 0;
    QTimer::singleShot(0, [&heard] {
      QEventLoop loop;
      QTimer::singleShot(200, &loop, &QEventLoop::quit);
      QTimer::singleShot(20, &loop, [&heard] { ++heard; });
      loop.exec();
    });
    QTest::qWait(300);
    QCOMPARE(heard, 1);
    QVERIFY2(application->pulse().longest < 190, qPrintable(QString::number(application->pulse().longest)));
  }
};

int main(int argc, char** argv) {
  StudioApplication application(argc, argv);
  TestApplication test;
  return QTest::qExec(&test, argc, argv);
}
#include "test_application.moc"
