// Two state machines, and what their answers have in common.
#include "app/studio/models/compare_controller.h"

#include <QLocale>

namespace qvlm::studio {

CompareSide::CompareSide(QString command, QObject* parent) : QObject(parent), child_(std::move(command)) {
  connect(&child_, &ChatChild::event, this, &CompareSide::take);
  connect(&child_, &ChatChild::ended, this, [this](const QString& message) {
    if (reload_) {
      reload_ = false;
      child_.start(choice_);
      return;
    }
    const bool was_asked = busy();
    pending_.reset();
    failure_ = message;
    set_activity(message.isEmpty() ? Activity::EMPTY : Activity::BROKEN);
    if (was_asked) Q_EMIT ended();
  });
}

QString CompareSide::text() const {
  QString text;
  for (const AnswerToken& token : tokens_) text += token.text;
  return text;
}

void CompareSide::clear() {
  tokens_.clear();
  finished_.reset();
  failure_.clear();
  Q_EMIT changed();
}

void CompareSide::ask(const ChatModelChoice& choice, const Ask& ask) {
  clear();
  pending_ = ask;
  if (child_.running() && choice == choice_ && activity_ == Activity::READY) return begin();
  choice_ = choice;
  set_activity(Activity::LOADING);
  if (child_.running()) {
    reload_ = true;
    child_.quit();
  } else {
    child_.start(choice);
  }
}

void CompareSide::begin() {
  const Ask ask = *pending_;
  pending_.reset();
  set_activity(Activity::ANSWERING);
  child_.ask(ask);
}

void CompareSide::stop() {
  if (activity_ == Activity::ANSWERING) {
    child_.stop_answer();
  } else if (activity_ == Activity::LOADING && pending_) {
    // The model goes on loading, and is there for the next question.
    pending_.reset();
    Q_EMIT ended();
  }
}

void CompareSide::unload() {
  pending_.reset();
  if (child_.running()) {
    child_.quit();
  } else {
    set_activity(Activity::EMPTY);
  }
}

void CompareSide::take(const ChatEvent& event) {
  if (std::holds_alternative<ChatReady>(event)) {
    if (reload_) return;
    pending_ ? begin() : set_activity(Activity::READY);
  } else if (activity_ != Activity::ANSWERING) {
    return;  // a failure to load is reported when the child ends
  } else if (const auto* token = std::get_if<TokenGenerated>(&event)) {
    tokens_.push_back({token->id, QString::fromStdString(token->text)});
    Q_EMIT changed();
  } else if (const auto* finished = std::get_if<AnswerFinished>(&event)) {
    finished_ = *finished;
    set_activity(Activity::READY);
    Q_EMIT ended();
  } else if (const auto* failed = std::get_if<ChatFailed>(&event)) {
    failure_ = QString::fromStdString(failed->message);
    set_activity(Activity::READY);
    Q_EMIT ended();
  }
}

void CompareSide::set_activity(Activity activity) {
  activity_ = activity;
  Q_EMIT changed();
}

CompareController::CompareController(QString command, QObject* parent)
    : QObject(parent), sides_{new CompareSide(command, this), new CompareSide(command, this)} {
  later_.setSingleShot(true);
  later_.setInterval(33);
  connect(&later_, &QTimer::timeout, this, &CompareController::changed);
  for (CompareSide* side : sides_) {
    connect(side, &CompareSide::changed, this, [this] {
      if (!later_.isActive()) later_.start();
    });
  }
  connect(sides_[0], &CompareSide::ended, this, [this] {
    if (!waiting_) return;
    const auto [choice, ask] = *waiting_;
    waiting_.reset();
    sides_[1]->ask(choice, ask);
  });
}

bool CompareController::ask(const ChatModelChoice& first, const ChatModelChoice& second, const QString& text,
                            const QStringList& images, bool in_turn) {
  if (busy() || (text.trimmed().isEmpty() && images.isEmpty())) return false;
  Ask ask;
  ChatTurn turn;
  turn.role = "user";
  turn.text = text.trimmed().toStdString();
  for (const QString& image : images) turn.images.push_back(image.toStdString());
  ask.turns.push_back(turn);
  sides_[1]->clear();
  if (in_turn) waiting_ = std::pair(second, ask);
  sides_[0]->ask(first, ask);
  if (!in_turn) sides_[1]->ask(second, ask);
  return true;
}

void CompareController::stop() {
  waiting_.reset();
  for (CompareSide* side : sides_) side->stop();
}

void CompareController::unload() {
  waiting_.reset();
  for (CompareSide* side : sides_) side->unload();
}

TokenComparison CompareController::comparison() const {
  return compare_tokens(sides_[0]->tokens(), sides_[0]->finished().has_value(), sides_[1]->tokens(),
                        sides_[1]->finished().has_value());
}

QString CompareController::verdict() const {
  const TokenComparison compared = comparison();
  const bool both = sides_[0]->finished() && sides_[1]->finished();
  if (!compared.parted) {
    if (both) return tr("The answers are the same, token by token (%1).").arg(compared.common);
    if (compared.common > 0) return tr("The same so far: %1 tokens").arg(compared.common);
    return {};
  }
  const auto word = [&](int index) {
    const auto& tokens = sides_[static_cast<size_t>(index)]->tokens();
    const size_t at = static_cast<size_t>(*compared.parted);
    return at < tokens.size() ? tr("“%1”").arg(tokens[at].text) : tr("the end");
  };
  const QString parted = tr("token %1 is %2 against %3").arg(*compared.parted + 1).arg(word(0), word(1));
  if (!both) return tr("The same for %1 tokens; %2").arg(compared.common).arg(parted);
  return tr("The first %1 of %2 tokens agree (%3 %); %4")
      .arg(compared.common)
      .arg(compared.longer)
      .arg(QLocale().toString(100 * compared.agreement(), 'f', 0))
      .arg(parted);
}

QString CompareController::speeds() const {
  if (!sides_[0]->finished() || !sides_[1]->finished()) return {};
  const AnswerFinished &a = *sides_[0]->finished(), &b = *sides_[1]->finished();
  if (a.decode_tokens_per_second <= 0 || b.decode_tokens_per_second <= 0) return {};
  const double ratio = b.decode_tokens_per_second / a.decode_tokens_per_second;
  const QLocale locale;
  const QString text = ratio >= 1 ? tr("B decodes %1 times as fast as A").arg(locale.toString(ratio, 'f', 1))
                                  : tr("A decodes %1 times as fast as B").arg(locale.toString(1 / ratio, 'f', 1));
  if (a.info.weight_bytes <= 0 || b.info.weight_bytes <= 0) return text;
  return tr("%1; weights of A %2 MB, of B %3 MB")
      .arg(text, locale.toString(double(a.info.weight_bytes) / 1e6, 'f', 1),
           locale.toString(double(b.info.weight_bytes) / 1e6, 'f', 1));
}

}  // namespace qvlm::studio
