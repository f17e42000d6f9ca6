// The small parts that every page is made of: cards, headers, banners, badges, labelled fields.
#pragma once

#include <QFrame>
#include <QLabel>
#include <QPushButton>
#include <QString>
#include <QToolButton>

class QHBoxLayout;
class QVBoxLayout;

namespace qvlm::studio {

class FlowLayout;

/// A titled surface. Put content into body().
class Card : public QFrame {
  Q_OBJECT
 public:
  explicit Card(const QString& title, QWidget* parent = nullptr);
  QVBoxLayout* body() { return body_; }
  /// Beside the title, to the right.
  QHBoxLayout* header();
  void set_title(const QString& title);

 private:
  QLabel* title_;
  QVBoxLayout *all_, *body_;
  QHBoxLayout* header_ = nullptr;  // none while there is nothing to stand in it
};

/// A message across the page, with one action at most. Hidden until show_message().
class Banner : public QFrame {
  Q_OBJECT
 public:
  enum class Kind { INFO, GOOD, WARNING, BAD };
  explicit Banner(QWidget* parent = nullptr);
  void show_message(Kind kind, const QString& text, const QString& action = {});
  QString text() const { return label_->text(); }
  QPushButton* action_button() { return action_; }

 Q_SIGNALS:
  void action();

 private:
  QLabel* label_;
  QPushButton* action_;
  QToolButton* close_;
};

/// Title and subtitle of a page; further widgets go to the right, or beneath where they have no room.
class PageHeader : public QWidget {
  Q_OBJECT
 public:
  PageHeader(const QString& title, const QString& subtitle, QWidget* parent = nullptr);
  void set_subtitle(const QString& text) { subtitle_->setText(text); }
  FlowLayout* actions() { return actions_; }

 private:
  QLabel* subtitle_;
  FlowLayout* actions_;
};

/// Wraps its text where it has to, and while its width stays never gets lower: what changes many times a second does not move what stands beneath it.
class StillLabel : public QLabel {
  Q_OBJECT
 public:
  explicit StillLabel(QWidget* parent = nullptr);
  /// The text on one line.
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;
  int heightForWidth(int width) const override;

 protected:
  void resizeEvent(QResizeEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  int highest_ = 0;
};

/// Numbers and their signs stay on one line where the text is wrapped: "4 %".
QString unbroken(QString text);
/// For what views write beside what they draw: `share` of the widget's text size.
QFont small_font(const QWidget& widget, double share = 0.8);
QLabel* muted_label(const QString& text, QWidget* parent = nullptr);
QLabel* badge(const QString& text, const char* kind, QWidget* parent = nullptr);
void set_badge(QLabel* badge, const QString& text, const char* kind);
QPushButton* primary_button(const QString& text, QWidget* parent = nullptr);
/// A caption above a control; the caption becomes its buddy, and its accessible name.
QWidget* labelled(const QString& caption, QWidget* control, QWidget* parent = nullptr);
/// Sets a property that the style sheet reads, and restyles.
void set_style_property(QWidget* widget, const char* name, const QVariant& value);

}  // namespace qvlm::studio
