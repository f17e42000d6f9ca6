// Pens, colours and ranges that the plots share. For run_plots.cpp and site_plots.cpp, which alone know QCustomPlot.
#pragma once

#include <qcustomplot.h>

#include <algorithm>

namespace qvlm::studio::plot_style {

inline QPen line(const QColor& color, double width = 1.8, Qt::PenStyle style = Qt::SolidLine) { return QPen(color, width, style); }

inline QColor with_alpha(QColor color, int alpha) {
  color.setAlpha(alpha);
  return color;
}

/// Numbers as the language writes them, with a lower-case e: QCustomPlot makes powers of ten of no other.
template <class Ticker>
class PowersTicker : public Ticker {
 protected:
  QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override {
    return Ticker::getTickLabel(tick, locale, format, precision).replace(locale.exponential(), QLatin1String("e"));
  }
};

/// A range that leaves a little air around the values.
inline void set_range(QCPAxis* axis, double low, double high) {
  const double air = std::max((high - low) * 0.06, 1e-9);
  axis->setRange(low - air, high + air);
}

}  // namespace qvlm::studio::plot_style
