// The chats on disk (SQLite): a message is stored before its answer begins, so that nothing that was typed is ever
// lost.
#pragma once

#include <QDateTime>
#include <QString>
#include <vector>

#include "app/studio/models/chat_model.h"

namespace qvlm::studio {

struct ChatHeader {
  qint64 id = 0;
  QString title;  // the first question's beginning
  QString model;  // path
  QDateTime changed;
};

/// Not thread-safe. Throws Error where the disk refuses (full, not writable).
class History {
 public:
  /// Opens or makes the database. A damaged one is kept aside as FILE.damaged-TIME, and a new one begun: notice() says
  /// so.
  explicit History(const QString& file);
  ~History();
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  const QString& notice() const { return notice_; }
  qint64 add_chat(const QString& title, const QString& model);
  /// Returns the message's id; its place is behind the chat's last one.
  qint64 add_message(qint64 chat, const ChatMessage& message);
  void update_message(const ChatMessage& message);
  void remove_message(qint64 id);
  void remove_chat(qint64 chat);
  std::vector<ChatHeader> chats() const;  // latest first
  /// Messages that were waiting or streaming when the studio ended come back as INTERRUPTED.
  std::vector<ChatMessage> messages(qint64 chat) const;

 private:
  bool open(QString* why);

  QString file_, connection_, notice_;
};

}  // namespace qvlm::studio
