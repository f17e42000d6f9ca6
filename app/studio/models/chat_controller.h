// One chat at a time: its messages, the model that answers, and the history on disk.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QString>
#include <QTimer>
#include <optional>

#include "app/studio/children/chat_child.h"
#include "app/studio/models/chat_model.h"
#include "app/studio/models/history.h"

namespace qvlm::studio {

class ChatController : public QObject {
  Q_OBJECT
 public:
  enum class Activity { NO_MODEL, LOADING, READY, ANSWERING, BROKEN };
  Q_ENUM(Activity)

  /// `history` outlives the controller.
  ChatController(QString command, History& history, QObject* parent = nullptr);
  ~ChatController() override;

  ChatModel& model() { return model_; }
  Activity activity() const { return activity_; }
  const ChatModelChoice& choice() const { return choice_; }
  const std::optional<ChatReady>& ready() const { return ready_; }
  const std::optional<PromptReady>& prompt() const { return prompt_; }  // of the last answer
  qint64 chat_id() const { return chat_; }
  /// The model that was loaded last has been ready once.
  bool was_ready() const { return was_ready_; }
  bool can_ask() const { return activity_ == Activity::READY; }
  bool can_regenerate() const;
  /// "Radeon 780M · 4.5 bits · 31 tokens/s · first token in 0.4 s": what ran, said by what ran.
  QString status_text() const { return status_; }
  QString failure() const { return failure_; }

  void load(const ChatModelChoice& choice);
  void restart() { load(choice_); }
  /// Stores the question, then asks. False where can_ask() is.
  bool ask(const QString& text, const QStringList& images);
  void stop();
  /// Answers the last question again; the earlier answer stays as a branch.
  void regenerate();
  /// Asks the question in `row` differently: a branch beside it. False where can_ask() is.
  bool ask_again(int row, const QString& text, const QStringList& images);
  /// Shows the branch `steps` places after the message in `row`.
  void show_branch(int row, int steps);
  void new_chat();
  void open_chat(qint64 id);
  void remove_chat(qint64 id);
  void set_sampling(const SamplingParameters& sampling, int max_tokens);
  /// Said to the model before every dialogue; empty: nothing.
  void set_system_prompt(const QString& text) { system_prompt_ = text.trimmed(); }
  /// "crop", "pad", or empty: as the model has it.
  void set_picture_fit(const QString& fit) { picture_fit_ = fit; }
  /// Asks for the likeliest tokens beside each one; costs a little speed.
  void set_wants_probabilities(bool wants) { wants_probabilities_ = wants; }
  /// "24 W (GPU)", told while an answer runs; empty where the system does not say.
  void set_power(const QString& text);

  ChatChild& child() { return child_; }

 Q_SIGNALS:
  void activity_changed();
  void status_changed();
  void prompt_ready();
  void history_changed();

 private:
  void take(const ChatEvent& event);
  void begin_answer();
  qint64 last_stored() const;
  void refresh_branches();
  void finish_answer(MessageState state, const QString& note);
  void store_last();
  void set_activity(Activity activity);
  void set_status(const GeneratorInfo& info, const AnswerFinished* answer);
  void report(const QString& message);

  History& history_;
  ChatModel model_;
  ChatChild child_;
  ChatModelChoice choice_;
  std::optional<ChatModelChoice> next_;  // to load when the child that still runs has ended
  Activity activity_ = Activity::NO_MODEL;
  std::optional<ChatReady> ready_;
  bool was_ready_ = false;
  std::optional<PromptReady> prompt_;
  QString status_, failure_;
  qint64 chat_ = 0;  // 0: nothing stored yet
  SamplingParameters sampling_;
  int max_tokens_ = 256;
  QString system_prompt_, picture_fit_, power_;
  bool wants_probabilities_ = true;
  std::vector<TokenShare> tokens_;  // of the answer that streams
  QString unsent_text_;  // streamed, not yet in the model
  QTimer flush_, store_;
};

/// "17 tokens · 63.5 tokens/s · first token 0.21 s · pictures 0.08 s · prompt 90 tokens, read at 420/s", and why the
/// answer ended where it was not by itself. `prompt` may be null.
QString statistics_text(const AnswerFinished& answer, const PromptReady* prompt);

}  // namespace qvlm::studio
