// The messages of one chat, as a list.
#pragma once

#include <QAbstractListModel>
#include <QString>
#include <QStringList>
#include <vector>

namespace qvlm::studio {

enum class MessageState { DONE, WAITING, STREAMING, STOPPED, INTERRUPTED, FAILED };

QString name_of(MessageState state);
MessageState message_state_of(const QString& name);

/// A token of an answer: how likely the model found it, and what else.
struct TokenShare {
  QString text;
  double probability = 0;
  std::vector<std::pair<QString, double>> others;  // the likeliest tokens, this one too where it is among them
  bool operator==(const TokenShare&) const = default;
};

struct ChatMessage {
  qint64 id = 0;  // in the history; 0: not stored
  QString role;   // "user", "assistant", "error" (the studio's own words; never sent to a model)
  QString text;
  QStringList images;  // paths
  MessageState state = MessageState::DONE;
  QString note;  // speed, device, what ended it
  // Of several questions, or answers, at the same place of the dialogue: which one this is, and how many there are.
  int branch = 1, branches = 1;
  std::vector<TokenShare> tokens = {};  // of an answer since the start, where probabilities were asked for; not stored
  bool operator==(const ChatMessage&) const = default;
};

class ChatModel : public QAbstractListModel {
  Q_OBJECT
 public:
  enum Role { ROLE_ROLE = Qt::UserRole + 1, IMAGES_ROLE, STATE_ROLE, NOTE_ROLE, BRANCH_ROLE };

  using QAbstractListModel::QAbstractListModel;
  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;

  void set_messages(std::vector<ChatMessage> messages);
  void append(const ChatMessage& message);
  void update(int row, const ChatMessage& message);
  /// Adds to the last message while it streams.
  void append_text(const QString& text);
  void truncate(int rows);
  const ChatMessage& at(int row) const { return messages_.at(static_cast<size_t>(row)); }
  const std::vector<ChatMessage>& messages() const { return messages_; }

 private:
  std::vector<ChatMessage> messages_;
};

}  // namespace qvlm::studio
