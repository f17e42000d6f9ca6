// Bubbles: the user's to the right, the model's to the left.
#include "app/studio/views/message_bubble.h"

#include <QFileInfo>
#include <QHBoxLayout>
#include <QPainter>
#include <QPainterPath>
#include <QToolButton>
#include <QVBoxLayout>

#include "app/studio/models/chat_model.h"
#include "app/studio/style/icons.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/answer_text.h"
#include "app/studio/views/picture_loader.h"
#include "app/studio/views/token_view.h"

namespace qvlm::studio {

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
                   QString words = tr("%1\n%2 × %3 pixels").arg(path_).arg(picture.size.width()).arg(picture.size.height());
                   if (picture.frames > 1) words += tr("\nanimated: only the first of %1 frames is looked at").arg(picture.frames);
                   setToolTip(words);
                 }
                 Q_EMIT loaded();
               });
}

MessageBubble::MessageBubble(const ChatMessage& message, const Theme& theme, QWidget* parent)
    : QWidget(parent),
      theme_(theme),
      bubble_(new QFrame(this)),
      pictures_(new QHBoxLayout),
      tools_(new QHBoxLayout),
      text_(new AnswerText(
          message.role == QLatin1String("assistant") ? AnswerText::Kind::MARKDOWN : AnswerText::Kind::PLAIN, bubble_)),
      note_(new WrappingLabel(Qt::PlainText, bubble_)),
      branch_(new QLabel(this)),
      token_view_(new TokenView(theme, bubble_)) {
  bubble_->setObjectName(QStringLiteral("bubble"));
  bubble_->setProperty("role", message.role);
  bubble_->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred);
  auto* column = new QVBoxLayout(bubble_);
  column->setContentsMargins(14, 10, 14, 10);
  column->setSpacing(6);
  pictures_->setSpacing(kUnit);
  column->addLayout(pictures_);
  column->addWidget(text_);
  token_view_->hide();
  column->addWidget(token_view_);
  note_->setObjectName(QStringLiteral("field_label"));
  column->addWidget(note_);
  const bool mine = message.role == QLatin1String("user");
  tools_->setContentsMargins(4, 0, 4, 0);
  tools_->setSpacing(0);
  if (mine) tools_->addStretch(1);
  earlier_ = tool(QStringLiteral("left"), mine ? tr("Earlier wording") : tr("Earlier answer"));
  branch_->setObjectName(QStringLiteral("field_label"));
  tools_->addWidget(branch_);
  later_ = tool(QStringLiteral("right"), mine ? tr("Later wording") : tr("Later answer"));
  copy_ = tool(QStringLiteral("copy"), mine ? tr("Copy the question") : tr("Copy the answer"));
  edit_ = tool(QStringLiteral("edit"), tr("Ask this differently"));
  tokens_ = tool(QStringLiteral("tokens"), tr("Show tokens and their probabilities"));
  tokens_->setCheckable(true);
  if (!mine) tools_->addStretch(1);
  connect(tokens_, &QToolButton::toggled, this, [this](bool on) {
    token_view_->setVisible(on);
    text_->setVisible(!on && !text_->text().isEmpty());
  });
  edit_->setVisible(mine);
  connect(earlier_, &QToolButton::clicked, this, [this] { Q_EMIT branch_wanted(-1); });
  connect(later_, &QToolButton::clicked, this, [this] { Q_EMIT branch_wanted(1); });
  connect(copy_, &QToolButton::clicked, this, [this] { copy_with(copy_, copied_); });
  connect(edit_, &QToolButton::clicked, this, &MessageBubble::edit_wanted);
  auto* row = new QHBoxLayout;
  row->setContentsMargins(0, 0, 0, 0);
  if (mine) row->addStretch(1);
  row->addWidget(bubble_);
  if (!mine) row->addStretch(1);
  auto* all = new QVBoxLayout(this);
  all->setContentsMargins(0, 0, 0, 0);
  all->setSpacing(2);
  all->addLayout(row);
  all->addLayout(tools_);
  connect(&theme_, &Theme::changed, this, &MessageBubble::restyle);
  restyle();
  show_message(message);
}

QToolButton* MessageBubble::tool(const QString& icon, const QString& name) {
  auto* button = new QToolButton(this);
  button->setProperty("icon_name", icon);
  button->setAccessibleName(name);
  button->setToolTip(name);
  button->setIconSize({16, 16});
  button->setFocusPolicy(Qt::StrongFocus);
  tools_->addWidget(button);
  return button;
}

void MessageBubble::restyle() {
  Palette quiet = theme_.colors();
  quiet.text = quiet.muted;
  quiet.muted = quiet.border;
  for (QToolButton* button : {earlier_, later_, copy_, edit_, tokens_})
    button->setIcon(icon(button->property("icon_name").toString(), quiet, 16));
}

QList<QWidget*> MessageBubble::controls() const {
  return {token_view_->edit(), earlier_, later_, copy_, edit_, tokens_};
}

QString MessageBubble::text() const {
  return text_->text();
}

void MessageBubble::set_busy(bool busy) {
  edit_->setEnabled(!busy);
  earlier_->setEnabled(!busy && earlier_->property("possible").toBool());
  later_->setEnabled(!busy && later_->property("possible").toBool());
}

void MessageBubble::show_message(const ChatMessage& message) {
  if (shown_pictures_ != message.images) {
    shown_pictures_ = message.images;
    for (const QString& image : message.images) pictures_->addWidget(new Thumbnail(image, 132, bubble_));
    pictures_->addStretch(1);
  }
  const bool answer = message.role == QLatin1String("assistant");
  const bool waiting = message.state == MessageState::WAITING && message.text.isEmpty();
  const bool streaming = waiting || message.state == MessageState::STREAMING;
  copied_ = message.text;
  text_->set_text(waiting ? tr("Looking …") : message.text);
  token_view_->set_tokens(message.tokens);
  tokens_->setVisible(!message.tokens.empty() && !streaming);
  if (message.tokens.empty()) tokens_->setChecked(false);
  text_->setVisible(!text_->text().isEmpty() && !tokens_->isChecked());
  const QString speaker = message.role == QLatin1String("user") ? tr("You") : answer ? tr("Model") : tr("Problem");
  text_->set_speaker(speaker);
  setAccessibleName(tr("%1: %2").arg(speaker, message.text));
  QString note = message.note;
  if (note.isEmpty() && message.state == MessageState::INTERRUPTED) note = tr("interrupted");
  note_->setText(note);
  note_->setVisible(!note.isEmpty());
  branch_->setText(tr("%1 of %2").arg(message.branch).arg(message.branches));
  for (QWidget* widget :
       {static_cast<QWidget*>(earlier_), static_cast<QWidget*>(branch_), static_cast<QWidget*>(later_)})
    widget->setVisible(message.branches > 1);
  earlier_->setProperty("possible", message.branch > 1);
  later_->setProperty("possible", message.branch < message.branches);
  copy_->setVisible(!streaming && !message.text.isEmpty());
}

}  // namespace qvlm::studio
