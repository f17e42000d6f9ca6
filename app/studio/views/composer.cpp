// Attachments are files; a pasted picture becomes one first, away from the interface thread.
#include "app/studio/views/composer.h"

#include <QCoreApplication>
#include <QDir>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QMimeData>
#include <QPointer>
#include <QPushButton>
#include <QScreen>
#include <QThreadPool>
#include <QTimer>
#include <QToolButton>
#include <QUuid>
#include <QVBoxLayout>
#include <algorithm>

#include "app/studio/style/icons.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/message_bubble.h"
#include "app/studio/views/picture_loader.h"
#include "app/studio/views/screenshot.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

QuestionEdit::QuestionEdit(QWidget* parent) : QPlainTextEdit(parent) {
  setAccessibleName(tr("Question"));
  setPlaceholderText(tr("Ask about a picture"));
  setTabChangesFocus(true);
  setFrameShape(QFrame::NoFrame);
  setAcceptDrops(false);  // the composer takes drops as a whole
}

void QuestionEdit::keyPressEvent(QKeyEvent* event) {
  const bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
  if (enter && !(event->modifiers() & Qt::ShiftModifier)) {
    Q_EMIT send();
    return;
  }
  if (event->key() == Qt::Key_Escape) Q_EMIT escaped();
  QPlainTextEdit::keyPressEvent(event);
}

bool QuestionEdit::canInsertFromMimeData(const QMimeData* source) const {
  return source->hasImage() || source->hasUrls() || QPlainTextEdit::canInsertFromMimeData(source);
}

void QuestionEdit::insertFromMimeData(const QMimeData* source) {
  const QStringList files = local_files(source);
  if (!files.isEmpty()) {
    Q_EMIT files_pasted(files);
  } else if (source->hasImage()) {
    Q_EMIT picture_pasted(qvariant_cast<QImage>(source->imageData()));
  } else {
    QPlainTextEdit::insertFromMimeData(source);
  }
}

void QuestionEdit::focusInEvent(QFocusEvent* event) {
  Q_EMIT focus_changed(true);
  QPlainTextEdit::focusInEvent(event);
}

void QuestionEdit::focusOutEvent(QFocusEvent* event) {
  Q_EMIT focus_changed(false);
  QPlainTextEdit::focusOutEvent(event);
}

