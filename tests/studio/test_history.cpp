// Item models and the chat history on disk.
#include <QAbstractItemModelTester>
#include <QFile>
#include <QSqlDatabase>
#include <QSqlQuery>
#include <QTemporaryDir>
#include <QTest>

#include "app/studio/models/chat_model.h"
#include "app/studio/models/folder_table_model.h"
#include "app/studio/models/groups_table_model.h"
#include "app/studio/models/history.h"
#include "app/studio/models/question_table_model.h"
#include "app/studio/settings.h"
#include "app/studio/style/colormap.h"

using namespace qvlm;
using namespace qvlm::studio;

class TestHistory : public QObject {
  Q_OBJECT
  QTemporaryDir folder_;

 private slots:
  void chats_survive_the_studio() {
    const QString file = folder_.filePath(QStringLiteral("a/chats.sqlite"));
    qint64 chat = 0;
    {
      History history(file);
      QVERIFY(history.notice().isEmpty());
      chat = history.add_chat(QStringLiteral("What is this?"), QStringLiteral("/models/demo"));
      history.add_message(chat, {0,
                                 QStringLiteral("user"),
                                 QStringLiteral("What is “this”? 这是什么"),
                                 {QStringLiteral("/a b/ü'.png")},
                                 MessageState::DONE,
                                 {}});
      history.add_message(chat,
                          {0, QStringLiteral("assistant"), QStringLiteral("A r"), {}, MessageState::STREAMING, {}});
    }
    History again(file);
    QCOMPARE(again.chats().size(), size_t(1));
    const auto messages = again.messages(chat);
    QCOMPARE(messages.size(), size_t(2));
    QCOMPARE(messages[0].text, QStringLiteral("What is “this”? 这是什么"));
    QCOMPARE(messages[0].images, QStringList{QStringLiteral("/a b/ü'.png")});
    QVERIFY(messages[1].state == MessageState::INTERRUPTED);  // the studio ended while it streamed
    ChatMessage answer = messages[1];
    answer.text = QStringLiteral("A red circle");
    answer.state = MessageState::DONE;
    again.update_message(answer);
    QVERIFY(again.messages(chat)[1] == answer);
    again.remove_chat(chat);
    QVERIFY(again.chats().empty());
    QVERIFY(again.messages(chat).empty());
  }

  void a_chat_branches_and_shows_one_branch() {
    History history(folder_.filePath(QStringLiteral("branches.sqlite")));
    const auto message = [](const char* role, const char* text) {
      ChatMessage made;
      made.role = QLatin1String(role);
      made.text = QLatin1String(text);
      return made;
    };
    const auto shown = [&](qint64 chat) {
      QStringList words;
      for (const ChatMessage& m : history.messages(chat))
        words << QStringLiteral("%1 %2/%3").arg(m.text).arg(m.branch).arg(m.branches);
      return words;
    };
    const qint64 chat = history.add_chat(QStringLiteral("t"), QStringLiteral("m"));
    const qint64 question = history.add_message(chat, message("user", "q"));
    const qint64 first = history.add_message(chat, message("assistant", "a"));
    history.add_message(chat, message("user", "more"));
    QCOMPARE(shown(chat), QStringList({"q 1/1", "a 1/1", "more 1/1"}));
    // Answered again: beside the first answer.
    const qint64 second = history.add_message(chat, message("assistant", "b"), question);
    QCOMPARE(shown(chat), QStringList({"q 1/1", "b 2/2"}));
    history.show_branch(chat, second, -1);
    QCOMPARE(shown(chat), QStringList({"q 1/1", "a 1/2", "more 1/1"}));  // with all that came behind it
    history.show_branch(chat, first, -5);                                // there is none before
    QCOMPARE(shown(chat), QStringList({"q 1/1", "a 1/2", "more 1/1"}));
    // The first question asked differently.
    history.add_message(chat, message("user", "Q"), 0);
    QCOMPARE(shown(chat), QStringList({"Q 2/2"}));
    history.remove_message(history.add_message(chat, message("assistant", "")));
    QCOMPARE(shown(chat), QStringList({"Q 2/2"}));
    // Words are found in every branch.
    QCOMPARE(history.chats(QStringLiteral("MORE")).size(), size_t(1));
    QCOMPARE(history.chats(QStringLiteral("100%")).size(), size_t(0));
  }

