// Drawn by hand: a name, a bar, its interval, the percentage.
#include "app/studio/views/accuracy_chart.h"

#include <QPainter>
#include <algorithm>

#include "app/studio/style/theme.h"

namespace qvlm::studio {

namespace {

/// Pixels from one bar to the next.
int row_height(const QWidget& chart) { return std::max(30, chart.fontMetrics().height() + 12); }

constexpr int kLeastBar = 56;  // pixels that a bar keeps where names are long

QString value_text(const AccuracyChart::Bar& bar) {
  return QStringLiteral("%1 %  (%2)").arg(100 * bar.accuracy.value(), 0, 'f', 0).arg(bar.accuracy.total);
}

}  // namespace

AccuracyChart::AccuracyChart(const Theme& theme, QWidget* parent) : QWidget(parent), theme_(theme) {
  setAccessibleName(tr("Accuracy by category"));
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  connect(&theme_, &Theme::changed, this, qOverload<>(&QWidget::update));
}

void AccuracyChart::set_bars(std::vector<Bar> bars) {
  bars_ = std::move(bars);
  QStringList words;
  for (const Bar& bar : bars_) {
    words << tr("%1: %2 of %3 right").arg(bar.name).arg(bar.accuracy.right).arg(bar.accuracy.total);
  }
  setAccessibleDescription(words.join(QStringLiteral("; ")));
  updateGeometry();
  update();
}

QSize AccuracyChart::sizeHint() const {
  return {320, std::max(4, static_cast<int>(bars_.size())) * row_height(*this) + 8};
}

void AccuracyChart::paintEvent(QPaintEvent*) {
  const Palette& p = theme_.colors();
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  if (bars_.empty()) {
    painter.setPen(p.muted);
    painter.drawText(rect(), Qt::AlignCenter | Qt::TextWordWrap,
                     tr("Accuracy by category appears as questions are answered"));
    return;
  }
  int name_width = 0, value_width = 0;
  for (const Bar& bar : bars_) {
    name_width = std::max(name_width, fontMetrics().horizontalAdvance(bar.name) + 12);
    value_width = std::max(value_width, fontMetrics().horizontalAdvance(value_text(bar)) + 4);
  }
  name_width = std::min(name_width, std::max(width() / 3, width() - value_width - kLeastBar));
  const int left = name_width, full = std::max(20, width() - name_width - value_width - 8);
  const int row = std::min(row_height(*this), height() / static_cast<int>(bars_.size()));
  int y = 0;
  for (const Bar& bar : bars_) {
    const QRect line(0, y, width(), row);
    painter.setPen(p.text);
    painter.drawText(QRect(0, y, name_width - 8, row), Qt::AlignLeft | Qt::AlignVCenter,
                     fontMetrics().elidedText(bar.name, Qt::ElideRight, name_width - 8));
    const int thick = std::clamp(row - 16, 6, 14);
    const QRectF track(left, y + (row - thick) / 2.0, full, thick);
    painter.setPen(Qt::NoPen);
    painter.setBrush(p.raised);
    painter.drawRoundedRect(track, 4, 4);
    painter.setBrush(p.accent);
    QRectF filled = track;
    filled.setWidth(track.width() * bar.accuracy.value());
    painter.drawRoundedRect(filled, 4, 4);
    painter.setPen(QPen(p.text, 1.4));
    const double low = track.left() + track.width() * bar.accuracy.low,
                 high = track.left() + track.width() * bar.accuracy.high;
    const double middle = track.center().y();
    painter.drawLine(QPointF(low, middle), QPointF(high, middle));
    for (const double x : {low, high}) painter.drawLine(QPointF(x, middle - 4), QPointF(x, middle + 4));
    painter.drawText(QRect(left + full + 10, y, value_width, row), Qt::AlignLeft | Qt::AlignVCenter,
                     value_text(bar));
    y += row;
  }
}

}  // namespace qvlm::studio