Composer::Composer(const Theme& theme, QString picture_folder, QWidget* parent)
    : QFrame(parent),
      theme_(theme),
      picture_folder_(std::move(picture_folder)),
      edit_(new QuestionEdit(this)),
      editing_box_(new QWidget(this)),
      cancel_edit_(new QToolButton(editing_box_)),
      strip_box_(new QWidget(this)),
      attach_(new QToolButton(this)),
      screenshot_(new QToolButton(this)),
      send_(primary_button(tr("Send"), this)) {
  setObjectName(QStringLiteral("composer"));
  setAcceptDrops(true);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(kUnit, kUnit, kUnit, kUnit);
  column->setSpacing(kUnit);
  auto* row_of_words = new QHBoxLayout(editing_box_);
  row_of_words->setContentsMargins(4, 0, 0, 0);
  auto* words =
      new QLabel(tr("Asking an earlier question differently. What was answered to it stays as a branch."), this);
  words->setObjectName(QStringLiteral("field_label"));
  words->setWordWrap(true);
  cancel_edit_->setAccessibleName(tr("Leave the question as it was"));
  cancel_edit_->setToolTip(tr("Leave the question as it was (Esc)"));
  row_of_words->addWidget(words, 1);
  row_of_words->addWidget(cancel_edit_);
  editing_box_->hide();
  column->addWidget(editing_box_);
  strip_ = new QHBoxLayout(strip_box_);
  strip_->setContentsMargins(0, 0, 0, 0);
  strip_->setSpacing(kUnit);
  strip_->addStretch(1);
  strip_box_->hide();
  column->addWidget(strip_box_);
  auto* row = new QHBoxLayout;
  row->setSpacing(kUnit);
  attach_->setAccessibleName(tr("Attach pictures"));
  attach_->setToolTip(tr("Attach pictures (Ctrl+I)"));
  attach_->setShortcut(Qt::CTRL | Qt::Key_I);
  attach_->setIconSize({22, 22});
  screenshot_->setAccessibleName(tr("Attach a screenshot"));
  screenshot_->setToolTip(tr("Attach a screenshot, or a part of it (Ctrl+Shift+S)"));
  screenshot_->setShortcut(Qt::CTRL | Qt::SHIFT | Qt::Key_S);
  screenshot_->setIconSize({22, 22});
  connect(screenshot_, &QToolButton::clicked, this, &Composer::take_screenshot);
  row->addWidget(attach_, 0, Qt::AlignBottom);
  row->addWidget(screenshot_, 0, Qt::AlignBottom);
  row->addWidget(edit_, 1);
  row->addWidget(send_, 0, Qt::AlignBottom);
  column->addLayout(row);
  connect(edit_, &QuestionEdit::send, this, &Composer::submit);
  const auto give_up = [this] {
    if (!editing()) return;
    clear();
    Q_EMIT edit_cancelled();
    edit_->setFocus();
  };
  connect(edit_, &QuestionEdit::escaped, this, give_up);
  connect(cancel_edit_, &QToolButton::clicked, this, give_up);
  connect(edit_, &QuestionEdit::files_pasted, this, &Composer::attach);
  connect(edit_, &QuestionEdit::picture_pasted, this, &Composer::keep_pasted);
  connect(edit_, &QuestionEdit::focus_changed, this,
          [this](bool focused) { set_style_property(this, "focused", focused); });
  connect(send_, &QPushButton::clicked, this, [this] { answering_ ? Q_EMIT stop() : submit(); });
  connect(attach_, &QToolButton::clicked, this, [this] {
    attach(QFileDialog::getOpenFileNames(this, tr("Pictures"), {},
                                         tr("Pictures (%1);;All files (*)").arg(picture_filter())));
  });
  connect(&theme_, &Theme::changed, this, &Composer::restyle);
  restyle();
}

void Composer::restyle() {
  edit_->setFixedHeight(theme_.scaled(56));
  screenshot_->setIcon(icon(QStringLiteral("screenshot"), theme_.colors(), 22));
  attach_->setIcon(icon(QStringLiteral("image"), theme_.colors(), 22));
  cancel_edit_->setIcon(icon(QStringLiteral("close"), theme_.colors(), 14));
  send_->setIcon(icon_on_accent(answering_ ? QStringLiteral("stop") : QStringLiteral("send"), theme_.colors()));
}

void Composer::attach(const QStringList& files) {
  for (const QString& file : files) {
    if (!looks_like_picture(file)) {
      Q_EMIT problem(
          tr("%1 is not a picture that can be read (PNG, JPEG, WebP, BMP, GIF).").arg(QFileInfo(file).fileName()));
      continue;
    }
    if (attachments().contains(file)) continue;
    auto* box = new QFrame(strip_box_);
    box->setObjectName(QStringLiteral("thumbnail"));
    auto* row = new QHBoxLayout(box);
    row->setContentsMargins(4, 4, 2, 4);
    row->setSpacing(2);
    auto* picture = new Thumbnail(file, 52, box);
    auto* remove = new QToolButton(box);
    remove->setIcon(icon(QStringLiteral("close"), theme_.colors(), 14));
    remove->setAccessibleName(tr("Remove %1").arg(QFileInfo(file).fileName()));
    remove->setToolTip(tr("Remove"));
    row->addWidget(picture);
    row->addWidget(remove, 0, Qt::AlignTop);
    strip_->insertWidget(strip_->count() - 1, box);
    pictures_.push_back(picture);
    connect(remove, &QToolButton::clicked, box, [this, picture] { this->remove(picture); });
    connect(picture, &Thumbnail::loaded, box, [this, picture] {
      if (!picture->broken()) return;
      Q_EMIT problem(picture->accessibleDescription());
      this->remove(picture);
    });
  }
  strip_box_->setVisible(!pictures_.empty());
  Q_EMIT attachments_changed();
}

void Composer::remove(Thumbnail* picture) {
  std::erase(pictures_, picture);
  picture->parentWidget()->deleteLater();
  strip_box_->setVisible(!pictures_.empty());
  Q_EMIT attachments_changed();
}

