// The small parts that every page is made of: cards, headers, banners, badges, labelled fields.
#pragma once

#include <QFrame>
#include <QLabel>
#include <QPushButton>
#include <QString>
#include <QToolButton>

class QBoxLayout;
class QFormLayout;
class QVBoxLayout;
class QHBoxLayout;

namespace qvlm::studio {

class Theme;

/// A titled surface. Put content into body().
class Card : public QFrame {
  Q_OBJECT
 public:
  explicit Card(const QString& title, QWidget* parent = nullptr);
  QVBoxLayout* body() { return body_; }
  /// Beside the title, to the right.
  QHBoxLayout* header() { return header_; }
  void set_title(const QString& title);

 private:
  QLabel* title_;
  QVBoxLayout* body_;
  QHBoxLayout* header_;
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

/// Title and subtitle of a page; further widgets go to the right.
class PageHeader : public QWidget {
  Q_OBJECT
 public:
  PageHeader(const QString& title, const QString& subtitle, QWidget* parent = nullptr);
  void set_subtitle(const QString& text) { subtitle_->setText(text); }
  QHBoxLayout* actions() { return actions_; }

 private:
  QLabel* subtitle_;
  QHBoxLayout* actions_;
};

QLabel* muted_label(const QString& text, QWidget* parent = nullptr);
QLabel* badge(const QString& text, const char* kind, QWidget* parent = nullptr);
void set_badge(QLabel* badge, const QString& text, const char* kind);
QPushButton* primary_button(const QString& text, QWidget* parent = nullptr);
/// A caption above a control; the caption becomes its buddy, and its accessible name.
QWidget* labelled(const QString& caption, QWidget* control, QWidget* parent = nullptr);
/// Sets a property that the style sheet reads, and restyles.
void set_style_property(QWidget* widget, const char* name, const QVariant& value);

}  // namespace qvlm::studio
