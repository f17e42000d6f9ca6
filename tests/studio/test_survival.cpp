// The studio is killed in the middle of an answer and of a run, or quits in them, or the disk is full: what was said and done is there at the next
// start. The studio that is killed is this program, started again: it makes the application's parts as main() does and works them by clicks and keys.
// QVLM_COMMAND and QVLM_DEMO (tests/acceptance/studio_survival.sh) drive the real qvlm and the demo VLM instead of the scripted ones.
#include <QDir>
#include <QFile>
#include <QListWidget>
#include <QMessageBox>
#include <QProcess>
#include <QPushButton>
#include <QScreen>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTableView>
#include <QTest>
#include <sys/resource.h>
#include <algorithm>
#include <csignal>
#include <cstdio>

#include "app/studio/heartbeat.h"
#include "app/studio/models/chat_controller.h"
#include "app/studio/models/run_controller.h"
#include "app/studio/models/run_library.h"
#include "app/studio/pages/chat_page.h"
#include "app/studio/pages/quantize_page.h"
#include "app/studio/pages/recipe_panel.h"
#include "app/studio/pages/runs_page.h"
#include "app/studio/single_instance.h"
#include "app/studio/views/composer.h"
#include "app/studio/views/fields.h"
#include "app/studio/views/widgets.h"
#include "tests/studio/studio_fixture.h"

using namespace qvlm;
using namespace qvlm::studio;

namespace {

constexpr int kPatience = 300000;  // ms: for what the real qvlm takes beside other work

QString question() {
  return qEnvironmentVariable("QVLM_SURVIVAL_QUESTION", QStringLiteral("Tell me a long story about the picture."));
}

/// The application's parts on the data folder of the environment, as main() makes them.
struct Parts {
  Places places = find_places();
  Settings settings{places.data + QStringLiteral("/settings.ini")};
  Theme theme{*qApp};
  History history{places.data + QStringLiteral("/chats.sqlite")};
  Workbench workbench{places, settings};
  MainWindow window{workbench, history, settings, theme};

