// Bubbles: the user's to the right, the model's to the left.
#include "app/studio/views/message_bubble.h"

#include <QFileInfo>
#include <QHBoxLayout>
#include <QPainter>
#include <QPainterPath>
#include <QVBoxLayout>

#include "app/studio/models/chat_model.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/picture_loader.h"

namespace qvlm::studio {

namespace {

constexpr int kWidest = 620;  // pixels of a line of text

}  // namespace

WrappingLabel::WrappingLabel(QWidget* parent) : QLabel(parent) {
  setWordWrap(true);
  setTextFormat(Qt::PlainText);  // a model's words are never markup
  setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Preferred);
  policy.setHeightForWidth(true);
  setSizePolicy(policy);
}

QSize WrappingLabel::sizeHint() const {
  const QRect bounds = fontMetrics().boundingRect(QRect(0, 0, kWidest, 100000), Qt::TextWordWrap, text());
  return {std::min(kWidest, bounds.width() + 4), heightForWidth(std::min(kWidest, bounds.width() + 4))};
}

QSize WrappingLabel::minimumSizeHint() const {
  return {std::min(sizeHint().width(), 80), fontMetrics().height()};
}

Thumbnail::Thumbnail(const QString& path, int height, QWidget* parent) : QLabel(parent), path_(path) {
  setObjectName(QStringLiteral("thumbnail_label"));
  setFixedHeight(height);
  setMinimumWidth(height);
  setAlignment(Qt::AlignCenter);
  setAccessibleName(tr("Picture %1").arg(QFileInfo(path).fileName()));
  setToolTip(path);
  setText(QStringLiteral("…"));
  const qreal ratio = devicePixelRatioF();
  load_picture(path, QSize(static_cast<int>(2.2 * height * ratio), static_cast<int>(height * ratio)), this,
               [this, height, ratio](const LoadedPicture& picture) {
                 if (picture.image.isNull()) {
                   broken_ = true;
                   setText(tr("not a picture"));
                   setToolTip(picture.error);
                   setAccessibleDescription(picture.error);
                 } else {
                   QImage image = picture.image;
                   if (image.height() < height * ratio && image.width() < height * ratio) {
                     // A tiny picture is shown enlarged, pixel by pixel.
                     image = image.scaledToHeight(static_cast<int>(height * ratio), Qt::FastTransformation);
                   }
                   QPixmap rounded(image.size());
                   rounded.fill(Qt::transparent);
                   QPainter painter(&rounded);
                   painter.setRenderHint(QPainter::Antialiasing);
                   QPainterPath path;
                   path.addRoundedRect(QRectF(rounded.rect()), 8 * ratio, 8 * ratio);
                   painter.setClipPath(path);
                   painter.drawImage(0, 0, image);
                   painter.end();
                   rounded.setDevicePixelRatio(ratio);
                   setText({});
                   setPixmap(rounded);
                   setFixedWidth(static_cast<int>(rounded.width() / ratio));
                   setToolTip(tr("%1\n%2 × %3 pixels").arg(path_).arg(picture.size.width()).arg(picture.size.height()));
                 }
                 Q_EMIT loaded();
               });
}

MessageBubble::MessageBubble(const ChatMessage& message, QWidget* parent)
    : QWidget(parent),
      bubble_(new QFrame(this)),
      pictures_(new QHBoxLayout),
      text_(new WrappingLabel(bubble_)),
      note_(new QLabel(bubble_)) {
  bubble_->setObjectName(QStringLiteral("bubble"));
  bubble_->setProperty("role", message.role);
  bubble_->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred);
  auto* column = new QVBoxLayout(bubble_);
  column->setContentsMargins(14, 10, 14, 10);
  column->setSpacing(6);
  pictures_->setSpacing(kUnit);
  column->addLayout(pictures_);
  column->addWidget(text_);
  note_->setObjectName(QStringLiteral("field_label"));
  note_->setWordWrap(false);
  column->addWidget(note_);
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(0, 0, 0, 0);
  const bool mine = message.role == QLatin1String("user");
  if (mine) row->addStretch(1);
  row->addWidget(bubble_);
  if (!mine) row->addStretch(1);
  show_message(message);
}

void MessageBubble::show_message(const ChatMessage& message) {
  if (shown_pictures_ != message.images) {
    shown_pictures_ = message.images;
    for (const QString& image : message.images) pictures_->addWidget(new Thumbnail(image, 132, bubble_));
    pictures_->addStretch(1);
  }
  const bool waiting = message.state == MessageState::WAITING && message.text.isEmpty();
  text_->setText(waiting ? tr("Looking …") : message.text);
  text_->setVisible(!text_->text().isEmpty());
  const QString speaker = message.role == QLatin1String("user")        ? tr("You")
                          : message.role == QLatin1String("assistant") ? tr("Model")
                                                                       : tr("Problem");
  text_->setAccessibleName(speaker);
  setAccessibleName(tr("%1: %2").arg(speaker, message.text));
  QString note = message.note;
  if (note.isEmpty() && message.state == MessageState::INTERRUPTED) note = tr("interrupted");
  note_->setText(note);
  note_->setVisible(!note.isEmpty());
  text_->updateGeometry();
}

}  // namespace qvlm::studio
