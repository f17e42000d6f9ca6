// Collects the last line of a short command.
#include "app/studio/children/result_child.h"

#include <QJsonDocument>

namespace qvlm::studio {

ResultChild::ResultChild(QString command, QObject* parent) : QObject(parent), command_(std::move(command)) {}

void ResultChild::drop() {
  if (child_ == nullptr) return;
  disconnect(child_, nullptr, this, nullptr);
  connect(child_, &ChildProcess::finished, child_, &QObject::deleteLater);
  child_->kill();
  child_ = nullptr;
}

void ResultChild::start(const QStringList& arguments) {
  drop();
  last_line_.clear();
  child_ = new ChildProcess(this);
  connect(child_, &ChildProcess::line, this, [this](const QByteArray& json) {
    last_line_ = json;
    Q_EMIT line(QJsonDocument::fromJson(json).object());
  });
  connect(child_, &ChildProcess::finished, this, [this](const ChildEnd& end) {
    child_->deleteLater();
    child_ = nullptr;
    const QJsonDocument document = QJsonDocument::fromJson(last_line_);
    if (!end.ok) {
      const QString said = document.object().value(QLatin1String("message")).toString();
      Q_EMIT failed(said.isEmpty() ? end.message : said);
    } else if (!document.isObject()) {
      Q_EMIT failed(tr("The command's result could not be read: %1").arg(QString::fromUtf8(last_line_.left(200))));
    } else {
      Q_EMIT succeeded(document.object());
    }
  });
  child_->start(command_, arguments);
}

void ResultChild::stop() {
  if (child_ != nullptr) child_->end();
}

}  // namespace qvlm::studio
