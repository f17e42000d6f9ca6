// Read in the background by the model's own preprocessing.
#include "app/studio/views/seen_strip.h"

#include <QComboBox>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>

#include "app/studio/style/theme.h"
#include "app/studio/views/flow_layout.h"
#include "app/studio/views/picture_loader.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

namespace {

constexpr int kSide = 52;
constexpr int kEntryLines = 15;  // the least width of a picture with its words, in heights of a line of text

}  // namespace

SeenStrip::SeenStrip(const Theme& theme, QWidget* parent) : QWidget(parent), theme_(theme), row_(new FlowLayout), fits_(new QComboBox(this)) {
  setAccessibleName(tr("What the model sees"));
  auto* all = new FlowLayout(this);
  all->add(row_, 1, kEntryLines);
  fits_->setAccessibleName(tr("How pictures are fitted"));
  fits_->setToolTip(tr("The model looks at a square. Cropping loses the edges, padding shrinks the picture; answers may differ from how the model was trained."));
  fits_->addItem(tr("Fitted as trained"), QString());
  fits_->addItem(tr("Cropped"), QStringLiteral("crop"));
  fits_->addItem(tr("Padded"), QStringLiteral("pad"));
  all->add(fits_);
  connect(fits_, &QComboBox::currentIndexChanged, this, [this] {
    reload();
    Q_EMIT fit_changed();
  });
  hide();
}

QString SeenStrip::fit() const {
  return fits_->currentData().toString();
}

QString SeenStrip::text() const {
  QStringList all;
  for (const Entry& entry : entries_) all << entry.words->text();
  return all.join(QLatin1Char('\n'));
}

QImage SeenStrip::seen(int picture) const {
  return picture < static_cast<int>(entries_.size()) ? entries_[static_cast<size_t>(picture)].image : QImage();
}

void SeenStrip::show_pictures(const QStringList& pictures, const QString& model, int tokens) {
  if (pictures == pictures_ && model == model_ && tokens == tokens_) return;
  pictures_ = pictures;
  model_ = model;
  tokens_ = tokens;
  reload();
}

void SeenStrip::reload() {
  const int round = ++round_;
  while (QLayoutItem* item = row_->takeAt(0)) {
    if (item->widget()) item->widget()->deleteLater();
    delete item;
  }
  entries_.clear();
  setVisible(!pictures_.isEmpty() && !model_.isEmpty());
  if (isHidden()) return;
  for (qsizetype i = 0; i < pictures_.size(); ++i) {
    const QString name = QFileInfo(pictures_[i]).fileName();
    auto* box = new QWidget(this);
    auto* line = new QHBoxLayout(box);
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(kUnit);
    auto* picture = new QLabel(box);
    picture->setFixedSize(kSide, kSide);
    picture->setAccessibleName(tr("%1 as the model sees it").arg(name));
    auto* words = new QLabel(tr("Reading %1 …").arg(name), box);
    words->setObjectName(QStringLiteral("field_label"));
    words->setTextFormat(Qt::PlainText);
    words->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    words->setWordWrap(true);
    line->addWidget(picture);
    line->addWidget(words, 1);
    row_->add(box, 1, kEntryLines);
    entries_.push_back({picture, words, {}});
    load_seen_picture(
        pictures_[i], model_, this,
        [this, round, i, name](const LoadedPicture& loaded) {
          if (round != round_) return;
          Entry& entry = entries_[static_cast<size_t>(i)];
          if (loaded.image.isNull()) {
            entry.words->setText(loaded.error);
            entry.words->setToolTip(loaded.error);
            return;
          }
          entry.image = loaded.image;
          const qreal ratio = devicePixelRatioF();
          QPixmap pixmap = QPixmap::fromImage(loaded.image.scaled(int(kSide * ratio), int(kSide * ratio), Qt::KeepAspectRatio, Qt::SmoothTransformation));
          pixmap.setDevicePixelRatio(ratio);
          entry.picture->setPixmap(pixmap);
          QString text = tr("%1: %2 × %3 pixels\nseen as %4 × %5, %6")
                             .arg(name)
                             .arg(loaded.size.width())
                             .arg(loaded.size.height())
                             .arg(loaded.image.width())
                             .arg(loaded.image.height())
                             .arg(loaded.padded ? tr("padded") : tr("cropped at the centre"));
          if (tokens_ > 0) text += tr("; 1 tile, %1 tokens").arg(tokens_);
          if (loaded.frames > 1) text += tr("; the first of %1 frames").arg(loaded.frames);
          entry.words->setText(text);
          entry.words->setToolTip(text);
        },
        fit());
  }
}

}  // namespace qvlm::studio
