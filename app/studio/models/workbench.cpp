// The shared state, and inspecting a model.
#include "app/studio/models/workbench.h"

#include <QDir>
#include <QFileInfo>
#include <QUrl>

namespace qvlm::studio {

QString model_name(const QString& path) {
  const QFileInfo info(QDir::cleanPath(path));
  QString name = info.fileName();
  if (is_quantized(name)) name.chop(5);
  // "model" says nothing: the folder above names it.
  if (name == QLatin1String("model")) name = info.dir().dirName();
  return name;
}

bool is_quantized(const QString& path) { return path.endsWith(QLatin1String(".qvlm")); }

QString usual_backend(const QString& path) { return is_quantized(path) ? QStringLiteral("vulkan") : QStringLiteral("reference"); }

bool looks_like_model(const QString& path) {
  const QFileInfo info(path);
  if (info.isFile()) return info.suffix().compare(QLatin1String("gguf"), Qt::CaseInsensitive) == 0;
  const QDir folder(path);
  return info.isDir() && (folder.exists(QStringLiteral("config.json")) || folder.exists(QStringLiteral("model.gguf")));
}

Workbench::Workbench(Places places, Settings& settings, QObject* parent)
    : QObject(parent), places_(std::move(places)), settings_(settings), inspect_(places_.command) {
  connect(&inspect_, &ResultChild::succeeded, this, [this](const QJsonObject& result) {
    model_ = summary_from_json(opening_path_, result);
    if (model_->quantized()) {
      settings_.add_quantized_model(opening_path_);
    }
    settings_.add_recent_model(opening_path_);
    Q_EMIT model_opened();
    Q_EMIT models_changed();
  });
  connect(&inspect_, &ResultChild::failed, this, [this](const QString& message) { Q_EMIT open_failed(message); });
}

void Workbench::open(const QString& path) {
  opening_path_ = QDir::cleanPath(path);
  Q_EMIT opening_started(opening_path_);
  inspect_.start({QStringLiteral("inspect"), opening_path_, QStringLiteral("--json")});
}

QStringList Workbench::models() const {
  QStringList result;
  const auto add = [&result](const QString& path) {
    if (!path.isEmpty() && !result.contains(path)) result << path;
  };
  if (model_) add(model_->path);
  for (const QString& path : settings_.quantized_models()) add(path);
  for (const QString& path : settings_.recent_models()) add(path);
  add(places_.demo_model);
  return result;
}

void Workbench::add_quantized(const QString& folder) {
  settings_.add_quantized_model(QDir::cleanPath(folder));
  Q_EMIT models_changed();
}

namespace {

/// A path as a key of a group of the settings, where '/' parts groups.
QString key_of(const char* group, const QString& model) {
  return QLatin1String(group) + QLatin1Char('/') + QString::fromLatin1(QUrl::toPercentEncoding(QDir::cleanPath(model)));
}

}  // namespace

QString Workbench::accuracy_text(const QString& model) const {
  return settings_.value(key_of("accuracy", model), {});
}

void Workbench::note_accuracy(const QString& model, const QString& text) {
  settings_.set_value(key_of("accuracy", model), text);
}

QString Workbench::speed_text(const QString& model) const {
  return settings_.value(key_of("speed", model), {});
}

void Workbench::note_speed(const QString& model, const QString& text) {
  settings_.set_value(key_of("speed", model), text);
}

QStringList Workbench::sample_pictures() const {
  QStringList pictures;
  if (places_.demo_images.isEmpty()) return pictures;
  const QDir folder(places_.demo_images);
  for (const QString& name :
       folder.entryList({QStringLiteral("*.png"), QStringLiteral("*.jpg"), QStringLiteral("*.webp")}, QDir::Files, QDir::Name)) {
    pictures << folder.filePath(name);
  }
  return pictures;
}

QString Workbench::free_output(const QString& stem) const {
  const QDir folder(places_.data + QStringLiteral("/quantized"));
  folder.mkpath(QStringLiteral("."));
  QString name = stem;
  for (int i = 2;
       folder.exists(name + QStringLiteral(".qvlm")) || folder.exists(name + QStringLiteral(".qvlm.partial")); ++i) {
    name = QStringLiteral("%1-%2").arg(stem).arg(i);
  }
  return folder.filePath(name + QStringLiteral(".qvlm"));
}

}  // namespace qvlm::studio
