// One message: its pictures, its words, and how it came about.
#pragma once

#include <QFrame>
#include <QLabel>

class QHBoxLayout;

namespace qvlm::studio {

struct ChatMessage;

/// A label that is as wide as its text up to a limit, and wraps behind it.
class WrappingLabel : public QLabel {
  Q_OBJECT
 public:
  explicit WrappingLabel(QWidget* parent = nullptr);
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;
};

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
  explicit MessageBubble(const ChatMessage& message, QWidget* parent = nullptr);
  void show_message(const ChatMessage& message);
  QString text() const { return text_->text(); }

 private:
  QFrame* bubble_;
  QHBoxLayout* pictures_;
  WrappingLabel* text_;
  QLabel* note_;
  QStringList shown_pictures_;
};

}  // namespace qvlm::studio
