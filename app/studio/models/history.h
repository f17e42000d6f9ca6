// The chats on disk (SQLite): a message is stored before its answer begins, so that nothing that was typed is ever
// lost. A chat is a tree: a question asked differently and an answer given again stand beside the older ones.
#pragma once

#include <QDateTime>
#include <QString>
#include <optional>
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
  /// Returns the message's id; its place is behind `parent` (0: the chat's beginning), or behind the end of the branch
  /// that is shown. That branch goes to the new message from now on.
  qint64 add_message(qint64 chat, const ChatMessage& message, std::optional<qint64> parent = {});
  void update_message(const ChatMessage& message);
  /// Of a message that nothing stands behind.
  void remove_message(qint64 id);
  void remove_chat(qint64 chat);
  /// Latest first; with `text`, those with a message or title that contains it, in any case of letters.
  std::vector<ChatHeader> chats(const QString& text = {}) const;
  /// The branch that is shown, from the beginning to its end. Messages that were waiting or streaming when the studio
  /// ended come back as INTERRUPTED.
  std::vector<ChatMessage> messages(qint64 chat) const;
  /// Shows the branch through the message `steps` places after (before, where negative) `id` among those at its place;
  /// as far as there are any.
  void show_branch(qint64 chat, qint64 id, int steps);

 private:
  bool open(QString* why);
  void bring_up_to_date();
  std::vector<qint64> beside(qint64 id) const;

  QString file_, connection_, notice_;
};

}  // namespace qvlm::studio
