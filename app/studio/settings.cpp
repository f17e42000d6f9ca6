// QSettings under names, and the search for command and demo.
#include "app/studio/settings.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QStandardPaths>
#include <algorithm>
#include <cmath>

namespace qvlm::studio {

namespace {

constexpr int kMostRecent = 12;

QString first_existing(const QStringList& candidates) {
  for (const QString& candidate : candidates) {
    if (QFileInfo::exists(candidate)) return QDir::cleanPath(candidate);
  }
  return {};
}

}  // namespace

Places find_places() {
  Places places;
  const QString here = QCoreApplication::applicationDirPath();
  places.command = qEnvironmentVariable("QVLM_COMMAND");
  if (places.command.isEmpty()) {
#ifdef Q_OS_WIN
    places.command = here + QStringLiteral("/qvlm.exe");
#else
    places.command = here + QStringLiteral("/qvlm");
#endif
    if (!QFileInfo::exists(places.command)) places.command = QStandardPaths::findExecutable(QStringLiteral("qvlm"));
    if (places.command.isEmpty()) places.command = here + QStringLiteral("/qvlm");
  }
  // bin beside share in an installation, which may lie inside a source tree; build/PRESET/bin in one.
  const QString demo =
      first_existing({qEnvironmentVariable("QVLM_DEMO"), here + QStringLiteral("/../share/qvlm-studio/demo"),
                      here + QStringLiteral("/../../../resources/demo"), here + QStringLiteral("/demo")});
  if (!demo.isEmpty()) {
    places.demo_model = first_existing({demo + QStringLiteral("/model")});
    places.demo_calibration = first_existing({demo + QStringLiteral("/calibration/conversations.json")});
    places.demo_questions = first_existing({demo + QStringLiteral("/questions/questions.jsonl")});
    places.demo_images = first_existing({demo + QStringLiteral("/images")});
  }
  places.data = qEnvironmentVariable("QVLM_STUDIO_DATA");
  if (places.data.isEmpty()) places.data = QStandardPaths::writableLocation(QStandardPaths::AppDataLocation);
  return places;
}

Settings::Settings(const QString& file) {
  store_ = file.isEmpty() ? std::make_unique<QSettings>() : std::make_unique<QSettings>(file, QSettings::IniFormat);
}

QStringList Settings::existing(const QString& key) {
  QStringList result;
  for (const QString& path : store_->value(key).toStringList()) {
    if (QFileInfo::exists(path)) result << path;
  }
  return result;
}

void Settings::prepend(const QString& key, const QString& path) {
  QStringList list = store_->value(key).toStringList();
  list.removeAll(path);
  list.prepend(path);
  store_->setValue(key, list.mid(0, kMostRecent));
}

QStringList Settings::recent_models() {
  return existing(QStringLiteral("models/recent"));
}
void Settings::add_recent_model(const QString& path) {
  prepend(QStringLiteral("models/recent"), path);
}
QStringList Settings::quantized_models() {
  return existing(QStringLiteral("models/quantized"));
}
void Settings::add_quantized_model(const QString& path) {
  prepend(QStringLiteral("models/quantized"), path);
}
ThemeChoice Settings::theme() {
  return theme_choice_of(store_->value(QStringLiteral("view/theme")).toString());
}
void Settings::set_theme(ThemeChoice choice) {
  store_->setValue(QStringLiteral("view/theme"), name_of(choice));
}
double Settings::font_scale() {
  return std::clamp(number(QStringLiteral("view/font_scale"), 1), 1.0, 2.0);
}
void Settings::set_font_scale(double scale) {
  set_number(QStringLiteral("view/font_scale"), scale);
}
QString Settings::language() {
  return value(QStringLiteral("view/language"));
}
void Settings::set_language(const QString& code) {
  set_value(QStringLiteral("view/language"), code);
}
QString Settings::device() {
  return value(QStringLiteral("device"));
}
void Settings::set_device(const QString& name) {
  set_value(QStringLiteral("device"), name);
}
int Settings::kv_bits() {
  return number(QStringLiteral("chat/kv_bits"), 16) == 8 ? 8 : 16;
}
void Settings::set_kv_bits(int bits) {
  set_number(QStringLiteral("chat/kv_bits"), bits);
}
QByteArray Settings::geometry() {
  return store_->value(QStringLiteral("view/geometry")).toByteArray();
}
void Settings::set_geometry(const QByteArray& geometry) {
  store_->setValue(QStringLiteral("view/geometry"), geometry);
}
QString Settings::value(const QString& key, const QString& fallback) {
  return store_->value(key, fallback).toString();
}
void Settings::set_value(const QString& key, const QString& value) {
  store_->setValue(key, value);
}
bool Settings::flag(const QString& key, bool fallback) {
  return store_->value(key, fallback).toBool();
}
void Settings::set_flag(const QString& key, bool value) {
  store_->setValue(key, value);
}
double Settings::number(const QString& key, double fallback) {
  bool ok = false;
  const double value = store_->value(key, fallback).toDouble(&ok);
  return ok && std::isfinite(value) ? value : fallback;
}
void Settings::set_number(const QString& key, double value) {
  store_->setValue(key, value);
}

}  // namespace qvlm::studio
