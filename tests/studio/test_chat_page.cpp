// Workspace Chat: streaming, stopping, pictures, history, and a model that dies in the middle of its answer.
#include <QClipboard>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QPointer>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QTimer>
#include <QToolButton>

#include "app/studio/models/chat_controller.h"
#include "app/studio/pages/chat_page.h"
#include "app/studio/views/answer_text.h"
#include "app/studio/views/chat_view.h"
#include "app/studio/views/composer.h"
#include "app/studio/views/fields.h"
#include "app/studio/views/message_bubble.h"
#include "app/studio/views/screenshot.h"
#include "app/studio/views/seen_strip.h"
#include "app/studio/views/token_view.h"
#include "app/studio/views/widgets.h"
#include "tests/studio/studio_fixture.h"

using namespace qvlm;
using namespace qvlm::studio;

namespace {

using Activity = ChatController::Activity;
const QString kAnswer =
    QStringLiteral("There are three shapes: a red circle at the top, a green star and a blue square.");

}  // namespace

class TestChatPage : public QObject {
  Q_OBJECT

  static ChatPage& loaded(Studio& studio) {
    studio.open_demo();
    studio.window->show_workspace(Workspace::CHAT);
    ChatPage& page = *studio.window->chat_page();
    QTest::mouseClick(page.load_button(), Qt::LeftButton);
    (void)QTest::qWaitFor([&] { return page.controller().activity() == Activity::READY; }, 30000);
    return page;
  }
  static void type(ChatPage& page, const QString& text) {
    page.composer()->edit()->setFocus();
    QTest::keyClicks(page.composer()->edit(), text);
    QTest::keyClick(page.composer()->edit(), Qt::Key_Return);
  }

