// `qvlm chat` as an object: a loaded model that answers about text and pictures.
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>

#include "app/studio/children/child_process.h"
#include "core/inference/chat_events.h"

namespace qvlm::studio {

struct ChatModelChoice {
  QString path;     // checkpoint folder, .qvlm folder or GGUF file
  QString backend;  // "vulkan" or "reference"
  bool activations_as_a16 =
      false;  // run a model with quantized activations without quantizing them; said in every answer
  QString device = {};  // of the engine, a part of its name; empty: the first
  int kv_bits = 16;     // of the engine's KV cache: 16 or 8
  bool operator==(const ChatModelChoice&) const = default;
};

/// What chat and evaluate are told of where a model runs: --backend, --activations-as-a16, --device, --kv.
QStringList run_arguments(const ChatModelChoice& choice);

class ChatChild : public QObject {
  Q_OBJECT
 public:
  explicit ChatChild(QString command, QObject* parent = nullptr);

  void start(const ChatModelChoice& choice);
  bool running() const { return child_.running(); }
  void ask(const Ask& ask);
  void stop_answer();
  /// Ends the child; ended() arrives without a message.
  void quit();
  ChildProcess& process() { return child_; }

 Q_SIGNALS:
  void event(const qvlm::ChatEvent& event);
  void ended(const QString& message);

 private:
  QString command_;
  ChildProcess child_;
  QString failure_;
};

}  // namespace qvlm::studio
