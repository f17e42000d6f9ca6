// Viridis from left to right.
#include "app/studio/views/scale_bar.h"

#include <QFontMetrics>
#include <QPainter>
#include <QPainterPath>
#include <algorithm>

#include "app/studio/style/colormap.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {
namespace {

constexpr int kBarWidth = 60, kBarHeight = 8, kGap = 6;

}  // namespace

ScaleBar::ScaleBar(const Theme& theme, QWidget* parent) : QWidget(parent), theme_(theme) {
  setAccessibleName(tr("Colour scale of the ribbon"));
  setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void ScaleBar::set_range(const QString& low, const QString& high, const QString& absent) {
  low_ = low;
  high_ = high;
  absent_ = absent;
  setAccessibleDescription(low.isEmpty() ? absent : tr("From %1 to %2").arg(low, high));
  updateGeometry();
  update();
}

// Texts are as wide as the font makes them.
QSize ScaleBar::sizeHint() const {
  const QFontMetrics metrics(small_font(*this));
  const int scale = metrics.horizontalAdvance(low_) + kGap + kBarWidth + kGap + metrics.horizontalAdvance(high_);
  return {(low_.isEmpty() ? metrics.horizontalAdvance(absent_) : scale) + 2, std::max(16, metrics.height())};
}

void ScaleBar::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setFont(small_font(*this));
  painter.setPen(theme_.colors().muted);
  if (low_.isEmpty()) {
    painter.drawText(rect(), Qt::AlignRight | Qt::AlignVCenter, absent_);
    return;
  }
  const int high_width = painter.fontMetrics().horizontalAdvance(high_);
  const QRect bar(width() - high_width - kGap - kBarWidth, (height() - kBarHeight) / 2, kBarWidth, kBarHeight);
  painter.drawText(QRect(0, 0, bar.left() - kGap, height()), Qt::AlignRight | Qt::AlignVCenter, low_);
  painter.drawText(rect(), Qt::AlignRight | Qt::AlignVCenter, high_);
  QPainterPath shape;
  shape.addRoundedRect(bar, 4, 4);
  painter.setClipPath(shape);
  for (int x = 0; x < bar.width(); ++x)
    painter.fillRect(QRect(bar.left() + x, bar.top(), 1, bar.height()), viridis(double(x) / bar.width()));
}

}  // namespace qvlm::studio
