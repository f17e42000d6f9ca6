// Recipe and partition go to the child as files in a folder of their own, everything after as lines.
#include "app/studio/children/quantize_child.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include "core/base/error.h"

namespace qvlm::studio {

namespace {

QString write_file(const QTemporaryDir& folder, const QString& name, const std::string& text) {
  QFile file(folder.filePath(name));
  if (!file.open(QIODevice::WriteOnly) || file.write(text.data(), static_cast<qint64>(text.size())) < 0) {
    throw Error::in(file.fileName().toStdString(), "", "a writable temporary folder", file.errorString().toStdString());
  }
  return file.fileName();
}

}  // namespace

QStringList quantize_arguments(const QuantizeRequest& request, const QTemporaryDir& files) {
  QStringList arguments = {QStringLiteral("quantize"), request.model,        QStringLiteral("--calibration"),
                           request.calibration,        QStringLiteral("-o"), request.output,
                           QStringLiteral("--json")};
  if (request.resume) {
    // The unfinished run's folder holds its recipe and its partition.
    arguments << QStringLiteral("--resume");
  } else if (!request.reuse.isEmpty()) {
    arguments << QStringLiteral("--reuse") << request.reuse;  // with its recipe
  } else {
    arguments << QStringLiteral("--recipe") << write_file(files, QStringLiteral("recipe.json"), to_json(request.recipe));
  }
  if (request.partition && !request.resume)
    arguments << QStringLiteral("--partition") << write_file(files, QStringLiteral("partition.json"), to_json(*request.partition));
  if (request.preview) arguments << QStringLiteral("--preview");
  return arguments;
}

QuantizeChild::QuantizeChild(QString command, QObject* parent) : QObject(parent), command_(std::move(command)) {
  connect(&child_, &ChildProcess::line, this, &QuantizeChild::read_line);
  connect(&child_, &ChildProcess::finished, this, [this](const ChildEnd& end) {
    if (end.ok || (cancelled_ && !end.crashed)) {
      Q_EMIT ended({});
    } else {
      Q_EMIT ended(failure_.isEmpty() ? end.message : failure_);
    }
  });
}

void QuantizeChild::start(const QuantizeRequest& request) {
  files_ = std::make_unique<QTemporaryDir>();
  const QStringList arguments = quantize_arguments(request, *files_);
  lines_ = 0;
  cancelled_ = false;
  failure_.clear();
  child_.start(command_, arguments);
}

void QuantizeChild::pause() {
  child_.send(QJsonObject{{QStringLiteral("pause"), true}});
}

void QuantizeChild::resume() {
  child_.send(QJsonObject{{QStringLiteral("resume"), true}});
}

void QuantizeChild::cancel() {
  cancelled_ = true;
  child_.send(QJsonObject{{QStringLiteral("cancel"), true}});
}

void QuantizeChild::send_partition(const Partition& partition) {
  const QJsonDocument document = QJsonDocument::fromJson(QByteArray::fromStdString(to_json(partition)));
  child_.send(QJsonObject{{QStringLiteral("partition"),
                           document.isArray() ? QJsonValue(document.array()) : QJsonValue(document.object())}});
}

void QuantizeChild::read_line(const QByteArray& json) {
  ++lines_;
  if (json.contains("\"ControlRefused\"")) {
    Q_EMIT refused(QJsonDocument::fromJson(json).object().value(QLatin1String("message")).toString());
    return;
  }
  try {
    const TimedEvent parsed = event_from_json_line(json.toStdString(), "qvlm quantize, line " + std::to_string(lines_));
    if (const auto* failed = std::get_if<RunFailed>(&parsed.event)) failure_ = QString::fromStdString(failed->message);
    if (std::holds_alternative<RunCancelled>(parsed.event)) cancelled_ = true;
    Q_EMIT event(parsed);
  } catch (const std::exception& error) {
    // A journal of another version: stop rather than show half of it.
    failure_ = QString::fromUtf8(error.what());
    child_.kill();
  }
}

}  // namespace qvlm::studio
