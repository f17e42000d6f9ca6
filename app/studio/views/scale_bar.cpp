// Viridis from left to right.
#include "app/studio/views/scale_bar.h"

#include <QPainter>
#include <QPainterPath>

#include "app/studio/style/colormap.h"
#include "app/studio/style/theme.h"

namespace qvlm::studio {

ScaleBar::ScaleBar(const Theme& theme, QWidget* parent) : QWidget(parent), theme_(theme) {
  setAccessibleName(tr("Colour scale of entropy"));
  setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void ScaleBar::set_range(double low, double high, bool measured) {
  low_ = low;
  high_ = high;
  measured_ = measured;
  setAccessibleDescription(measured ? tr("From %1 to %2").arg(low, 0, 'f', 2).arg(high, 0, 'f', 2)
                                    : tr("Not measured yet"));
  update();
}

void ScaleBar::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  QFont small = font();
  small.setPointSizeF(8);
  painter.setFont(small);
  painter.setPen(theme_.colors().muted);
  if (!measured_) {
    painter.drawText(rect(), Qt::AlignRight | Qt::AlignVCenter, tr("entropy not measured yet"));
    return;
  }
  painter.drawText(QRect(0, 0, 68, height()), Qt::AlignRight | Qt::AlignVCenter, tr("entropy %1").arg(low_, 0, 'f', 2));
  painter.drawText(QRect(width() - 30, 0, 30, height()), Qt::AlignRight | Qt::AlignVCenter,
                   QString::number(high_, 'f', 2));
  const QRect bar(74, 4, width() - 74 - 34, height() - 8);
  QPainterPath shape;
  shape.addRoundedRect(bar, 4, 4);
  painter.setClipPath(shape);
  for (int x = 0; x < bar.width(); ++x)
    painter.fillRect(QRect(bar.left() + x, bar.top(), 1, bar.height()), viridis(double(x) / bar.width()));
}

}  // namespace qvlm::studio
