// One message: its pictures, its words, how it came about, and what can be done with it.
#pragma once

#include <QFrame>
#include <QLabel>

class QHBoxLayout;
class QToolButton;

namespace qvlm::studio {

class AnswerText;
class Theme;
class TokenView;
struct ChatMessage;

/// A picture's thumbnail, loaded in the background; says so where it cannot be read.
class Thumbnail : public QLabel {
  Q_OBJECT
 public:
  Thumbnail(const QString& path, int height, QWidget* parent = nullptr);
  const QString& path() const { return path_; }
  bool broken() const { return broken_; }

 Q_SIGNALS:
  void loaded();

 private:
  QString path_;
  bool broken_ = false;
};

class MessageBubble : public QWidget {
  Q_OBJECT
 public:
  MessageBubble(const ChatMessage& message, const Theme& theme, QWidget* parent = nullptr);
  void show_message(const ChatMessage& message);
  /// Editing and changing the branch rest while an answer streams.
  void set_busy(bool busy);
  QString text() const;
  QToolButton* copy_button() { return copy_; }
  QToolButton* edit_button() { return edit_; }
  QToolButton* tokens_button() { return tokens_; }
  TokenView* token_view() { return token_view_; }
  /// In the order of Tab.
  QList<QWidget*> controls() const;
  QWidget* last_control() const { return controls().last(); }
  QToolButton* earlier_button() { return earlier_; }
  QToolButton* later_button() { return later_; }

 Q_SIGNALS:
  void edit_wanted();
  void branch_wanted(int steps);

 private:
  QToolButton* tool(const QString& icon, const QString& name);
  void restyle();

  const Theme& theme_;
  QFrame* bubble_;
  QHBoxLayout *pictures_, *tools_;
  AnswerText* text_;
  QLabel *note_, *branch_;
  QToolButton *earlier_, *later_, *copy_, *edit_, *tokens_;
  TokenView* token_view_;
  QStringList shown_pictures_;
  QString copied_;  // what Copy copies: the message as it was written
};

}  // namespace qvlm::studio
