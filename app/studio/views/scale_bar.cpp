// Viridis from left to right.
#include "app/studio/views/scale_bar.h"

#include <QFontMetrics>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>

#include "app/studio/style/colormap.h"
#include "app/studio/style/theme.h"

namespace qvlm::studio {
namespace {

constexpr int kBarWidth = 82, kGap = 6;
const char* const kNothing = QT_TRANSLATE_NOOP("qvlm::studio::ScaleBar", "entropy not measured yet");

}  // namespace

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
  updateGeometry();
  update();
}

QFont ScaleBar::small_font() const {
  QFont small = font();
  small.setPointSizeF(8);
  return small;
}

// Texts are as wide as the font makes them.
QSize ScaleBar::sizeHint() const {
  const QFontMetrics metrics(small_font());
  const int scale = metrics.horizontalAdvance(low_text()) + kGap + kBarWidth + kGap + metrics.horizontalAdvance(QString::number(high_, 'f', 2));
  return {std::max(scale, metrics.horizontalAdvance(tr(kNothing))) + 2, 16};
}

void ScaleBar::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setFont(small_font());
  painter.setPen(theme_.colors().muted);
  if (!measured_) {
    painter.drawText(rect(), Qt::AlignRight | Qt::AlignVCenter, tr(kNothing));
    return;
  }
  const QString high = QString::number(high_, 'f', 2);
  const int high_width = painter.fontMetrics().horizontalAdvance(high);
  const QRect bar(width() - high_width - kGap - kBarWidth, 4, kBarWidth, height() - 8);
  painter.drawText(QRect(0, 0, bar.left() - kGap, height()), Qt::AlignRight | Qt::AlignVCenter, low_text());
  painter.drawText(rect(), Qt::AlignRight | Qt::AlignVCenter, high);
  QPainterPath shape;
  shape.addRoundedRect(bar, 4, 4);
  painter.setClipPath(shape);
  for (int x = 0; x < bar.width(); ++x)
    painter.fillRect(QRect(bar.left() + x, bar.top(), 1, bar.height()), viridis(double(x) / bar.width()));
}

}  // namespace qvlm::studio
