// One pixel a cell, scaled without smoothing, with a colour bar.
#include "app/studio/views/heatmap_view.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QLocale>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <utility>

#include "app/studio/models/ribbon_model.h"
#include "app/studio/style/colormap.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

HeatmapView::HeatmapView(const Theme& theme, QWidget* parent) : QWidget(parent), theme_(theme) {
  setAccessibleName(tr("Entropy by site and sample"));
  setFocusPolicy(Qt::StrongFocus);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
  connect(&theme_, &Theme::changed, this, qOverload<>(&QWidget::update));
}

void HeatmapView::set_values(const std::vector<std::vector<float>>& values, int samples) {
  values_ = values;
  samples_ = samples;
  low_ = 1e30f;
  high_ = -1e30f;
  for (const auto& site : values_) {
    for (const float value : site) {
      low_ = std::min(low_, value);
      high_ = std::max(high_, value);
    }
  }
  const bool measured = low_ <= high_;
  image_ = measured && samples > 0
               ? QImage(static_cast<int>(values_.size()), samples, QImage::Format_ARGB32_Premultiplied)
               : QImage();
  if (!image_.isNull()) {
    image_.fill(Qt::transparent);
    for (int site = 0; site < static_cast<int>(values_.size()); ++site) {
      const auto& column = values_[static_cast<size_t>(site)];
      for (int sample = 0; sample < std::min<int>(samples, static_cast<int>(column.size())); ++sample) {
        const float value = column[static_cast<size_t>(sample)];
        image_.setPixelColor(site, sample, viridis(high_ > low_ ? (value - low_) / (high_ - low_) : 0.5));
      }
    }
  }
  update();
}

void HeatmapView::set_selected_site(int site, int first, int last) {
  selected_ = site;
  first_ = first;
  last_ = last;
  update();
}

QSize HeatmapView::minimumSizeHint() const { return {160, 6 * fontMetrics().lineSpacing()}; }

// Around the map stand the numbers of samples, of sites, and the scale's.
QRect HeatmapView::map_rect(const QSize& size) const {
  const QFontMetrics metrics(small_font(*this));
  const int line = metrics.height();
  const int left = line + metrics.horizontalAdvance(QString::number(samples_)) + 6, right = metrics.horizontalAdvance(QStringLiteral("0.00")) + 27;
  return QRect(QPoint(), size).adjusted(left, line / 2, -right, -line - 7);
}

std::pair<int, int> HeatmapView::cell_at(const QPoint& point) const {
  const QRect map = map_rect();
  if (image_.isNull() || !map.contains(point)) return {-1, -1};
  return {(point.x() - map.left()) * image_.width() / map.width(),
          (point.y() - map.top()) * image_.height() / map.height()};
}

void HeatmapView::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  paint(painter, size(), true);
}

void HeatmapView::draw_on(QPaintDevice& device, const QSize& size) {
  QPainter painter(&device);
  paint(painter, size, false);
}

QString HeatmapView::table() const {
  QString text = QStringLiteral("site,sample,entropy\n");
  for (size_t site = 0; site < values_.size(); ++site) {
    for (size_t sample = 0; sample < values_[site].size(); ++sample)
      text += QStringLiteral("%1,%2,%3\n").arg(site).arg(sample + 1).arg(csv_number(double(values_[site][sample])));
  }
  return text;
}

void HeatmapView::paint(QPainter& painter, const QSize& size, bool selection) const {
  const Palette& p = theme_.colors();
  painter.setFont(small_font(*this));
  const int line = painter.fontMetrics().height();
  const QRect map = map_rect(size);
  if (image_.isNull()) {
    painter.setPen(p.muted);
    painter.drawText(QRect(QPoint(), size), Qt::AlignCenter | Qt::TextWordWrap, tr("Appears when entropy is measured"));
    return;
  }
  painter.fillRect(map, p.raised);
  painter.drawImage(map, image_);
  const double cell = double(map.width()) / image_.width();
  if (selection) {
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(hasFocus() ? p.accent_ink : p.text, hasFocus() ? 2 : 1));
    painter.drawRect(QRectF(map.left() + selected_ * cell, map.top() - 1, std::max(2.0, cell), map.height() + 2));
    // The block stands beneath as a bar.
    painter.fillRect(
        QRectF(map.left() + first_ * cell, map.bottom() + 2, std::max(2.0, (last_ - first_ + 1) * cell), 3),
        p.accent_ink);
  }
  painter.setPen(p.muted);
  // Numbers stand at the middle of the first and the last row, and at the outer edges of the first and the last column.
  const auto beside = [&](int left, int width, int y, Qt::Alignment side, const QString& text) {
    painter.drawText(QRect(left, y - line / 2, width, line), side | Qt::AlignVCenter, text);
  };
  beside(line, map.left() - line - 4, map.top() + 2, Qt::AlignRight, QStringLiteral("1"));
  beside(line, map.left() - line - 4, map.bottom() - 2, Qt::AlignRight, QString::number(samples_));
  const int beneath = map.bottom() + 6 + line / 2;
  beside(map.left(), map.width(), beneath, Qt::AlignLeft, QStringLiteral("0"));
  beside(map.left(), map.width(), beneath, Qt::AlignHCenter, tr("site"));
  beside(map.left(), map.width(), beneath, Qt::AlignRight, QString::number(image_.width() - 1));
  painter.save();
  painter.translate(line / 2, map.center().y());
  painter.rotate(-90);
  painter.drawText(QRect(-map.height() / 2, -line / 2, map.height(), line), Qt::AlignCenter, tr("sample"));
  painter.restore();
  const QRect bar(map.right() + 10, map.top(), 10, map.height());
  for (int y = 0; y < bar.height(); ++y) {
    painter.fillRect(QRect(bar.left(), bar.bottom() - y, bar.width(), 1),
                     viridis(double(y) / std::max(1, bar.height() - 1)));
  }
  for (const auto& [y, value] : {std::pair(bar.top() + 2, high_), {bar.bottom() - 2, low_}})
    beside(bar.right() + 5, size.width() - bar.right() - 5, y, Qt::AlignLeft, QLocale().toString(double(value), 'f', 2));
}

void HeatmapView::mousePressEvent(QMouseEvent* event) {
  const auto [site, sample] = cell_at(event->pos());
  if (site >= 0) Q_EMIT site_clicked(site);
}

void HeatmapView::keyPressEvent(QKeyEvent* event) {
  const int step = event->key() == Qt::Key_Left ? -1 : event->key() == Qt::Key_Right ? 1 : 0;
  if (step != 0 && !image_.isNull()) {
    Q_EMIT site_clicked(std::clamp(selected_ + step, 0, image_.width() - 1));
  } else {
    QWidget::keyPressEvent(event);
  }
}

bool HeatmapView::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    const auto* help = static_cast<QHelpEvent*>(event);
    const auto [site, sample] = cell_at(help->pos());
    if (site >= 0 && sample < static_cast<int>(values_[static_cast<size_t>(site)].size())) {
      QToolTip::showText(help->globalPos(),
                         tr("%1, sample %2: %3")
                             .arg(RibbonModel::site_name(site))
                             .arg(sample + 1)
                             .arg(values_[static_cast<size_t>(site)][static_cast<size_t>(sample)], 0, 'f', 3),
                         this);
    } else {
      QToolTip::hideText();
    }
    return true;
  }
  return QWidget::event(event);
}

}  // namespace qvlm::studio
