// README's pictures of the studio, made by clicks and keys with the real qvlm and the demo VLM, so that they can be made again at any change:
//   packaging/screenshots   (under Xvfb, into resources/screenshots)
#include <QApplication>
#include <QDir>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabBar>
#include <QTabWidget>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include "app/studio/main_window.h"
#include "app/studio/models/chat_controller.h"
#include "app/studio/models/export_choices.h"
#include "app/studio/models/history.h"
#include "app/studio/models/run_controller.h"
#include "app/studio/models/run_library.h"
#include "app/studio/models/workbench.h"
#include "app/studio/pages/chat_page.h"
#include "app/studio/pages/evaluate_page.h"
#include "app/studio/pages/export_page.h"
#include "app/studio/pages/quantize_page.h"
#include "app/studio/pages/recipe_panel.h"
#include "app/studio/pages/runs_page.h"
#include "app/studio/settings.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/composer.h"
#include "app/studio/views/fields.h"
#include "app/studio/views/ribbon_view.h"
#include "app/studio/views/widgets.h"
#include "core/run/presets.h"
#include "tests/studio/click.h"

using namespace qvlm;
using namespace qvlm::studio;

namespace {

constexpr int kPatience = 1800000;  // ms
constexpr int kSite = 21;           // in the middle of a block of three

}  // namespace

class ReadmePictures : public QObject {
  Q_OBJECT

  static void shoot(MainWindow& window, const char* name) {
    QTest::qWait(500);
    const QDir folder(qEnvironmentVariable("QVLM_SCREENSHOTS", QStringLiteral(QVLM_SOURCE_DIR "/resources/screenshots")));
    QVERIFY(window.grab().save(folder.filePath(QLatin1String(name) + QStringLiteral(".png"))));
  }

  // -> the quantized model's folder
  static QString quantize(QuantizePage& page, const char* preset, int samples, int validated_depths) {
    Recipe recipe = preset_named(preset).recipe;
    recipe.validated_depths = validated_depths;
    page.recipe_panel()->set_recipe(recipe);
    page.recipe_panel()->samples()->setValue(samples);
    page.recipe_panel()->suggest_output();
    QSignalSpy finished(&page, &QuantizePage::run_finished);
    click(page.start_button());
    return finished.wait(kPatience) ? finished.first().first().toString() : QString();
  }

  static void ask(ChatPage& chat, const QString& question) {
    chat.composer()->edit()->setFocus();
    QTest::keyClicks(chat.composer()->edit(), question);
    QTest::keyClick(chat.composer()->edit(), Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(chat.controller().can_ask(), kPatience);
  }

 private slots:
  void all() {
    QTemporaryDir folder;
    qputenv("QVLM_STUDIO_DATA", folder.path().toUtf8());
    qputenv("QVLM_DEMO", QVLM_SOURCE_DIR "/resources/demo");
    qputenv("QVLM_COMMAND", QVLM_BINARY_DIR "/bin/qvlm");
    const Places places = find_places();
    Settings settings(folder.filePath(QStringLiteral("settings.ini")));
    Theme theme(*qApp);
    theme.set_choice(ThemeChoice::LIGHT);
    History history(folder.filePath(QStringLiteral("chats.sqlite")));
    Workbench workbench(places, settings);
    MainWindow window(workbench, history, settings, theme);
    window.resize(1440, 900);
    window.show();
    workbench.open(places.demo_model);
    QTRY_VERIFY_WITH_TIMEOUT(workbench.model().has_value(), kPatience);

    click(window.rail()->button(Workspace::QUANTIZE));
    QuantizePage& quantize_page = *window.quantize_page();
    QStringList models;
    for (const char* preset : {"w4a4", "w4a8", "w4a16"}) {
      models << quantize(quantize_page, preset, 16, models.size() == 2 ? 4 : 0);  // the last is the one shown
      QVERIFY2(!models.last().isEmpty(), qPrintable(quantize_page.run().failure()));
    }
    QTRY_VERIFY_WITH_TIMEOUT(!quantize_page.recipe_panel()->plan_label()->text().startsWith(QLatin1String("Planning")), kPatience);
    if (quantize_page.banner()->isVisible()) click(quantize_page.banner()->findChild<QToolButton*>());
    QTest::mouseClick(quantize_page.ribbon(), Qt::LeftButton, {}, quantize_page.ribbon()->site_rect(kSite).center());
    shoot(window, "quantize");

    click(window.rail()->button(Workspace::EVALUATE));
    EvaluatePage& evaluate = *window.evaluate_page();
    evaluate.limit()->setValue(100);
    for (const QString& model : models) {
      evaluate.picker()->choose({model, QStringLiteral("vulkan"), false});
      click(evaluate.run_button());
      QTRY_VERIFY_WITH_TIMEOUT(evaluate.run_button()->isVisible(), kPatience);
    }
    click(window.rail()->button(Workspace::RUNS));
    RunsPage& runs = *window.runs_page();
    QTRY_COMPARE_WITH_TIMEOUT(runs.library().rowCount(), int(models.size()), kPatience);
    runs.list()->selectAll();
    shoot(window, "runs");

    window.resize(1280, 840);
    click(window.rail()->button(Workspace::CHAT));
    ChatPage& chat = *window.chat_page();
    chat.use_model({models.last(), QStringLiteral("vulkan"), false});
    QTRY_VERIFY_WITH_TIMEOUT(chat.controller().can_ask(), kPatience);
    const QDir images(places.demo_images);
    const QStringList names = images.entryList({QStringLiteral("*.png"), QStringLiteral("*.jpg")}, QDir::Files, QDir::Name);
    QVERIFY(names.size() >= 3);
    const std::pair<int, const char*> first[] = {{2, "What is at the bottom right?"}, {1, "Which word is written?"}, {0, "What is at the top right?"}};
    for (const auto& [image, question] : first) {
      chat.controller().new_chat();
      chat.composer()->attach({images.filePath(names[image])});
      ask(chat, QLatin1String(question));
    }
    ask(chat, QStringLiteral("Which number is written in the picture?"));
    QTest::keyClicks(chat.composer()->edit(), QStringLiteral("Is there a rocket in the picture?"));
    shoot(window, "chat");

    theme.set_choice(ThemeChoice::DARK);
    click(window.rail()->button(Workspace::EXPORT));
    ExportPage& exporting = *window.export_page();
    QTest::mouseClick(exporting.tabs()->tabBar(), Qt::LeftButton, {}, exporting.tabs()->tabBar()->tabRect(1).center());
    QTRY_VERIFY_WITH_TIMEOUT(exporting.choices().devices()->rowCount() > 0, kPatience);
    shoot(window, "export");
  }
};

int main(int argc, char** argv) {
  if (!qEnvironmentVariableIsSet("QTEST_FUNCTION_TIMEOUT")) qputenv("QTEST_FUNCTION_TIMEOUT", "2400000");
  QApplication application(argc, argv);
  ReadmePictures pictures;
  return QTest::qExec(&pictures, argc, argv);
}
#include "readme_pictures.moc"
