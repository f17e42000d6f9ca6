// The words of a message: plain as typed, or Markdown with code blocks that can be copied.
#pragma once

#include <QFrame>
#include <QLabel>
#include <QWidget>
#include <map>
#include <vector>

#include "app/studio/models/markdown_parts.h"

class QPlainTextEdit;
class QPushButton;
class QVBoxLayout;

namespace qvlm::studio {

/// Prose in plain text or HTML: as wide as it needs up to a limit, and wrapped behind it.
class WrappingLabel : public QLabel {
  Q_OBJECT
 public:
  explicit WrappingLabel(Qt::TextFormat format, QWidget* parent = nullptr);
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;
  int heightForWidth(int width) const override;

 private:
  void forget_if_changed() const;
  // A layout asks several times for what a text that grew needs: laying it out is most of what a streamed answer costs.
  mutable QString measured_text_;
  mutable QFont measured_font_;
  mutable QSize hint_;                  // of that text in that font; invalid: not asked for
  mutable std::map<int, int> heights_;  // by width
};

/// A fenced block: its language, a button that copies it, and the code, scrolled sideways where it is wide.
class CodeBlock : public QFrame {
  Q_OBJECT
 public:
  explicit CodeBlock(const MarkdownPart& part, QWidget* parent = nullptr);
  void show_part(const MarkdownPart& part);
  QPushButton* copy_button() { return copy_; }
  QString code() const;

 private:
  QLabel* language_;
  QPushButton* copy_;
  QPlainTextEdit* text_;
};

class AnswerText : public QWidget {
  Q_OBJECT
 public:
  enum class Kind { PLAIN, MARKDOWN };
  explicit AnswerText(Kind kind, QWidget* parent = nullptr);
  void set_text(const QString& text);
  const QString& text() const { return text_; }
  void set_speaker(const QString& name);

 private:
  QWidget* make(const MarkdownPart& part);
  void fill(QWidget* widget, const MarkdownPart& part);

  Kind kind_;
  QString text_, speaker_;
  QVBoxLayout* column_;
  std::vector<MarkdownPart> parts_;
  std::vector<QWidget*> widgets_;  // one a part
};

/// Puts `text` on the clipboard, and says so on the button for a moment.
void copy_with(QWidget* button, const QString& text);

}  // namespace qvlm::studio
