// qvlm-studio: makes the application's parts and shows the window.
#include <QApplication>
#include <QCommandLineParser>
#include <QDir>
#include <QFileInfo>
#include <QMessageBox>

#include "app/studio/main_window.h"
#include "app/studio/models/history.h"
#include "app/studio/models/workbench.h"
#include "app/studio/settings.h"
#include "app/studio/style/theme.h"

int main(int argc, char** argv) {
  using namespace qvlm::studio;
  QApplication application(argc, argv);
  QApplication::setOrganizationName(QStringLiteral("qvlm-studio"));
  QApplication::setApplicationName(QStringLiteral("qvlm-studio"));
  QApplication::setApplicationDisplayName(QStringLiteral("Q-VLM Studio"));
  QApplication::setApplicationVersion(QStringLiteral(QVLM_STUDIO_VERSION));
  QApplication::setDesktopFileName(QStringLiteral("qvlm-studio"));

  QCommandLineParser parser;
  parser.setApplicationDescription(
      QApplication::translate("main", "Quantizes vision-language models and talks to them."));
  parser.addHelpOption();
  parser.addVersionOption();
  parser.addPositionalArgument(
      QStringLiteral("model"),
      QApplication::translate("main",
                              "A model folder to open; without it, the one that was open last, or the demo model."));
  parser.process(application);

  const Places places = find_places();
  Settings settings(qEnvironmentVariableIsSet("QVLM_STUDIO_DATA") ? places.data + QStringLiteral("/settings.ini")
                                                                  : QString());
  Theme theme(application);
  theme.set_choice(settings.theme());
  try {
    History history(places.data + QStringLiteral("/chats.sqlite"));
    Workbench workbench(places, settings);
    MainWindow window(workbench, history, settings, theme);
    window.show();
    const QStringList arguments = parser.positionalArguments();
    if (!arguments.isEmpty()) {
      workbench.open(QFileInfo(arguments.first()).absoluteFilePath());
    } else if (const QStringList recent = settings.recent_models(); !recent.isEmpty()) {
      workbench.open(recent.first());
    }
    return QApplication::exec();
  } catch (const std::exception& error) {
    QMessageBox::critical(nullptr, QApplication::applicationDisplayName(), QString::fromUtf8(error.what()));
    return 1;
  }
}
