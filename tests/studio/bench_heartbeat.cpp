// How smooth the window stays while a run goes on and answers stream: every event of the interface thread timed.
//   bench_heartbeat [SECONDS]   at least this long (default 30), and until the run has ended or SECONDS x 10 are over
// QVLM_COMMAND (qvlm beside it), QVLM_DEMO and QVLM_BENCH_BACKEND (vulkan) choose what is driven; with the scripted child (fake_qvlm) nothing but
// the studio itself takes the processors. Prints 'name value' lines.
#include <QDir>
#include <QFile>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <cstdio>

#include "app/studio/children/chat_child.h"
#include "app/studio/heartbeat.h"
#include "app/studio/main_window.h"
#include "app/studio/models/chat_controller.h"
#include "app/studio/models/history.h"
#include "app/studio/models/run_controller.h"
#include "app/studio/models/workbench.h"
#include "app/studio/pages/chat_page.h"
#include "app/studio/pages/model_page.h"
#include "app/studio/pages/quantize_page.h"
#include "app/studio/pages/recipe_panel.h"
#include "app/studio/settings.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/composer.h"

using namespace qvlm::studio;

namespace {

// The scripted child streams until it is stopped where it hears "long".
const QString kQuestion = QStringLiteral("Give a long description of the picture: every shape in it, its colour and where it stands.");
constexpr int kLongestAnswer = 2000;  // ms; about a thousand tokens of the scripted child

/// The nice value of a process; -1 where it cannot be read.
int niceness(qint64 process) {
  QFile stat(QStringLiteral("/proc/%1/stat").arg(process));
  if (!stat.open(QIODevice::ReadOnly)) return -1;
  const QByteArray text = stat.readAll();
  return text.mid(text.lastIndexOf(')') + 2).split(' ').value(16).toInt();
}

bool wait_for(const std::function<bool()>& condition, int seconds) {
  return QTest::qWaitFor(condition, 1000 * seconds);
}

}  // namespace

int main(int argc, char** argv) {
  StudioApplication application(argc, argv);
  const int seconds = argc > 1 ? std::max(1, QString::fromLocal8Bit(argv[1]).toInt()) : 30;
  QTemporaryDir folder;
  qputenv("QVLM_STUDIO_DATA", folder.path().toUtf8());
  if (qEnvironmentVariableIsEmpty("QVLM_DEMO")) qputenv("QVLM_DEMO", QVLM_SOURCE_DIR "/resources/demo");
  if (qEnvironmentVariableIsEmpty("QVLM_COMMAND")) qputenv("QVLM_COMMAND", QVLM_BINARY_DIR "/bin/qvlm");
  const Places places = find_places();
  Settings settings(folder.filePath(QStringLiteral("settings.ini")));
  Theme theme(application);
  theme.set_choice(ThemeChoice::LIGHT);
  History history(folder.filePath(QStringLiteral("chats.sqlite")));
  Workbench workbench(places, settings);
  MainWindow window(workbench, history, settings, theme);
  window.show();
  QTest::mouseClick(window.model_page()->open_demo_button(), Qt::LeftButton);
  if (!wait_for([&] { return workbench.model().has_value(); }, 120)) {
    std::fprintf(stderr, "the demo model does not open\n");
    return 1;
  }
  ChatPage& chat = *window.chat_page();
  chat.use_model({workbench.model()->path, qEnvironmentVariable("QVLM_BENCH_BACKEND", QStringLiteral("vulkan")), false});
  if (!wait_for([&] { return chat.controller().can_ask(); }, 300)) {
    std::fprintf(stderr, "%s\n", qPrintable(chat.controller().failure()));
    return 1;
  }
  QuantizePage& quantize = *window.quantize_page();
  window.show_workspace(Workspace::QUANTIZE);
  quantize.recipe_panel()->samples()->setValue(16);
  QTest::qWait(500);  // all pages are laid out
  QTest::mouseClick(quantize.start_button(), Qt::LeftButton);
  if (!wait_for([&] { return quantize.run().busy(); }, 10)) {
    std::fprintf(stderr, "the run does not start: %s\n", qPrintable(quantize.recipe_panel()->problem()));
    return 1;
  }
  const int child_nice = niceness(chat.controller().child().process().process_id());
  application.reset_pulse();
  QElapsedTimer clock;
  clock.start();
  int answers = 0, turn = 0;
  QElapsedTimer answer;
  while (clock.elapsed() < 1000 * seconds || (quantize.run().busy() && clock.elapsed() < 10000 * seconds)) {
    if (chat.controller().can_ask()) {
      if (answers % 4 == 3) chat.controller().new_chat();
      const QStringList picture = workbench.sample_pictures().mid(answers % 3, 1);
      if (!chat.controller().ask(kQuestion, answers % 4 == 0 ? picture : QStringList())) break;
      ++answers;
      answer.start();
    } else if (answer.isValid() && answer.elapsed() > kLongestAnswer) {
      chat.controller().stop();  // the scripted child would stream on for ever
    }
    // The user looks at the one and at the other.
    QTest::mouseClick(window.rail()->button(++turn % 3 == 0 ? Workspace::QUANTIZE : Workspace::CHAT), Qt::LeftButton);
    QTest::qWait(700);
  }
  const Pulse pulse = application.pulse();
  if (!quantize.run().failure().isEmpty()) std::fprintf(stderr, "%s\n", qPrintable(quantize.run().failure()));
  std::printf("events %lld\nanswers %d\nblocks %d\nlongest_ms %.2f\nlongest_work_ms %.2f\nworst %s event %d\nstalls %d\nwork_stalls %d\n"
              "under_16_percent %.3f\npercentile_99_ms %.3f\nwork_percentile_99_ms %.3f\nchild_nice %d\nseconds %.0f\n",
              static_cast<long long>(pulse.events), answers, static_cast<int>(quantize.run().state().blocks.size()), pulse.longest, pulse.longest_work,
              pulse.worst_receiver, pulse.worst_type, pulse.stalls, pulse.work_stalls, 100 * pulse.share_under_16, pulse.percentile_99, pulse.work_percentile_99, child_nice,
              1e-3 * double(clock.elapsed()));
  if (quantize.run().busy()) quantize.run().cancel();
  return answers > 0 && quantize.run().failure().isEmpty() ? 0 : 1;
}
