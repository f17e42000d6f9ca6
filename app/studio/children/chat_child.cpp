// Arguments and lines of `qvlm chat --json`.
#include "app/studio/children/chat_child.h"

#include <exception>

namespace qvlm::studio {

QStringList run_arguments(const ChatModelChoice& choice) {
  QStringList arguments;
  if (!choice.backend.isEmpty()) arguments << QStringLiteral("--backend") << choice.backend;
  if (choice.activations_as_a16) arguments << QStringLiteral("--activations-as-a16");
  if (!choice.device.isEmpty() && choice.backend != QLatin1String("reference")) arguments << QStringLiteral("--device") << choice.device;
  if (choice.kv_bits != 16) arguments << QStringLiteral("--kv") << QString::number(choice.kv_bits);
  return arguments;
}

ChatChild::ChatChild(QString command, QObject* parent) : QObject(parent), command_(std::move(command)) {
  connect(&child_, &ChildProcess::line, this, [this](const QByteArray& json) {
    try {
      const ChatEvent parsed = chat_event_from_json_line(json.toStdString());
      if (const auto* failed = std::get_if<ChatFailed>(&parsed)) failure_ = QString::fromStdString(failed->message);
      Q_EMIT event(parsed);
    } catch (const std::exception& error) {
      failure_ = QString::fromUtf8(error.what());
      child_.kill();
    }
  });
  connect(&child_, &ChildProcess::finished, this, [this](const ChildEnd& end) {
    if (end.asked && failure_.isEmpty()) {
      Q_EMIT ended({});
    } else if (!failure_.isEmpty() && !end.crashed) {
      Q_EMIT ended(failure_);
    } else {
      Q_EMIT ended(end.ok ? tr("The model's process ended.") : end.message);
    }
  });
}

void ChatChild::start(const ChatModelChoice& choice) {
  failure_.clear();
  child_.start(command_, QStringList{QStringLiteral("chat"), choice.path, QStringLiteral("--json")} + run_arguments(choice));
}

void ChatChild::ask(const Ask& ask) {
  failure_.clear();
  child_.send(QByteArray::fromStdString(to_json_line(ChatCommand(ask))));
}

void ChatChild::stop_answer() {
  child_.send(QByteArray::fromStdString(to_json_line(ChatCommand(StopAnswer{}))));
}

void ChatChild::quit() {
  failure_.clear();
  child_.send(QByteArray::fromStdString(to_json_line(ChatCommand(Quit{}))));
  child_.end();
}

}  // namespace qvlm::studio