 private slots:
  void an_answer_streams_and_says_what_ran() {
    Studio studio;
    ChatPage& page = loaded(studio);
    ChatModel& model = page.controller().model();
    QSignalSpy grown(&model, &ChatModel::dataChanged);
    page.composer()->attach({studio.draw_picture(QStringLiteral("a picture.png"))});
    type(page, QStringLiteral("What do you see?"));
    QCOMPARE(model.rowCount(), 2);
    QVERIFY(page.composer()->text().isEmpty());
    QVERIFY(page.composer()->attachments().isEmpty());
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::READY));
    QCOMPARE(model.at(1).text, kAnswer);
    QCOMPARE(page.view()->shown_text(1), kAnswer);
    QVERIFY(grown.count() >= 2);
    QVERIFY(model.at(1).note.contains(QLatin1String("63.5 tokens/s")));
    QVERIFY(
        page.status_strip()->text().contains(QLatin1String("CPU reference")));  // full precision runs on the reference
    QVERIFY(page.controller().prompt()->images.size() == 1);
    QVERIFY(studio.heard_line(QStringLiteral("a picture.png")));
    QVERIFY(studio.heard_line(QStringLiteral("$ chat")));
  }

  void the_question_is_on_disk_before_the_answer() {
    Studio studio;
    ChatPage& page = loaded(studio);
    type(page, QStringLiteral("long story"));
    QTRY_VERIFY(!page.controller().model().at(1).text.isEmpty());
    {
      // As a second studio would find it after a crash of this one.
      History other(studio.path(QStringLiteral("chats.sqlite")));
      const auto messages = other.messages(page.controller().chat_id());
      QCOMPARE(messages.size(), size_t(2));
      QCOMPARE(messages[0].text, QStringLiteral("long story"));
      QVERIFY(messages[1].state == MessageState::INTERRUPTED);
    }
    QTest::mouseClick(page.composer()->send_button(), Qt::LeftButton);  // is Stop now
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::READY));
    QVERIFY(studio.heard_line(QStringLiteral("\"stop\":true")));
    QVERIFY(page.controller().model().at(1).state == MessageState::STOPPED);
    QVERIFY(!page.controller().model().at(1).text.isEmpty());
  }

  void a_killed_model_leaves_the_chat_and_restarts() {
    Studio studio;
    ChatPage& page = loaded(studio);
    type(page, QStringLiteral("please crash"));
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::BROKEN));
    ChatModel& model = page.controller().model();
    QCOMPARE(model.at(0).text, QStringLiteral("please crash"));
    QVERIFY(model.at(1).state == MessageState::INTERRUPTED);
    QVERIFY(model.at(1).text.startsWith(QLatin1String("There are")));
    QCOMPARE(model.at(2).role, QStringLiteral("error"));
    QVERIFY(page.banner()->isVisible());
    QCOMPARE(page.banner()->action_button()->text(), QStringLiteral("Restart"));
    QTest::mouseClick(page.banner()->action_button(), Qt::LeftButton);
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::READY));
    type(page, QStringLiteral("Again?"));
    QTRY_COMPARE(model.at(model.rowCount() - 1).text, kAnswer);
  }

  void a_refused_question_is_a_message() {
    Studio studio;
    ChatPage& page = loaded(studio);
    type(page, QStringLiteral("this will fail"));
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::READY));
    ChatModel& model = page.controller().model();
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(model.at(1).role, QStringLiteral("error"));
    QVERIFY(model.at(1).text.contains(QLatin1String("5000 tokens")));
  }

  void a_model_that_does_not_load_says_why() {
    Studio studio;
    QVERIFY(studio.open_demo());
    qputenv("FAKE_QVLM_DIE", "load");
    studio.window->show_workspace(Workspace::CHAT);
    ChatPage& page = *studio.window->chat_page();
    QTest::mouseClick(page.load_button(), Qt::LeftButton);
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::BROKEN));
    QVERIFY2(page.banner()->text().contains(QLatin1String("no Vulkan device")), qPrintable(page.banner()->text()));
    QVERIFY(page.load_button()->isEnabled());
    QCOMPARE(page.banner()->action_button()->text(), QStringLiteral("Restart"));  // it was the reference already
  }

  void without_vulkan_the_reference_is_offered() {
    Studio studio;
    QVERIFY(studio.open_demo());
    qputenv("FAKE_QVLM_DIE", "load");
    studio.window->show_workspace(Workspace::CHAT);
    ChatPage& page = *studio.window->chat_page();
    page.use_model({studio.workbench->model()->path, QStringLiteral("vulkan"), false});
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::BROKEN));
    QCOMPARE(page.banner()->action_button()->text(), QStringLiteral("Run on the reference"));
    qunsetenv("FAKE_QVLM_DIE");
    QTest::mouseClick(page.banner()->action_button(), Qt::LeftButton);
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::READY));
    QVERIFY(studio.heard_line(QStringLiteral("--backend reference")));
  }

  void regenerate_and_new_chat_and_history() {
    Studio studio;
    ChatPage& page = loaded(studio);
    type(page, QStringLiteral("First question"));
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::READY));
    QVERIFY(page.regenerate_button()->isVisible());
    QTest::mouseClick(page.regenerate_button(), Qt::LeftButton);
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::READY));
    QCOMPARE(page.controller().model().rowCount(), 2);
    QCOMPARE(studio.history->messages(page.controller().chat_id()).size(), size_t(2));
    QTest::mouseClick(page.new_button(), Qt::LeftButton);
    QCOMPARE(page.controller().model().rowCount(), 0);
    type(page, QStringLiteral("Second chat"));
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::READY));
    QCOMPARE(page.history_list()->count(), 2);
    QListWidgetItem* first = page.history_list()->item(1);
    QCOMPARE(first->text(), QStringLiteral("First question"));
    QTest::mouseClick(page.history_list()->viewport(), Qt::LeftButton, {},
                      page.history_list()->visualItemRect(first).center());
    QCOMPARE(page.controller().model().rowCount(), 2);
    QCOMPARE(page.controller().model().at(0).text, QStringLiteral("First question"));
    // A follow-up carries the whole dialogue.
    type(page, QStringLiteral("And now?"));
    QTRY_COMPARE(page.controller().model().rowCount(), 4);
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::READY));
    const QString last = studio.heard().filter(QStringLiteral("And now?")).last();
    QVERIFY(last.contains(QLatin1String("First question")) && last.contains(QLatin1String("assistant")));
  }

  void an_answer_in_markdown_has_code_that_can_be_copied() {
    Studio studio;
    ChatPage& page = loaded(studio);
    type(page, QStringLiteral("Write code"));
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::READY));
    QTRY_COMPARE(page.view()->findChildren<CodeBlock*>().size(), 1);
    CodeBlock* code = page.view()->findChildren<CodeBlock*>().first();
    QTest::mouseClick(code->copy_button(), Qt::LeftButton);
    QCOMPARE(QGuiApplication::clipboard()->text(),
             QStringLiteral("red = [s for s in shapes if s.colour == \"red\"]\nprint(len(red))"));
    QTest::mouseClick(page.view()->bubble(1)->copy_button(), Qt::LeftButton);
    QVERIFY(QGuiApplication::clipboard()->text().startsWith(QLatin1String("Count the **red** shapes")));
    const QString note = page.controller().model().at(1).note;
    for (const char* part : {"12 tokens", "63.5 tokens/s", "first token 0.21 s", "prompt 90 tokens, read at 420/s"})
      QVERIFY2(note.contains(QLatin1String(part)), qPrintable(note));
  }

  void a_question_is_edited_and_both_branches_stay() {
    Studio studio;
    ChatPage& page = loaded(studio);
    ChatModel& model = page.controller().model();
    page.composer()->attach({studio.draw_picture(QStringLiteral("scene.png"))});
    type(page, QStringLiteral("First wording"));
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::READY));
    type(page, QStringLiteral("And then?"));
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::READY));
    QCOMPARE(model.rowCount(), 4);
    QVERIFY(!page.view()->bubble(0)->later_button()->isVisible());
    // The pencil puts words and picture back into the composer; Escape leaves all as it was.
    QTest::mouseClick(page.view()->bubble(0)->edit_button(), Qt::LeftButton);
    QVERIFY(page.composer()->editing());
    QCOMPARE(page.composer()->text(), QStringLiteral("First wording"));
    QCOMPARE(page.composer()->attachments().size(), 1);
    QTest::keyClick(page.composer()->edit(), Qt::Key_Escape);
    QVERIFY(!page.composer()->editing() && page.composer()->text().isEmpty());
    QCOMPARE(model.rowCount(), 4);
    QTest::mouseClick(page.view()->bubble(0)->edit_button(), Qt::LeftButton);
    type(page, QStringLiteral(", second wording"));
    QVERIFY(!page.view()->bubble(0)->edit_button()->isEnabled());  // while it is answered
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::READY));
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(model.at(0).text, QStringLiteral("First wording, second wording"));
    QCOMPARE(model.at(0).images.size(), 1);
    QCOMPARE(model.at(0).branches, 2);
    QVERIFY(!page.view()->bubble(0)->later_button()->isEnabled());
    QTest::mouseClick(page.view()->bubble(0)->earlier_button(), Qt::LeftButton);
    QCOMPARE(model.rowCount(), 4);
    QCOMPARE(model.at(0).text, QStringLiteral("First wording"));
    QCOMPARE(model.at(2).text, QStringLiteral("And then?"));
    // An answer given again is a branch too, and the chat comes back as it was left.
    QTest::mouseClick(page.regenerate_button(), Qt::LeftButton);
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::READY));
    QCOMPARE(model.at(3).branch, 2);
    QTest::mouseClick(page.view()->bubble(3)->earlier_button(), Qt::LeftButton);
    QCOMPARE(model.at(3).branch, 1);
    const auto stored = studio.history->messages(page.controller().chat_id());
    QCOMPARE(stored.size(), size_t(4));
    QCOMPARE(stored[3].branch, 1);
  }

  void earlier_chats_are_searched() {
    Studio studio;
    ChatPage& page = loaded(studio);
    type(page, QStringLiteral("A green frog"));
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::READY));
    QTest::mouseClick(page.new_button(), Qt::LeftButton);
    type(page, QStringLiteral("A rocket"));
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::READY));
    QCOMPARE(page.history_list()->count(), 2);
    QTest::keyClicks(page.history_search(), QStringLiteral("FROG"));
    QCOMPARE(page.history_list()->count(), 1);
    QCOMPARE(page.history_list()->item(0)->text(), QStringLiteral("A green frog"));
    page.history_search()->clear();
    QCOMPARE(page.history_list()->count(), 2);
  }

  void pasted_pictures_and_files_are_attached_and_others_refused() {
    Studio studio;
    ChatPage& page = loaded(studio);
    QImage pasted(40, 30, QImage::Format_RGB888);
    pasted.fill(Qt::red);
    QGuiApplication::clipboard()->setImage(pasted);
    page.composer()->edit()->setFocus();
    page.composer()->edit()->paste();
    QTRY_COMPARE(page.composer()->attachments().size(), 1);
    auto* files = new QMimeData;
    files->setUrls({QUrl::fromLocalFile(studio.draw_picture(QStringLiteral("it's a \"scene\" 图.png")))});
    QGuiApplication::clipboard()->setMimeData(files);
    page.composer()->edit()->paste();
    QCOMPARE(page.composer()->attachments().size(), 2);
    page.composer()->attach({studio.path(QStringLiteral("settings.ini"))});
    QCOMPARE(page.composer()->attachments().size(), 2);
    QVERIFY(page.banner()->isVisible());
    // A file that only claims to be a picture goes away again with the reason.
    studio.write(QStringLiteral("liar.png"), "no picture");
    page.composer()->attach({studio.path(QStringLiteral("liar.png"))});
    QTRY_COMPARE(page.composer()->attachments().size(), 2);
    QTRY_VERIFY2(page.banner()->text().contains(QLatin1String("liar.png")), qPrintable(page.banner()->text()));
    type(page, QStringLiteral("Both?"));
    QTRY_COMPARE(page.controller().model().rowCount(), 2);
    QCOMPARE(page.controller().model().at(0).images.size(), 2);
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::READY));
  }

  void the_strip_shows_what_the_model_sees_and_pads_on_request() {
    Studio studio;
    QVERIFY(studio.open_demo());
    studio.window->show_workspace(Workspace::CHAT);
    ChatPage& page = *studio.window->chat_page();
    const QString model = QStringLiteral(QVLM_SOURCE_DIR "/resources/demo/model");  // the strip reads its preprocessing
    page.use_model({model, QStringLiteral("reference"), false});
    QTRY_VERIFY(page.controller().can_ask());
    page.composer()->attach({studio.draw_picture(QStringLiteral("wide \"图\" it's.png"))});
    SeenStrip& strip = *page.seen_strip();
    QTRY_VERIFY(!strip.seen(0).isNull());
    QVERIFY(strip.isVisible());
    const QImage cropped = strip.seen(0);
    QCOMPARE(cropped.width(), cropped.height());
    QVERIFY2(strip.text().contains(QStringLiteral("640 × 480")) && strip.text().contains(QLatin1String("cropped")), qPrintable(strip.text()));
    strip.fits()->setFocus();
    QTest::keyClick(strip.fits(), Qt::Key_End);
    QCOMPARE(strip.fit(), QStringLiteral("pad"));
    QTRY_VERIFY(!strip.seen(0).isNull() && strip.seen(0) != cropped);
    QVERIFY2(strip.text().contains(QLatin1String("padded")), qPrintable(strip.text()));
    // Padded above and below: the first row is one colour.
    const QImage padded = strip.seen(0);
    for (int x = 1; x < padded.width(); ++x) QCOMPARE(padded.pixel(x, 0), padded.pixel(0, 0));
    type(page, QStringLiteral("What now?"));
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::READY));
    QVERIFY(studio.heard_line(QStringLiteral("\"picture_fit\":\"pad\"")));
    QCOMPARE(page.controller().prompt()->images.front().fit, std::string("padded to square"));
  }

  void an_answers_tokens_tell_their_probability() {
    Studio studio;
    ChatPage& page = loaded(studio);
    type(page, QStringLiteral("How sure are you?"));
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::READY));
    MessageBubble* bubble = page.view()->bubble(1);
    QTRY_VERIFY(bubble->tokens_button()->isVisible());
    QTest::mouseClick(bubble->tokens_button(), Qt::LeftButton);
    TokenView& view = *bubble->token_view();
    QVERIFY(view.isVisible());
    QCOMPARE(view.edit()->toPlainText(), kAnswer);
    view.edit()->setFocus();
    QTest::keyClick(view.edit(), Qt::Key_Home, Qt::ControlModifier);
    QTest::keyClick(view.edit(), Qt::Key_Right);
    QVERIFY2(view.words()->text().startsWith(QStringLiteral("“There” 40.0 %")) && view.words()->text().contains(QStringLiteral("“ other” 5.0 %")),
             qPrintable(view.words()->text()));
    // The same by hovering: the character's tooltip.
    QTextCursor cursor(view.edit()->document());
    cursor.setPosition(7);
    QVERIFY2(cursor.charFormat().toolTip().startsWith(QStringLiteral("“ are” 90.0 %")), qPrintable(cursor.charFormat().toolTip()));
    QTest::mouseClick(bubble->tokens_button(), Qt::LeftButton);
    QVERIFY(!view.isVisible());
  }

  void the_cache_is_kept_in_8_bits_on_request() {
    Studio studio;
    ChatPage& page = loaded(studio);
    page.use_model({page.controller().choice().path, QStringLiteral("vulkan")});
    QTRY_VERIFY2(page.status_strip()->text().contains(QLatin1String("KV cache 16 bits")), qPrintable(page.status_strip()->text()));
    QVERIFY(page.controller().can_ask());
    QVERIFY(!studio.heard_line(QStringLiteral("--kv")));
    QVERIFY(!page.load_button()->isEnabled());
    // By keys in the menu, which has its own event loop; holds when the model is loaded again.
    QTimer::singleShot(300, &page, [&] {
      page.kv_box()->setFocus();
      QTest::keyClick(page.kv_box(), Qt::Key_Down);
      page.sampling_button()->menu()->close();
    });
    QTest::mouseClick(page.sampling_button(), Qt::LeftButton);
    QCOMPARE(studio.settings->kv_bits(), 8);
    QVERIFY(page.load_button()->isEnabled());
    QTest::mouseClick(page.load_button(), Qt::LeftButton);
    QTRY_COMPARE(studio.heard().filter(QStringLiteral("--kv 8")).size(), 1);
    QTRY_VERIFY2(page.status_strip()->text().contains(QLatin1String("KV cache 8.50 bits")), qPrintable(page.status_strip()->text()));
    // The reference has no such choice, and does not say what it has not.
    page.use_model({page.controller().choice().path, QStringLiteral("reference")});
    QTRY_VERIFY(page.status_strip()->text().startsWith(QLatin1String("CPU reference")));
    QVERIFY(!page.status_strip()->text().contains(QLatin1String("KV")));
    QCOMPARE(studio.heard().filter(QStringLiteral("--kv 8")).size(), 1);
  }

  void the_system_prompt_goes_first() {
    Studio studio;
    ChatPage& page = loaded(studio);
    bool seen = false;
    // The menu has its own event loop.
    QTimer::singleShot(300, &page, [&] {
      seen = page.system_prompt()->isVisible();
      QTest::keyClicks(page.system_prompt(), QStringLiteral("Answer in one word."));
      page.sampling_button()->menu()->close();
    });
    QTest::mouseClick(page.sampling_button(), Qt::LeftButton);
    QVERIFY(seen);
    type(page, QStringLiteral("Which colour?"));
    QTRY_COMPARE(int(page.controller().activity()), int(Activity::READY));
    QVERIFY(studio.heard_line(QStringLiteral("{\"role\":\"system\",\"text\":\"Answer in one word.\"")));
    QCOMPARE(page.controller().model().rowCount(), 2);  // it is no message of the chat
  }

  void a_part_of_the_screen_becomes_a_picture() {
    QImage screen(400, 300, QImage::Format_RGB32);
    screen.fill(Qt::white);
    for (int y = 100; y < 200; ++y) {
      for (int x = 100; x < 250; ++x) screen.setPixel(x, y, qRgb(200, 0, 0));
    }
    auto* picker = new ScreenshotPicker(screen);
    picker->resize(200, 150);  // half as large as the screen's own pixels
    picker->show();
    QSignalSpy taken(picker, &ScreenshotPicker::taken);
    QTest::mousePress(picker, Qt::LeftButton, {}, QPoint(50, 50));
    QTest::mouseMove(picker, QPoint(90, 80));
    QTest::mouseMove(picker, QPoint(124, 99));
    QTest::mouseRelease(picker, Qt::LeftButton, {}, QPoint(124, 99));
    QCOMPARE(taken.count(), 1);
    const QImage part = taken.first().first().value<QImage>();
    QCOMPARE(part.size(), QSize(150, 100));
    QCOMPARE(part.pixel(75, 50), qRgb(200, 0, 0));
    auto* whole = new ScreenshotPicker(screen);
    whole->show();
    QSignalSpy all(whole, &ScreenshotPicker::taken), none(whole, &ScreenshotPicker::cancelled);
    QTest::keyClick(whole, Qt::Key_Return);
    QCOMPARE(all.first().first().value<QImage>().size(), screen.size());
    auto* given_up = new ScreenshotPicker(screen);
    given_up->show();
    QSignalSpy cancelled(given_up, &ScreenshotPicker::cancelled);
    QTest::keyClick(given_up, Qt::Key_Escape);
    QCOMPARE(cancelled.count(), 1);
  }

  void a_screenshot_is_attached_and_the_window_comes_back() {
    Studio studio;
    ChatPage& page = loaded(studio);
    QTest::mouseClick(page.composer()->screenshot_button(), Qt::LeftButton);
    QVERIFY(!studio.window->isVisible());
    QPointer<QWidget> picker;
    QTRY_VERIFY([&] {
      for (QWidget* widget : QApplication::topLevelWidgets()) {
        if (qobject_cast<ScreenshotPicker*>(widget) && widget->isVisible()) picker = widget;
      }
      return !picker.isNull() || studio.window->isVisible();
    }());
    if (picker.isNull()) {
      // A platform without a screen to look at: said, and all as it was.
      QTRY_VERIFY(page.banner()->text().contains(QLatin1String("screen")));
      return;
    }
    QTest::keyClick(picker, Qt::Key_Return);
    QTRY_VERIFY(studio.window->isVisible());
    QTRY_COMPARE(page.composer()->attachments().size(), 1);
  }

  void pictures_that_cannot_be_looked_at_say_why() {
    Studio studio;
    ChatPage& page = loaded(studio);
    // The header of a picture of 225 million pixels; the pixels themselves are never asked for.
    QByteArray huge("BM");
    const auto number = [&huge](quint32 value, int bytes) {
      for (int i = 0; i < bytes; ++i) huge.append(char(value >> (8 * i)));
    };
    for (const auto& [value, bytes] : std::initializer_list<std::pair<quint32, int>>{
             {54 + 675000000u, 4}, {0, 4}, {54, 4}, {40, 4}, {15000, 4}, {15000, 4}, {1, 2}, {24, 2}, {0, 4}, {675000000u, 4}, {0, 4}, {0, 4}, {0, 4}, {0, 4}})
      number(value, bytes);
    studio.write(QStringLiteral("huge.bmp"), huge);
    page.composer()->attach({studio.path(QStringLiteral("huge.bmp"))});
    QTRY_VERIFY2(page.banner()->text().contains(QLatin1String("huge.bmp")), qPrintable(page.banner()->text()));
    QVERIFY(page.composer()->attachments().isEmpty());
    // An animated one is looked at, its first frame, and that is said.
    const QByteArray frame = QByteArray::fromHex("2c000000000100010000020244010000").left(15);
    studio.write(QStringLiteral("moving.gif"),
                 QByteArray("GIF89a") + QByteArray::fromHex("01000100800000ff0000ffffff") + QByteArray::fromHex("21f90400 0a000000") + frame +
                     QByteArray::fromHex("21f904000a000000") + frame + QByteArray::fromHex("3b"));
    page.composer()->attach({studio.path(QStringLiteral("moving.gif"))});
    QTRY_VERIFY(page.composer()->findChild<Thumbnail*>() && !page.composer()->findChild<Thumbnail*>()->toolTip().endsWith(QLatin1String(".gif")));
    QVERIFY2(page.composer()->findChild<Thumbnail*>()->toolTip().contains(QLatin1String("first of 2 frames")),
             qPrintable(page.composer()->findChild<Thumbnail*>()->toolTip()));
    QCOMPARE(page.composer()->attachments().size(), 1);
  }

  void a_damaged_history_is_said_in_the_window() {
    Studio studio;
    studio.write(QStringLiteral("damaged.sqlite"), QByteArray("no database at all, though long enough to look at").repeated(100));
    History history(studio.path(QStringLiteral("damaged.sqlite")));
    MainWindow window(*studio.workbench, history, *studio.settings, studio.theme);
    window.show_workspace(Workspace::CHAT);
    window.show();
    QVERIFY(window.chat_page()->banner()->isVisible());
    QVERIFY2(window.chat_page()->banner()->text().contains(QLatin1String("damaged-")), qPrintable(window.chat_page()->banner()->text()));
  }
};

QTEST_MAIN(TestChatPage)
#include "test_chat_page.moc"
