// One question to two models: a child each, their tokens as they come, and how the answers compare.
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <QTimer>
#include <array>
#include <optional>
#include <vector>

#include "app/studio/children/chat_child.h"
#include "app/studio/models/token_comparison.h"

namespace qvlm::studio {

/// One of the two models. It is loaded when it is first asked, and stays loaded.
class CompareSide : public QObject {
  Q_OBJECT
 public:
  enum class Activity { EMPTY, LOADING, READY, ANSWERING, BROKEN };
  Q_ENUM(Activity)
  explicit CompareSide(QString command, QObject* parent = nullptr);

  Activity activity() const { return activity_; }
  bool busy() const { return activity_ == Activity::LOADING || activity_ == Activity::ANSWERING; }
  const ChatModelChoice& choice() const { return choice_; }
  const std::vector<AnswerToken>& tokens() const { return tokens_; }
  const std::optional<AnswerFinished>& finished() const { return finished_; }
  const QString& failure() const { return failure_; }
  QString text() const;

  /// Forgets the last answer.
  void clear();
  /// Loads the model unless it is loaded, then asks.
  void ask(const ChatModelChoice& choice, const Ask& ask);
  void stop();
  void unload();
  ChatChild& child() { return child_; }

 Q_SIGNALS:
  void changed();
  /// The answer is whole, was stopped, or failed.
  void ended();

 private:
  void begin();
  void take(const ChatEvent& event);
  void set_activity(Activity activity);

  ChatChild child_;
  ChatModelChoice choice_;
  std::optional<Ask> pending_;  // to be asked once the model is ready
  bool reload_ = false;         // another model is to be loaded once the child has ended
  Activity activity_ = Activity::EMPTY;
  std::vector<AnswerToken> tokens_;
  std::optional<AnswerFinished> finished_;
  QString failure_;
};

class CompareController : public QObject {
  Q_OBJECT
 public:
  explicit CompareController(QString command, QObject* parent = nullptr);
  CompareSide& side(int index) { return *sides_.at(static_cast<size_t>(index)); }
  const CompareSide& side(int index) const { return *sides_.at(static_cast<size_t>(index)); }
  bool busy() const { return waiting_.has_value() || sides_[0]->busy() || sides_[1]->busy(); }
  /// Both always choose the likeliest token: what differs is the models' doing. `in_turn`: the second is asked when the
  /// first has ended, so that neither slows the other. False while busy.
  bool ask(const ChatModelChoice& first, const ChatModelChoice& second, const QString& text, const QStringList& images,
           bool in_turn);
  void stop();
  void unload();
  TokenComparison comparison() const;
  /// "The first 6 of 17 tokens agree (35 %); then “ red” against “ blue”."
  QString verdict() const;
  /// "B decodes 2.1 times as fast as A"; empty until both have ended.
  QString speeds() const;

 Q_SIGNALS:
  /// At most 30 times a second.
  void changed();

 private:
  std::array<CompareSide*, 2> sides_;
  std::optional<std::pair<ChatModelChoice, Ask>> waiting_;  // the second's turn comes
  QTimer later_;
};

}  // namespace qvlm::studio
