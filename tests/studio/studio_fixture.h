// What the studio's tests share: a folder for data, places that point to fake_qvlm, a window.
#pragma once

#include <QApplication>
#include <QDir>
#include <QFile>
#include <QImage>
#include <QPainter>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <memory>

#include "app/studio/main_window.h"
#include "app/studio/models/history.h"
#include "app/studio/models/workbench.h"
#include "app/studio/pages/quantize_page.h"
#include "app/studio/settings.h"
#include "app/studio/style/theme.h"
#include "tests/studio/click.h"

// Qt's five seconds are too few on a machine that builds and trains beside the tests.
#undef QTRY_VERIFY
#undef QTRY_COMPARE
#undef QTRY_VERIFY2
#define QTRY_VERIFY(condition) QTRY_VERIFY_WITH_TIMEOUT((condition), 30000)
#define QTRY_COMPARE(found, expected) QTRY_COMPARE_WITH_TIMEOUT((found), (expected), 30000)
#define QTRY_VERIFY2(condition, message) QTRY_VERIFY2_WITH_TIMEOUT((condition), (message), 30000)

namespace qvlm::studio {

struct Studio {
  QTemporaryDir folder;
  Theme theme{*qApp};
  std::unique_ptr<Settings> settings;
  std::unique_ptr<History> history;
  std::unique_ptr<Workbench> workbench;
  std::unique_ptr<MainWindow> window;

  explicit Studio(QSize size = {1280, 800}, ThemeChoice choice = ThemeChoice::LIGHT, double font_scale = 1) {
    theme.set_font_scale(font_scale);
    theme.set_choice(choice);
    for (const char* name : {"FAKE_QVLM_DIE", "FAKE_QVLM_PACE", "FAKE_QVLM_PICTURE"}) qunsetenv(name);
    qputenv("FAKE_QVLM_LOG", log_file().toUtf8());
    QDir(folder.path()).mkpath(QStringLiteral("demo/model"));
    QDir(folder.path()).mkpath(QStringLiteral("demo/images"));
    write(QStringLiteral("demo/calibration.json"), "[]");
    write(QStringLiteral("demo/questions.jsonl"), "");
    settings = std::make_unique<Settings>(path(QStringLiteral("settings.ini")));
    history = std::make_unique<History>(path(QStringLiteral("chats.sqlite")));
    Places places;
    places.command = QStringLiteral(FAKE_QVLM);
    places.demo_model = path(QStringLiteral("demo/model"));
    places.demo_calibration = path(QStringLiteral("demo/calibration.json"));
    places.demo_questions = path(QStringLiteral("demo/questions.jsonl"));
    places.demo_images = path(QStringLiteral("demo/images"));
    places.data = path(QStringLiteral("data"));
    draw_picture(QStringLiteral("demo/images/scene.png"));
    workbench = std::make_unique<Workbench>(places, *settings);
    window = std::make_unique<MainWindow>(*workbench, *history, *settings, theme);
    window->resize(size);
    window->show();
  }

  QString path(const QString& name) const { return folder.filePath(name); }
  QString log_file() const { return folder.filePath(QStringLiteral("heard.txt")); }
  /// What the children were told, one line each.
  QStringList heard() const {
    QFile file(log_file());
    if (!file.open(QIODevice::ReadOnly)) return {};
    return QString::fromUtf8(file.readAll()).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
  }
  bool heard_line(const QString& part) const { return !heard().filter(part).isEmpty(); }
  void write(const QString& name, const QByteArray& text) const {
    QFile file(path(name));
    if (file.open(QIODevice::WriteOnly)) file.write(text);
  }
  /// A small scene, as the demo's are.
  QString draw_picture(const QString& name) const {
    QImage image(640, 480, QImage::Format_RGB888);
    image.fill(QColor(235, 238, 240));
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(QColor(205, 60, 60));
    painter.drawEllipse(90, 60, 150, 150);
    painter.setBrush(QColor(60, 90, 200));
    painter.drawRect(380, 250, 150, 150);
    painter.setBrush(QColor(50, 150, 80));
    painter.drawPolygon(QPolygon({{440, 60}, {520, 190}, {360, 190}}));
    painter.end();
    image.save(path(name));
    return path(name);
  }
  bool open_demo() {
    workbench->open(workbench->places().demo_model);
    return QTest::qWaitFor([this] { return workbench->model().has_value(); }, 30000);
  }
  /// Runs the demo to its end in Quantize, which is shown then. The run's folder; empty where it did not end well.
  QString run_demo() {
    if (!open_demo()) return {};
    window->show_workspace(Workspace::QUANTIZE);
    QuantizePage& page = *window->quantize_page();
    QSignalSpy finished(&page, &QuantizePage::run_finished);
    click(page.start_button());
    return finished.wait(120000) ? finished.first().first().toString() : QString();  // other work may have the processors
  }
};

}  // namespace qvlm::studio
