// A plain list; the last message grows while an answer streams.
#include "app/studio/models/chat_model.h"

#include <array>
#include <utility>

namespace qvlm::studio {

namespace {

constexpr std::array<std::pair<MessageState, const char*>, 6> kNames = {{{MessageState::DONE, "done"},
                                                                         {MessageState::WAITING, "waiting"},
                                                                         {MessageState::STREAMING, "streaming"},
                                                                         {MessageState::STOPPED, "stopped"},
                                                                         {MessageState::INTERRUPTED, "interrupted"},
                                                                         {MessageState::FAILED, "failed"}}};

}  // namespace

QString name_of(MessageState state) {
  for (const auto& [value, name] : kNames) {
    if (value == state) return QLatin1String(name);
  }
  return {};
}

MessageState message_state_of(const QString& name) {
  for (const auto& [value, known] : kNames) {
    if (name == QLatin1String(known)) return value;
  }
  return MessageState::INTERRUPTED;
}

int ChatModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(messages_.size());
}

QVariant ChatModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  const ChatMessage& message = messages_[static_cast<size_t>(index.row())];
  switch (role) {
    case Qt::DisplayRole:
      return message.text;
    case ROLE_ROLE:
      return message.role;
    case IMAGES_ROLE:
      return message.images;
    case STATE_ROLE:
      return name_of(message.state);
    case NOTE_ROLE:
      return message.note;
    case BRANCH_ROLE:
      return message.branch;
    default:
      return {};
  }
}

void ChatModel::set_messages(std::vector<ChatMessage> messages) {
  beginResetModel();
  messages_ = std::move(messages);
  endResetModel();
}

void ChatModel::append(const ChatMessage& message) {
  beginInsertRows({}, rowCount(), rowCount());
  messages_.push_back(message);
  endInsertRows();
}

void ChatModel::update(int row, const ChatMessage& message) {
  messages_.at(static_cast<size_t>(row)) = message;
  Q_EMIT dataChanged(index(row), index(row));
}

void ChatModel::append_text(const QString& text) {
  if (messages_.empty()) return;
  messages_.back().text += text;
  messages_.back().state = MessageState::STREAMING;
  const QModelIndex last = index(rowCount() - 1);
  Q_EMIT dataChanged(last, last, {Qt::DisplayRole, STATE_ROLE});
}

void ChatModel::truncate(int rows) {
  if (rows >= rowCount()) return;
  beginRemoveRows({}, rows, rowCount() - 1);
  messages_.resize(static_cast<size_t>(rows));
  endRemoveRows();
}

}  // namespace qvlm::studio
