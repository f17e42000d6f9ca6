// The state machine of a chat. Answers reach the list at most 30 times a second, the disk once a second.
#include "app/studio/models/chat_controller.h"

#include <QLocale>
#include <utility>

namespace qvlm::studio {

namespace {

constexpr int kAlternatives = 5;

}  // namespace

ChatController::ChatController(QString command, History& history, QObject* parent)
    : QObject(parent), history_(history), child_(std::move(command)) {
  flush_.setSingleShot(true);
  flush_.setInterval(33);
  connect(&flush_, &QTimer::timeout, this, [this] {
    if (unsent_text_.isEmpty()) return;
    model_.append_text(unsent_text_);
    unsent_text_.clear();
    if (!store_.isActive()) store_.start();
  });
  store_.setSingleShot(true);
  store_.setInterval(1000);
  connect(&store_, &QTimer::timeout, this, &ChatController::store_last);
  connect(&child_, &ChatChild::event, this, &ChatController::take);
  connect(&child_, &ChatChild::ended, this, [this](const QString& message) {
    ready_.reset();
    const bool answering = activity_ == Activity::ANSWERING;
    power_.clear();
    if (answering) finish_answer(MessageState::INTERRUPTED, tr("interrupted"));
    if (next_) {
      const ChatModelChoice next = *next_;
      next_.reset();
      load(next);
      return;
    }
    if (message.isEmpty()) {
      set_activity(Activity::NO_MODEL);
      return;
    }
    failure_ = message;
    report(answering ? tr("The model stopped in the middle of its answer. %1").arg(message) : message);
    set_activity(Activity::BROKEN);
  });
}

ChatController::~ChatController() {
  // Quitting in the middle of an answer: what has come is kept. Views may be on their way out, so the model stays as it is.
  if (activity_ != Activity::ANSWERING || model_.rowCount() == 0) return;
  ChatMessage last = model_.at(model_.rowCount() - 1);
  last.text += unsent_text_;
  if (last.id == 0) return;
  try {
    history_.update_message(last);
  } catch (const std::exception&) {
    // Nobody is left to tell; the question is stored.
  }
}

bool ChatController::can_regenerate() const {
  if (activity_ != Activity::READY) return false;
  for (const ChatMessage& message : model_.messages()) {
    if (message.role == QLatin1String("user")) return true;
  }
  return false;
}

void ChatController::load(const ChatModelChoice& choice) {
  if (child_.running()) {
    next_ = choice;
    child_.quit();
    return;
  }
  choice_ = choice;
  failure_.clear();
  ready_.reset();
  was_ready_ = false;
  status_ = tr("Loading %1").arg(choice.path.section(QLatin1Char('/'), -1, -1, QString::SectionSkipEmpty));
  set_activity(Activity::LOADING);
  Q_EMIT status_changed();
  child_.start(choice);
}

/// The message that the next one stands behind; 0: none is stored yet.
qint64 ChatController::last_stored() const {
  for (int row = model_.rowCount() - 1; row >= 0; --row) {
    if (model_.at(row).id != 0) return model_.at(row).id;
  }
  return 0;
}

void ChatController::refresh_branches() {
  if (chat_ == 0) return;
  try {
    for (const ChatMessage& stored : history_.messages(chat_)) {
      for (int row = 0; row < model_.rowCount(); ++row) {
        ChatMessage shown = model_.at(row);
        if (shown.id != stored.id || (shown.branch == stored.branch && shown.branches == stored.branches)) continue;
        shown.branch = stored.branch;
        shown.branches = stored.branches;
        model_.update(row, shown);
      }
    }
  } catch (const std::exception& error) {
    status_ = QString::fromUtf8(error.what());
    Q_EMIT status_changed();
  }
}

bool ChatController::ask_again(int row, const QString& text, const QStringList& images) {
  if (!can_ask() || (text.trimmed().isEmpty() && images.isEmpty())) return false;
  model_.truncate(row);
  return ask(text, images);
}

void ChatController::show_branch(int row, int steps) {
  if (activity_ == Activity::ANSWERING || chat_ == 0 || row >= model_.rowCount() || model_.at(row).id == 0) return;
  try {
    history_.show_branch(chat_, model_.at(row).id, steps);
    open_chat(chat_);
  } catch (const std::exception& error) {
    report(QString::fromUtf8(error.what()));
  }
}

bool ChatController::ask(const QString& text, const QStringList& images) {
  if (!can_ask() || (text.trimmed().isEmpty() && images.isEmpty())) return false;
  ChatMessage message;
  message.role = QStringLiteral("user");
  message.text = text.trimmed();
  message.images = images;
  try {
    if (chat_ == 0) {
      QString title = message.text.simplified().left(60);
      if (title.isEmpty()) title = tr("Picture");
      chat_ = history_.add_chat(title, choice_.path);
    }
    message.id = history_.add_message(chat_, message, last_stored());
  } catch (const std::exception& error) {
    report(QString::fromUtf8(error.what()));  // not stored, but asked all the same: the user sees both
  }
  model_.append(message);
  begin_answer();
  Q_EMIT history_changed();
  return true;
}

void ChatController::begin_answer() {
  Ask ask;
  if (!system_prompt_.isEmpty()) ask.turns.push_back({"system", system_prompt_.toStdString(), {}});
  for (const ChatMessage& message : model_.messages()) {
    const bool answer = message.role == QLatin1String("assistant");
    if (message.role != QLatin1String("user") && !(answer && !message.text.isEmpty())) continue;
    // Two questions in a row (the answer between failed): only the later one is asked.
    if (!answer && !ask.turns.empty() && ask.turns.back().role == "user") ask.turns.pop_back();
    ChatTurn turn;
    turn.role = message.role.toStdString();
    turn.text = message.text.toStdString();
    for (const QString& image : message.images) turn.images.push_back(image.toStdString());
    ask.turns.push_back(turn);
  }
  ask.sampling = sampling_;
  ask.max_tokens = max_tokens_;
  ask.alternatives = wants_probabilities_ ? kAlternatives : 0;
  ask.picture_fit = picture_fit_.toStdString();
  ChatMessage answer;
  answer.role = QStringLiteral("assistant");
  answer.state = MessageState::WAITING;
  if (chat_ != 0) {
    try {
      answer.id = history_.add_message(chat_, answer, last_stored());
    } catch (const std::exception& error) {
      report(QString::fromUtf8(error.what()));
    }
  }
  model_.append(answer);
  refresh_branches();
  prompt_.reset();
  unsent_text_.clear();
  tokens_.clear();
  power_.clear();
  set_activity(Activity::ANSWERING);
  child_.ask(ask);
}

void ChatController::stop() {
  if (activity_ == Activity::ANSWERING) child_.stop_answer();
}

void ChatController::regenerate() {
  if (!can_regenerate()) return;
  int last_question = model_.rowCount() - 1;
  while (last_question >= 0 && model_.at(last_question).role != QLatin1String("user")) --last_question;
  model_.truncate(last_question + 1);
  begin_answer();
}

void ChatController::new_chat() {
  if (activity_ == Activity::ANSWERING) return;
  chat_ = 0;
  prompt_.reset();
  model_.set_messages({});
  Q_EMIT prompt_ready();
}

void ChatController::open_chat(qint64 id) {
  if (activity_ == Activity::ANSWERING) return;
  chat_ = id;
  prompt_.reset();
  model_.set_messages(history_.messages(id));
  Q_EMIT prompt_ready();
}

void ChatController::remove_chat(qint64 id) {
  if (activity_ == Activity::ANSWERING && id == chat_) return;
  history_.remove_chat(id);
  if (id == chat_) new_chat();
  Q_EMIT history_changed();
}

void ChatController::set_sampling(const SamplingParameters& sampling, int max_tokens) {
  sampling_ = sampling;
  max_tokens_ = max_tokens;
}

void ChatController::take(const ChatEvent& event) {
  if (const auto* ready = std::get_if<ChatReady>(&event)) {
    ready_ = *ready;
    was_ready_ = true;
    set_status(ready->info, nullptr);
    set_activity(Activity::READY);
  } else if (const auto* prompt = std::get_if<PromptReady>(&event)) {
    prompt_ = *prompt;
    Q_EMIT prompt_ready();
  } else if (const auto* token = std::get_if<TokenGenerated>(&event)) {
    if (activity_ != Activity::ANSWERING) return;
    unsent_text_ += QString::fromStdString(token->text);
    if (token->probability > 0) {
      TokenShare share{QString::fromStdString(token->text), token->probability, {}};
      for (const TokenChoice& choice : token->alternatives) share.others.emplace_back(QString::fromStdString(choice.text), choice.probability);
      tokens_.push_back(std::move(share));
    }
    if (!flush_.isActive()) flush_.start();
  } else if (const auto* finished = std::get_if<AnswerFinished>(&event)) {
    if (activity_ != Activity::ANSWERING) return;
    unsent_text_.clear();
    ChatMessage last = model_.at(model_.rowCount() - 1);
    last.text = QString::fromStdString(finished->text);
    model_.update(model_.rowCount() - 1, last);
    const QString note = statistics_text(*finished, prompt_ ? &*prompt_ : nullptr);
    set_status(finished->info, finished);
    finish_answer(finished->reason == "stopped" ? MessageState::STOPPED : MessageState::DONE, note);
    set_activity(Activity::READY);
  } else if (const auto* failed = std::get_if<ChatFailed>(&event)) {
    const QString message = QString::fromStdString(failed->message);
    if (activity_ != Activity::ANSWERING) return;  // while loading: ended() reports it
    finish_answer(MessageState::FAILED, {});
    report(message);
    set_activity(Activity::READY);
  }
}

void ChatController::finish_answer(MessageState state, const QString& note) {
  flush_.stop();
  store_.stop();
  if (!unsent_text_.isEmpty()) model_.append_text(unsent_text_);
  unsent_text_.clear();
  const int row = model_.rowCount() - 1;
  ChatMessage last = model_.at(row);
  last.state = state;
  last.note = note;
  last.tokens = std::exchange(tokens_, {});
  if (last.text.isEmpty() && (state == MessageState::FAILED || state == MessageState::INTERRUPTED)) {
    if (last.id != 0) history_.remove_message(last.id);
    model_.truncate(row);
    refresh_branches();
    return;
  }
  model_.update(row, last);
  store_last();
}

void ChatController::store_last() {
  if (model_.rowCount() == 0 || model_.at(model_.rowCount() - 1).id == 0) return;
  try {
    history_.update_message(model_.at(model_.rowCount() - 1));
  } catch (const std::exception& error) {
    // Not a message of its own: the answer that still streams stays the last row.
    status_ = QString::fromUtf8(error.what());
    Q_EMIT status_changed();
  }
}

void ChatController::report(const QString& message) {
  ChatMessage error;
  error.role = QStringLiteral("error");
  error.text = message;
  error.state = MessageState::FAILED;
  model_.append(error);
}

void ChatController::set_activity(Activity activity) {
  activity_ = activity;
  Q_EMIT activity_changed();
}

void ChatController::set_power(const QString& text) {
  if (activity_ != Activity::ANSWERING || text == power_) return;
  power_ = text;
  if (ready_) set_status(ready_->info, nullptr);
}

QString statistics_text(const AnswerFinished& answer, const PromptReady* prompt) {
  const QLocale locale;
  QStringList parts;
  parts << (answer.tokens == 1 ? ChatController::tr("1 token") : ChatController::tr("%1 tokens").arg(answer.tokens));
  // An answer of one token was not decoded: it came with the prompt.
  if (answer.decode_tokens_per_second > 0)
    parts << ChatController::tr("%1 tokens/s").arg(locale.toString(answer.decode_tokens_per_second, 'f', 1));
  parts << ChatController::tr("first token %1 s").arg(locale.toString(answer.first_token_seconds, 'f', 2));
  if (answer.vision_seconds > 0) parts << ChatController::tr("pictures %1 s").arg(locale.toString(answer.vision_seconds, 'f', 2));
  if (prompt != nullptr) {
    QString words = ChatController::tr("prompt %1 tokens").arg(prompt->tokens);
    if (prompt->reused_tokens > 0) words += ChatController::tr(", %1 reused").arg(prompt->reused_tokens);
    if (answer.prefill_tokens_per_second > 0)
      words += ChatController::tr(", read at %1/s").arg(locale.toString(answer.prefill_tokens_per_second, 'f', 0));
    parts << words;
  }
  if (answer.reason == "length") parts << ChatController::tr("cut at the most tokens allowed");
  if (answer.reason == "context") parts << ChatController::tr("the context is full");
  if (answer.reason == "stopped") parts << ChatController::tr("stopped");
  if (answer.device_losses > 0) parts << ChatController::tr("the device was lost and opened again");
  return parts.join(QStringLiteral("  ·  "));
}

void ChatController::set_status(const GeneratorInfo& info, const AnswerFinished* answer) {
  const QLocale locale;
  QStringList parts;
  parts << QString::fromStdString(info.device.empty() ? info.backend : info.device);
  parts << tr("%1 bits a weight").arg(locale.toString(info.weight_bits, 'f', info.weight_bits == 16 ? 0 : 2));
  if (info.backend == "vulkan") parts << tr("KV cache %1 bits").arg(locale.toString(info.kv_bits, 'f', info.kv_bits == 16 ? 0 : 2));
  if (!info.activation_note.empty()) {
    parts << QString::fromStdString(info.activation_note);
  } else if (info.activation_bits < 16) {
    parts << tr("activations at %1 bits").arg(info.activation_bits);
  }
  if (answer != nullptr) {
    if (answer->decode_tokens_per_second > 0)
      parts << tr("%1 tokens/s").arg(locale.toString(answer->decode_tokens_per_second, 'f', 1));
    parts << tr("first token in %1 s").arg(locale.toString(answer->first_token_seconds, 'f', 2));
  }
  if (!power_.isEmpty()) parts << power_;
  if (info.total_bytes > 0) parts << tr("%1 MB in use").arg(locale.toString(double(info.total_bytes) / 1e6, 'f', 0));
  status_ = parts.join(QStringLiteral("  ·  "));
  Q_EMIT status_changed();
}

}  // namespace qvlm::studio