void Composer::take_screenshot() {
  QWidget* window = this->window();
  QScreen* screen = window->screen();
  // The studio itself is not what is to be looked at.
  window->hide();
  QPointer<Composer> self(this);
  QTimer::singleShot(250, this, [self, window, screen] {
    const QImage picture = screen->grabWindow(0).toImage();
    const auto back = [self, window] {
      if (!self) return;
      window->show();
      self->edit_->setFocus();
    };
    if (picture.isNull()) {
      back();
      Q_EMIT self->problem(tr("This system does not let programs look at the screen. Take a screenshot with its own key and paste it."));
      return;
    }
    auto* picker = new ScreenshotPicker(picture);
    connect(picker, &ScreenshotPicker::taken, self, &Composer::keep_pasted);
    connect(picker, &QObject::destroyed, self, back);
    picker->setGeometry(screen->geometry());
    picker->showFullScreen();
    picker->activateWindow();
  });
}

QStringList Composer::attachments() const {
  QStringList files;
  for (const Thumbnail* picture : pictures_) files << picture->path();
  return files;
}

void Composer::begin_edit(const QString& text, const QStringList& images) {
  clear();
  edit_->setPlainText(text);
  edit_->moveCursor(QTextCursor::End);
  attach(images);
  editing_box_->show();
  edit_->setFocus();
}

bool Composer::editing() const {
  return !editing_box_->isHidden();
}

void Composer::clear() {
  editing_box_->hide();
  edit_->clear();
  for (Thumbnail* picture : pictures_) picture->parentWidget()->deleteLater();
  pictures_.clear();
  strip_box_->hide();
  Q_EMIT attachments_changed();
}

void Composer::set_answering(bool answering) {
  answering_ = answering;
  send_->setText(answering ? tr("Stop") : tr("Send"));
  send_->setAccessibleName(send_->text());
  send_->setEnabled(answering_ || can_send_);
  restyle();
}

void Composer::set_can_send(bool can_send, const QString& why_not) {
  can_send_ = can_send;
  send_->setEnabled(answering_ || can_send_);
  send_->setToolTip(can_send ? tr("Enter sends, Shift+Enter starts a new line") : why_not);
}

void Composer::submit() {
  if (!can_send_ || answering_ || (text().trimmed().isEmpty() && pictures_.empty())) return;
  Q_EMIT send(text(), attachments());
}

void Composer::keep_pasted(const QImage& picture) {
  const QString folder = picture_folder_;
  const QString file =
      QDir(folder).filePath(QUuid::createUuid().toString(QUuid::WithoutBraces) + QStringLiteral(".png"));
  QPointer<Composer> self(this);
  QThreadPool::globalInstance()->start([self, picture, folder, file] {
    const bool saved = QDir().mkpath(folder) && picture.save(file);
    QMetaObject::invokeMethod(QCoreApplication::instance(), [self, saved, file] {
      if (!self) return;
      if (saved) {
        self->attach({file});
      } else {
        Q_EMIT self->problem(Composer::tr("The pasted picture could not be kept in %1.").arg(file));
      }
    });
  });
}

void Composer::dragEnterEvent(QDragEnterEvent* event) {
  const QStringList files = local_files(event->mimeData());
  const bool pictures = !files.isEmpty() && std::none_of(files.begin(), files.end(), [](const QString& file) { return QFileInfo(file).isDir(); });
  if (!pictures && (!files.isEmpty() || !event->mimeData()->hasImage())) return event->ignore();
  set_style_property(this, "target", true);
  event->acceptProposedAction();
}

void Composer::dragLeaveEvent(QDragLeaveEvent*) {
  set_style_property(this, "target", false);
}

void Composer::dropEvent(QDropEvent* event) {
  set_style_property(this, "target", false);
  const QStringList files = local_files(event->mimeData());
  if (!files.isEmpty()) {
    attach(files);
  } else if (event->mimeData()->hasImage()) {
    keep_pasted(qvariant_cast<QImage>(event->mimeData()->imageData()));
  }
  event->acceptProposedAction();
  edit_->setFocus();
}

}  // namespace qvlm::studio
