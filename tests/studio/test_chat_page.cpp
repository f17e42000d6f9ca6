// Workspace Chat: streaming, stopping, pictures, history, and a model that dies in the middle of its answer.
#include <QClipboard>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMimeData>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>

#include "app/studio/models/chat_controller.h"
#include "app/studio/pages/chat_page.h"
#include "app/studio/views/answer_text.h"
#include "app/studio/views/chat_view.h"
#include "app/studio/views/composer.h"
#include "app/studio/views/fields.h"
#include "app/studio/views/message_bubble.h"
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
};

QTEST_MAIN(TestChatPage)
#include "test_chat_page.moc"
