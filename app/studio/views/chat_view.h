// The messages of a chat as bubbles, newest at the bottom, growing while an answer streams.
#pragma once

#include <QLabel>
#include <QScrollArea>
#include <vector>

class QVBoxLayout;

namespace qvlm::studio {

class ChatModel;
class MessageBubble;
class Theme;

class ChatView : public QScrollArea {
  Q_OBJECT
 public:
  ChatView(ChatModel& model, const Theme& theme, QWidget* parent = nullptr);
  /// Shown while there is no message.
  void set_empty_text(const QString& title, const QString& text);
  int bubbles() const { return static_cast<int>(bubbles_.size()); }
  QString shown_text(int row) const;
  MessageBubble* bubble(int row) { return bubbles_.at(static_cast<size_t>(row)); }
  /// While an answer streams: no editing, no other branch.
  void set_busy(bool busy);

 Q_SIGNALS:
  void edit_wanted(int row);
  void branch_wanted(int row, int steps);

 private:
  void rebuild();
  void insert(int row);
  void follow();

  ChatModel& model_;
  const Theme& theme_;
  QWidget* column_;
  QVBoxLayout* layout_;
  QWidget* empty_;
  QLabel* empty_title_;
  QLabel* empty_text_;
  std::vector<MessageBubble*> bubbles_;
  bool at_bottom_ = true, busy_ = false;
};

}  // namespace qvlm::studio