  Parts() { window.show(); }
  bool open() {
    window.open_what_was_open();
    return QTest::qWaitFor([this] { return workbench.model().has_value(); }, kPatience);
  }
  bool load_chat() {
    ChatPage& chat = *window.chat_page();
    click(window.rail()->button(Workspace::CHAT));
    chat.picker()->choose({workbench.model()->path, qEnvironmentVariable("QVLM_SURVIVAL_BACKEND", QStringLiteral("vulkan"))});
    click(chat.load_button());
    return QTest::qWaitFor([&] { return chat.controller().can_ask(); }, kPatience);
  }
};

void ask(ChatPage& chat) {
  chat.composer()->edit()->setFocus();
  QTest::keyClicks(chat.composer()->edit(), question());
  QTest::keyClick(chat.composer()->edit(), Qt::Key_Return);
}

/// The life of the studio that is to be killed: starts what `work` names and tells how far it is, twenty times a second and at every change of the chat.
/// It returns only where it is not killed.
int live(const QString& work) {
  Parts parts;
  SingleInstance instance(parts.places.data);
  if (!instance.listen() || !parts.open()) return 2;
  ChatPage& chat = *parts.window.chat_page();
  QuantizePage& quantize = *parts.window.quantize_page();
  if (work.contains(QLatin1String("answer"))) {
    if (!parts.load_chat()) return 3;
    ask(chat);
  }
  if (work.contains(QLatin1String("run"))) {
    click(parts.window.rail()->button(Workspace::QUANTIZE));
    quantize.recipe_panel()->samples()->setValue(16);
    click(quantize.start_button());
  }
  const ChatModel& messages = chat.controller().model();
  const auto tell = [&] {
    const ChatMessage last = messages.rowCount() == 0 ? ChatMessage{} : messages.at(messages.rowCount() - 1);
    const bool answering = last.state == MessageState::STREAMING;
    std::printf("told %lld %zu %d\n", static_cast<long long>(answering ? last.text.size() : 0), quantize.run().state().blocks.size(), int(answering));
    std::fflush(stdout);
  };
  QObject::connect(&messages, &ChatModel::dataChanged, &chat, tell);
  QElapsedTimer clock;
  clock.start();
  while (clock.elapsed() < kPatience) {
    const bool paused = quantize.run().activity() == RunController::Activity::PAUSED;
    if (work.contains(QLatin1String("paused")) && !paused) {
      if (quantize.run().state().blocks.size() >= 3) click(quantize.pause_button());
      QTest::qWait(50);
      continue;
    }
    if (work.contains(QLatin1String("answer")) && chat.controller().can_ask()) ask(chat);  // a short answer: once more
    tell();
    QTest::qWait(50);
  }
  return 0;
}

/// Processes whose parent is `parent`.
QList<qint64> children_of(qint64 parent) {
  QList<qint64> found;
  for (const QString& name : QDir(QStringLiteral("/proc")).entryList(QDir::Dirs)) {
    QFile stat(QStringLiteral("/proc/%1/stat").arg(name));
    if (name.toLongLong() == 0 || !stat.open(QIODevice::ReadOnly)) continue;
    const QByteArray text = stat.readAll();
    if (text.mid(text.lastIndexOf(')') + 2).split(' ').value(1).toLongLong() == parent) found << name.toLongLong();
  }
  return found;
}

/// One that nobody has fetched the status of has ended, too.
bool ended(qint64 process) {
  QFile stat(QStringLiteral("/proc/%1/stat").arg(process));
  if (!stat.open(QIODevice::ReadOnly)) return true;
  const QByteArray text = stat.readAll();
  return text.mid(text.lastIndexOf(')') + 2).startsWith('Z');
}

/// Starts the real qvlm-studio and ends it at its first window. -> what it said of its heartbeat; empty where it handed over to another.
QString start_studio() {
  QProcess studio;
  QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
  environment.insert(QStringLiteral("QVLM_STUDIO_QUIT_AT_FIRST_WINDOW"), QStringLiteral("1"));
  studio.setProcessEnvironment(environment);
  studio.start(QStringLiteral(QVLM_BINARY_DIR "/bin/qvlm-studio"), {QStringLiteral("--heartbeat")});
  // The studio that it hands over to may be this one's loop.
  if (!QTest::qWaitFor([&] { return studio.state() == QProcess::NotRunning; }, kPatience) || studio.exitCode() != 0)
    return QStringLiteral("failed: ") + QString::fromUtf8(studio.readAllStandardError());
  return QString::fromUtf8(studio.readAllStandardError()).section(QStringLiteral("heartbeat:"), 1);
}

}  // namespace

