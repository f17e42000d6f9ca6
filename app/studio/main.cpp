// qvlm-studio: makes the application's parts and shows the window.
#include <QCommandLineParser>
#include <QDir>
#include <QFileInfo>
#include <QMessageBox>
#include <QTimer>
#include <cstdio>

#include "app/studio/heartbeat.h"
#include "app/studio/language.h"
#include "app/studio/main_window.h"
#include "app/studio/models/history.h"
#include "app/studio/models/workbench.h"
#include "app/studio/settings.h"
#include "app/studio/single_instance.h"
#include "app/studio/style/theme.h"

namespace {

using namespace qvlm::studio;

QStringList paths_of(const QCommandLineParser& parser) {
  QStringList paths;
  for (const QString& argument : parser.positionalArguments()) paths << QFileInfo(argument).absoluteFilePath();
  return paths;
}

/// For benchmarks: what the heartbeat counted, as one line on stderr.
void print_pulse(const StudioApplication& application) {
  const Pulse pulse = application.pulse();
  std::fprintf(stderr, "heartbeat: %lld events, longest %.1f ms (%.1f of work, %s, event %d), 99 %% under %.2f ms, %d stalls; first window %.0f ms\n",
               static_cast<long long>(pulse.events), pulse.longest, pulse.longest_work, pulse.worst_receiver, pulse.worst_type, pulse.percentile_99,
               pulse.stalls, application.first_window());
}

}  // namespace

int main(int argc, char** argv) {
  StudioApplication application(argc, argv);
  QApplication::setOrganizationName(QStringLiteral("qvlm-studio"));
  QApplication::setApplicationName(QStringLiteral("qvlm-studio"));
  QApplication::setApplicationDisplayName(QStringLiteral("Q-VLM Studio"));
  QApplication::setApplicationVersion(QStringLiteral(QVLM_STUDIO_VERSION));
  QApplication::setDesktopFileName(QStringLiteral("qvlm-studio"));
  const Places places = find_places();
  Settings settings(qEnvironmentVariableIsSet("QVLM_STUDIO_DATA") ? places.data + QStringLiteral("/settings.ini")
                                                                  : QString());
  Translations translations(application);
  translations.install(settings.language());

  QCommandLineParser parser;
  parser.setApplicationDescription(
      QApplication::translate("main", "Quantizes vision-language models and talks to them."));
  parser.addHelpOption();
  parser.addVersionOption();
  const QCommandLineOption heartbeat(
      QStringLiteral("heartbeat"), QApplication::translate("main", "Say at the end how long the window was away for one event at most."));
  parser.addOption(heartbeat);
  parser.addPositionalArgument(
      QStringLiteral("model"),
      QApplication::translate("main",
                              "Models to open, or pictures to ask about; without any, the model that was open last, or the demo model."));
  parser.process(application);

  SingleInstance instance(places.data);
  if (instance.hand_over(paths_of(parser))) return 0;
  instance.listen();
  Theme theme(application);
  theme.set_font_scale(settings.font_scale());
  theme.set_choice(settings.theme());
  try {
    bool first = true, anew = false;
    do {
      translations.install(settings.language());
      History history(places.data + QStringLiteral("/chats.sqlite"));
      Workbench workbench(places, settings);
      MainWindow window(workbench, history, settings, theme);
      QObject::connect(&instance, &SingleInstance::handed_over, &window, [&window](const QStringList& paths) {
        window.setWindowState((window.windowState() & ~Qt::WindowMinimized) | Qt::WindowActive);
        window.show();
        window.raise();
        window.activateWindow();
        window.open_paths(paths);
      });
      window.show();
      // For measuring how soon the window is there.
      if (qEnvironmentVariableIsSet("QVLM_STUDIO_QUIT_AT_FIRST_WINDOW")) QTimer::singleShot(1000, &application, &QApplication::quit);
      const QStringList paths = first ? paths_of(parser) : QStringList();
      paths.isEmpty() ? window.open_what_was_open() : window.open_paths(paths);
      QApplication::exec();
      anew = window.wants_anew();
      first = false;
    } while (anew);
  } catch (const std::exception& error) {
    QMessageBox::critical(nullptr, QApplication::applicationDisplayName(), QString::fromUtf8(error.what()));
    return 1;
  }
  if (parser.isSet(heartbeat)) print_pulse(application);
  return 0;
}
