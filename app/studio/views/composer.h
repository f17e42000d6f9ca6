// Where a question is written: text, pictures by drop, paste or dialog, send and stop.
#pragma once

#include <QFrame>
#include <QPlainTextEdit>
#include <QStringList>
#include <vector>

class QHBoxLayout;
class QPushButton;
class QToolButton;

namespace qvlm::studio {

class Theme;
class Thumbnail;

/// Enter sends, Shift + Enter breaks the line; pasted pictures and files become attachments.
class QuestionEdit : public QPlainTextEdit {
  Q_OBJECT
 public:
  explicit QuestionEdit(QWidget* parent = nullptr);

 Q_SIGNALS:
  void send();
  void escaped();
  void picture_pasted(const QImage& picture);
  void files_pasted(const QStringList& files);
  void focus_changed(bool focused);

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  bool canInsertFromMimeData(const QMimeData* source) const override;
  void insertFromMimeData(const QMimeData* source) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
};

class Composer : public QFrame {
  Q_OBJECT
 public:
  /// Pasted pictures are kept in `picture_folder`.
  Composer(const Theme& theme, QString picture_folder, QWidget* parent = nullptr);

  void attach(const QStringList& files);
  QStringList attachments() const;
  QString text() const { return edit_->toPlainText(); }
  void clear();
  void set_answering(bool answering);
  /// A question that was asked before is being changed; said above the text, with a button that gives it up.
  void begin_edit(const QString& text, const QStringList& images);
  bool editing() const;
  QToolButton* cancel_edit_button() { return cancel_edit_; }
  void set_can_send(bool can_send, const QString& why_not);
  QuestionEdit* edit() { return edit_; }
  QPushButton* send_button() { return send_; }
  QToolButton* screenshot_button() { return screenshot_; }

 Q_SIGNALS:
  void send(const QString& text, const QStringList& images);
  void stop();
  void edit_cancelled();
  void attachments_changed();
  void problem(const QString& message);

 protected:
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dragLeaveEvent(QDragLeaveEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  void submit();
  void keep_pasted(const QImage& picture);
  void take_screenshot();
  void remove(Thumbnail* picture);
  void restyle();

  const Theme& theme_;
  QString picture_folder_;
  QuestionEdit* edit_;
  QWidget* editing_box_;
  QToolButton* cancel_edit_;
  QHBoxLayout* strip_;
  QWidget* strip_box_;
  QToolButton *attach_, *screenshot_;
  QPushButton* send_;
  std::vector<Thumbnail*> pictures_;
  bool answering_ = false, can_send_ = false;
};

}  // namespace qvlm::studio