class TestSurvival : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  bool real_ = !qEnvironmentVariableIsEmpty("QVLM_COMMAND");

  struct Told {
    qint64 at = 0;  // ms since the victim's start
    qsizetype said = 0;
    int blocks = 0;
    bool answering = false;
  };

  static QString last_text(ChatController& chat) {
    const ChatModel& messages = chat.model();
    return messages.rowCount() == 0 ? QString() : messages.at(messages.rowCount() - 1).text;
  }

  // An answer that a kill cut off at `killed`, of what the window had `told`.
  void check_interrupted(MainWindow& window, const ChatMessage& answer, const QList<Told>& told, qint64 killed) {
    QCOMPARE(answer.role, QStringLiteral("assistant"));
    QCOMPARE(int(answer.state), int(MessageState::INTERRUPTED));
    // What the window had shown a second and a half before is stored.
    qsizetype shown = 0;
    for (const Told& line : told) {
      if (line.at < killed - 1500 && line.answering) shown = line.said;
    }
    QVERIFY2(real_ || shown > 0, "the answer was too short to tell");
    QVERIFY2(real_ || answer.text.size() >= shown, qPrintable(QStringLiteral("%1 of %2 characters").arg(answer.text.size()).arg(shown)));
    QVERIFY(real_ || answer.text.startsWith(QLatin1String("There are three shapes: a red circle")));
    bool marked = false;
    for (const QLabel* label : window.findChildren<QLabel*>()) marked |= label->isVisible() && label->text() == QLatin1String("interrupted");
    QVERIFY(marked);
  }

 private slots:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    qputenv("QVLM_STUDIO_DATA", folder_->filePath(QStringLiteral("data")).toUtf8());
    QDir(folder_->path()).mkpath(QStringLiteral("data"));
    if (real_) return;
    for (const char* name : {"FAKE_QVLM_DIE", "FAKE_QVLM_PICTURE", "FAKE_QVLM_LOG"}) qunsetenv(name);
    qputenv("FAKE_QVLM_PACE", "3000");
    qputenv("QVLM_COMMAND", FAKE_QVLM);
    const QDir demo(folder_->filePath(QStringLiteral("demo")));
    for (const char* part : {"model", "images", "calibration", "questions"}) QVERIFY(demo.mkpath(QLatin1String(part)));
    for (const char* name : {"calibration/conversations.json", "questions/questions.jsonl"}) {
      QFile file(demo.filePath(QLatin1String(name)));
      QVERIFY(file.open(QIODevice::WriteOnly));
    }
    qputenv("QVLM_DEMO", demo.path().toUtf8());
  }

  void a_killed_studio_is_there_again_data() {
    QTest::addColumn<QString>("work");
    QTest::newRow("answering") << QStringLiteral("answer");
    QTest::newRow("quantizing") << QStringLiteral("run");
    QTest::newRow("paused") << QStringLiteral("run, paused");  // a child that has nothing to say
    QTest::newRow("both") << QStringLiteral("answer and run");
  }
  void a_killed_studio_is_there_again() {
    QFETCH(QString, work);
    const bool answers = work.contains(QLatin1String("answer")), runs = work.contains(QLatin1String("run"));
    QProcess victim;
    victim.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    victim.start(QCoreApplication::applicationFilePath(), {QStringLiteral("--victim"), work});
    QVERIFY(victim.waitForStarted(30000));
    QList<Told> told;
    QElapsedTimer clock;
    clock.start();
    const auto far_enough = [&] {
      while (victim.canReadLine()) {
        const QList<QByteArray> words = victim.readLine().trimmed().split(' ');
        if (words.size() == 4 && words[0] == "told") told << Told{clock.elapsed(), words[1].toLongLong(), words[2].toInt(), words[3].toInt() != 0};
      }
      if (victim.state() != QProcess::Running) return true;
      if (told.isEmpty() || (runs && told.last().blocks < 3)) return false;
      // The real model's answers are short. The scripted one goes on for ever: after more than the second in which it is stored.
      if (!answers || told.last().said == 0) return !answers;
      const auto began = std::find_if(told.begin(), told.end(), [](const Told& line) { return line.said > 0; });
      return real_ || clock.elapsed() > began->at + 2500;
    };
    // Held still and heard to the end, it is where the last line says.
    const auto held = [&] {
      if (!far_enough() || victim.state() != QProcess::Running) return victim.state() != QProcess::Running;
      if (::kill(pid_t(victim.processId()), SIGSTOP) != 0) return true;
      while (victim.waitForReadyRead(50)) {
      }
      if (far_enough()) return true;
      ::kill(pid_t(victim.processId()), SIGCONT);
      return false;
    };
    QVERIFY(QTest::qWaitFor(far_enough, kPatience));
    QCOMPARE(victim.state(), QProcess::Running);
    if (answers && runs) {
      // It is the one studio of its data: a second start hands over to it.
      const QString said = start_studio();
      QVERIFY2(said.isEmpty(), qPrintable(said));
    }
    const QList<qint64> children = children_of(victim.processId());
    QVERIFY(children.size() >= int(answers) + int(runs));
    QVERIFY(QTest::qWaitFor(held, kPatience));
    QCOMPARE(::kill(pid_t(victim.processId()), SIGKILL), 0);
    const qint64 killed = clock.elapsed();
    QVERIFY(victim.waitForFinished(30000));
    QCOMPARE(victim.exitStatus(), QProcess::CrashExit);
    for (const qint64 child : children) QTRY_VERIFY2(ended(child), qPrintable(QString::number(child)));

    // Nothing keeps the next one from starting: it does not hand over to a dead one.
    const QString pulse = start_studio();
    QVERIFY2(pulse.contains(QLatin1String("first window")), qPrintable(pulse));

    Parts parts;
    QVERIFY(parts.open());
    ChatPage& chat = *parts.window.chat_page();
    if (answers) {
      click(parts.window.rail()->button(Workspace::CHAT));
      QCOMPARE(chat.history_list()->count(), 1);
      QListWidget& list = *chat.history_list();
      QTest::mouseClick(list.viewport(), Qt::LeftButton, {}, list.visualItemRect(list.item(0)).center());
      const auto& messages = chat.controller().model();
      QVERIFY(messages.rowCount() >= 2);
      const int last = messages.rowCount() - 1;
      QCOMPARE(messages.at(last - 1).role, QStringLiteral("user"));
      QCOMPARE(messages.at(last - 1).text, question());
      check_interrupted(parts.window, messages.at(last), told, killed);
      if (QTest::currentTestFailed()) return;
      // And a way on: the same chat, with the model loaded again.
      QVERIFY(parts.load_chat());
      chat.composer()->edit()->setFocus();
      QTest::keyClicks(chat.composer()->edit(), QStringLiteral("What is it?"));
      QTest::keyClick(chat.composer()->edit(), Qt::Key_Return);
      QVERIFY(QTest::qWaitFor([&] { return chat.controller().can_ask(); }, kPatience));
      QCOMPARE(int(messages.at(messages.rowCount() - 1).state), int(MessageState::DONE));
    } else {
      QCOMPARE(chat.history_list()->count(), 0);
    }
    RunsPage& page = *parts.window.runs_page();
    click(parts.window.rail()->button(Workspace::RUNS));
    QTRY_VERIFY(!page.library().reading());
    QCOMPARE(page.library().rowCount(), int(runs));
    if (!runs) return;
    const RunEntry& entry = page.library().at(0);
    QVERIFY2(entry.state != nullptr, qPrintable(entry.failure));
    QVERIFY(entry.unfinished());
    QCOMPARE(page.library().index(0, RunLibrary::STATUS).data().toString(), QStringLiteral("unfinished"));
    QVERIFY(int(entry.state->blocks.size()) >= told.last().blocks);  // the journal is written before the window hears
    QTest::mouseClick(page.list()->viewport(), Qt::LeftButton, {}, page.list()->visualRect(page.library().index(0, 0)).center());
    QVERIFY(page.resume_button()->isVisible());
    QuantizePage& quantize = *parts.window.quantize_page();
    QSignalSpy finished(&quantize, &QuantizePage::run_finished);
    qputenv("FAKE_QVLM_PACE", "100");
    click(page.resume_button());
    QVERIFY2(finished.wait(4 * kPatience), qPrintable(quantize.run().failure()));
    QCOMPARE(int(quantize.run().state().status), int(RunStatus::FINISHED));
    click(parts.window.rail()->button(Workspace::RUNS));
    QTRY_VERIFY(page.library().rowCount() == 1 && !page.library().at(0).unfinished());
  }

  void quitting_in_a_run_asks_and_keeps_it() {
    Parts parts;
    QVERIFY(parts.open());
    click(parts.window.rail()->button(Workspace::QUANTIZE));
    QuantizePage& quantize = *parts.window.quantize_page();
    quantize.recipe_panel()->samples()->setValue(16);
    click(quantize.start_button());
    QVERIFY(QTest::qWaitFor([&] { return quantize.run().state().blocks.size() >= 2; }, kPatience));
    QString asked;
    const auto answer_with = [&](QMessageBox::StandardButton button) {
      QTimer::singleShot(200, &parts.window, [&asked, button] {
        auto* box = qobject_cast<QMessageBox*>(QApplication::activeModalWidget());
        if (box == nullptr) return;
        asked = box->text();
        QTest::mouseClick(box->button(button), Qt::LeftButton);
      });
    };
    answer_with(QMessageBox::No);
    parts.window.close();
    QVERIFY2(asked.contains(QLatin1String("resumed")), qPrintable(asked));
    QVERIFY(parts.window.isVisible() && quantize.run().busy());
    asked.clear();
    answer_with(QMessageBox::Yes);
    parts.window.close();
    QVERIFY(!asked.isEmpty() && !parts.window.isVisible());
    QTRY_VERIFY(!quantize.run().busy());
    Parts next;
    QVERIFY(next.open());
    click(next.window.rail()->button(Workspace::RUNS));
    QTRY_COMPARE(next.window.runs_page()->library().rowCount(), 1);
    QVERIFY(next.window.runs_page()->library().at(0).unfinished());
    QVERIFY(next.window.runs_page()->library().at(0).state->blocks.size() >= 2);
  }

  void quitting_in_an_answer_keeps_what_has_come() {
    if (real_) QSKIP("the demo VLM's answers are too short");
    QString shown;
    {
      Parts parts;
      QVERIFY(parts.open());
      QVERIFY(parts.load_chat());
      ask(*parts.window.chat_page());
      ChatController& chat = parts.window.chat_page()->controller();
      QTRY_VERIFY(last_text(chat).size() > 100);
      shown = last_text(chat);
      parts.window.close();
    }
    Parts next;
    const auto& messages = next.window.chat_page()->controller().model();  // the last chat is open again
    QCOMPARE(messages.rowCount(), 2);
    QVERIFY(messages.at(1).text.startsWith(shown));
    QCOMPARE(int(messages.at(1).state), int(MessageState::INTERRUPTED));
  }

  // A limit on file sizes fails a write as a full disk does.
  void a_full_disk_does_not_cost_the_answer() {
    Parts parts;
    QVERIFY(parts.open());
    QVERIFY(parts.load_chat());
    ChatPage& chat = *parts.window.chat_page();
    rlimit before{};
    QCOMPARE(getrlimit(RLIMIT_FSIZE, &before), 0);
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit small = before;
    small.rlim_cur = 1024;
    QCOMPARE(setrlimit(RLIMIT_FSIZE, &small), 0);  // of this process: the model's own goes on
    chat.composer()->edit()->setFocus();
    QTest::keyClicks(chat.composer()->edit(), QStringLiteral("What is it?"));
    QTest::keyClick(chat.composer()->edit(), Qt::Key_Return);
    const bool answered = QTest::qWaitFor([&] { return chat.controller().can_ask(); }, kPatience);
    setrlimit(RLIMIT_FSIZE, &before);
    QVERIFY(answered);
    bool said = false, has_answer = false;
    for (const ChatMessage& message : chat.controller().model().messages()) {
      said |= message.role == QLatin1String("error") && message.text.contains(QLatin1String("chat history"));
      has_answer |= message.role == QLatin1String("assistant") && !message.text.isEmpty() && message.state == MessageState::DONE;
    }
    QVERIFY(said);
    QVERIFY(has_answer);
    // With room again, what is asked is stored.
    chat.controller().new_chat();
    QTest::keyClicks(chat.composer()->edit(), QStringLiteral("And now?"));
    QTest::keyClick(chat.composer()->edit(), Qt::Key_Return);
    QVERIFY(QTest::qWaitFor([&] { return chat.controller().can_ask(); }, kPatience));
    QCOMPARE(parts.history.chats(QStringLiteral("And now?")).size(), size_t{1});
  }

  void a_run_that_fills_the_disk_says_so_and_is_kept() {
    if (real_) QSKIP("test_streamed_runs fills the real run's disk");
    qputenv("FAKE_QVLM_DIE", "disk");
    Parts parts;
    QVERIFY(parts.open());
    click(parts.window.rail()->button(Workspace::QUANTIZE));
    QuantizePage& quantize = *parts.window.quantize_page();
    click(quantize.start_button());
    QTRY_VERIFY(quantize.banner()->isVisible() && !quantize.run().busy());
    QVERIFY2(quantize.banner()->text().contains(QLatin1String("No space left on device")), qPrintable(quantize.banner()->text()));
    QVERIFY(quantize.banner()->text().contains(QLatin1String("resumed")));
    qunsetenv("FAKE_QVLM_DIE");
    QSignalSpy finished(&quantize, &QuantizePage::run_finished);
    click(quantize.resume_button());
    QVERIFY(finished.wait(kPatience));
  }

  // A window that was never sized is no larger than the screen.
  void the_first_window_fits_the_screen() {
    Parts parts;
    const QSize screen = parts.window.screen()->availableSize();
    QVERIFY(parts.window.width() <= std::max(screen.width(), parts.window.minimumWidth()));
    QVERIFY(parts.window.height() <= std::max(screen.height(), parts.window.minimumHeight()));
  }
};

int main(int argc, char** argv) {
  if (!qEnvironmentVariableIsSet("QTEST_FUNCTION_TIMEOUT")) qputenv("QTEST_FUNCTION_TIMEOUT", "2400000");
  StudioApplication application(argc, argv);
  if (argc == 3 && QByteArray(argv[1]) == "--victim") return live(QString::fromLocal8Bit(argv[2]));
  TestSurvival test;
  return QTest::qExec(&test, argc, argv);
}
#include "test_survival.moc"