  void a_database_from_before_branches_is_brought_up_to_date() {
    const QString file = folder_.filePath(QStringLiteral("old.sqlite"));
    {
      QSqlDatabase old = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), QStringLiteral("old"));
      old.setDatabaseName(file);
      QVERIFY(old.open());
      for (const char* step :
           {"CREATE TABLE chats (id INTEGER PRIMARY KEY, title TEXT NOT NULL, model TEXT NOT NULL, changed INTEGER NOT "
            "NULL)",
            "CREATE TABLE messages (id INTEGER PRIMARY KEY, chat INTEGER NOT NULL REFERENCES chats(id),"
            " role TEXT NOT NULL, text TEXT NOT NULL, images TEXT NOT NULL, state TEXT NOT NULL, note TEXT NOT NULL)",
            "INSERT INTO chats VALUES (1, 't', 'm', 5), (2, 'u', 'm', 6)",
            "INSERT INTO messages VALUES (1, 1, 'user', 'one', '[]', 'done', ''), (2, 2, 'user', 'other', '[]', "
            "'done', ''),"
            " (3, 1, 'assistant', 'two', '[]', 'done', '')"}) {
        QVERIFY(QSqlQuery(old).exec(QLatin1String(step)));
      }
      old.close();
    }
    QSqlDatabase::removeDatabase(QStringLiteral("old"));
    History history(file);
    QVERIFY2(history.notice().isEmpty(), qPrintable(history.notice()));
    QCOMPARE(history.messages(1).size(), size_t(2));
    QCOMPARE(history.messages(1)[1].text, QStringLiteral("two"));
    QCOMPARE(history.messages(2).size(), size_t(1));
  }

  void a_damaged_database_is_kept_aside() {
    const QString file = folder_.filePath(QStringLiteral("broken.sqlite"));
    QFile broken(file);
    QVERIFY(broken.open(QIODevice::WriteOnly));
    broken.write(QByteArray("this is no database, but it is long enough to be looked at as one").repeated(100));
    broken.close();
    History history(file);
    QVERIFY(history.notice().contains(QLatin1String("damaged")));
    QCOMPARE(QDir(folder_.path()).entryList({QStringLiteral("broken.sqlite.damaged-*")}).size(), 1);
    QVERIFY(history.add_chat(QStringLiteral("new"), QStringLiteral("m")) > 0);
  }

  void a_place_that_cannot_be_written_is_an_error() {
    QVERIFY_EXCEPTION_THROWN(History(QStringLiteral("/proc/nowhere/chats.sqlite")), std::runtime_error);
  }

  void the_chat_model_streams() {
    ChatModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.append({0, QStringLiteral("user"), QStringLiteral("?"), {}, MessageState::DONE, {}});
    model.append({0, QStringLiteral("assistant"), {}, {}, MessageState::WAITING, {}});
    model.append_text(QStringLiteral("A "));
    model.append_text(QStringLiteral("circle"));
    QCOMPARE(model.index(1).data().toString(), QStringLiteral("A circle"));
    QCOMPARE(model.index(1).data(ChatModel::STATE_ROLE).toString(), QStringLiteral("streaming"));
    model.truncate(1);
    QCOMPARE(model.rowCount(), 1);
    model.set_messages({});
    QCOMPARE(model.rowCount(), 0);
  }

  void questions_are_counted_and_filtered() {
    QuestionTableModel model;
    QuestionFilter filter;
    filter.setSourceModel(&model);
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QAbstractItemModelTester filter_tester(&filter, QAbstractItemModelTester::FailureReportingMode::QtTest);
    for (int i = 0; i < 6; ++i) {
      QuestionAnswered row;
      row.index = i;
      row.category = i % 2 ? "colour" : "count";
      row.question = i % 2 ? "Which colour?" : "How many?";
      row.expected = "3";
      row.answer = i == 2 ? "4" : "3";
      row.right = i != 2;
      model.append(row);
    }
    QCOMPARE(model.overall().right, 5);
    QCOMPARE(model.overall().total, 6);
    QCOMPARE(model.categories().at("count").right, 2);
    QVERIFY(model.overall().low > 0.3 && model.overall().low < 5.0 / 6 && model.overall().high < 1);
    filter.set_verdict(QuestionFilter::Verdict::WRONG);
    QCOMPARE(filter.rowCount(), 1);
    filter.set_verdict(QuestionFilter::Verdict::ALL);
    filter.set_category(QStringLiteral("colour"));
    QCOMPARE(filter.rowCount(), 3);
    filter.set_category({});
    filter.set_text(QStringLiteral("HOW MANY"));
    QCOMPARE(filter.rowCount(), 3);
    model.clear();
    QCOMPARE(filter.rowCount(), 0);
  }

  void plain_tables_keep_the_rules() {
    GroupsTableModel groups;
    QAbstractItemModelTester tester(&groups, QAbstractItemModelTester::FailureReportingMode::QtTest);
    groups.set_rows({{QStringLiteral("mlp.down"), 256, 720, QStringLiteral("row")}});
    QCOMPARE(groups.index(0, GroupsTableModel::GROUPS).data().toString(), QStringLiteral("row"));
    FolderTableModel files;
    QAbstractItemModelTester files_tester(&files, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QFile file(folder_.filePath(QStringLiteral("model.gguf")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray(2000, 'x'));
    file.close();
    files.set_folder(folder_.path());
    QVERIFY(files.total_bytes() >= 2000);
    files.set_folder(QStringLiteral("/nowhere"));
    QCOMPARE(files.rowCount(), 0);
  }

  void recent_models_are_few_and_exist() {
    Settings settings(folder_.filePath(QStringLiteral("s.ini")));
    settings.add_recent_model(QStringLiteral("/gone"));
    settings.add_recent_model(folder_.path());
    settings.add_recent_model(folder_.path());
    QCOMPARE(settings.recent_models(), QStringList{folder_.path()});
  }

  void all_palettes_can_be_read() {
    for (const Palette& p : {light_palette(), dark_palette(), high_contrast_palette()}) {
      for (const QColor& ground : {p.window, p.surface, p.raised, p.rail, p.accent_soft}) {
        QVERIFY2(contrast_ratio(p.text, ground) >= 4.5, qPrintable(ground.name()));
        QVERIFY2(contrast_ratio(p.muted, ground) >= 4.5,
                 qPrintable(p.muted.name() + QStringLiteral(" on ") + ground.name()));
      }
      for (const QColor& ground : {p.surface, p.accent_soft, p.rail})
        QVERIFY2(contrast_ratio(p.accent_ink, ground) >= 4.5, qPrintable(ground.name()));
      QVERIFY(contrast_ratio(p.accent_text, p.accent) >= 4.5);
      QVERIFY(contrast_ratio(p.accent_text, p.accent_hover) >= 4.5);
      for (const auto& [ink, ground] :
           {std::pair{p.good, p.good_soft}, {p.bad, p.bad_soft}, {p.warning, p.warning_soft}}) {
        QVERIFY2(contrast_ratio(ink, ground) >= 4.5, qPrintable(ink.name()));
        QVERIFY(contrast_ratio(ink, p.surface) >= 4.5);
        QVERIFY(contrast_ratio(p.text, ground) >= 4.5);
      }
      for (double value = 0; value <= 1; value += 0.05)
        QVERIFY(contrast_ratio(ink_on(viridis(value)), viridis(value)) >= 4.5);
    }
  }
};

QTEST_GUILESS_MAIN(TestHistory)
#include "test_history.moc"
