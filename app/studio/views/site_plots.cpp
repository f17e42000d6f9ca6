// What the plots of the selected site draw, with QCustomPlot.
#include "app/studio/views/site_plots.h"

#include <QKeyEvent>
#include <cmath>
#include <tuple>
#include <utility>

#include "app/studio/models/clip_estimate.h"
#include "app/studio/models/proxy_scatter.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/plot_style.h"

namespace qvlm::studio {

using namespace plot_style;

namespace {

constexpr double kReach = 7;  // pixels around a bound that take hold of it

QString error_text(double error) { return QString::number(error, 'g', 2); }

}  // namespace

HistogramPlot::HistogramPlot(const Theme& theme, QWidget* parent)
    : RunPlot(theme, tr("Histogram of the selected site"), tr("Appears when the site's activations are measured"), parent) {
  setFocusPolicy(Qt::StrongFocus);
  plot().addGraph();
  plot().addGraph();
  plot().addGraph();  // outside the bounds
  plot().graph(0)->setLineStyle(QCPGraph::lsStepCenter);
  plot().yAxis->setScaleType(QCPAxis::stLogarithmic);
  plot().yAxis->setTicker(QSharedPointer<QCPAxisTicker>(new PowersTicker<QCPAxisTickerLog>));
  plot().yAxis->setNumberFormat(QStringLiteral("eb"));
  plot().yAxis->setNumberPrecision(0);
  plot().xAxis->setLabel(tr("activation"));
  name_series({QStringLiteral("count"), QStringLiteral("clip bounds")});
  connect(&plot(), &QCustomPlot::mousePress, this, [this](QMouseEvent* event) {
    if (!measured_ || event->button() != Qt::LeftButton) return;
    setFocus(Qt::MouseFocusReason);
    const double x = event->position().x();
    const double to_low = std::abs(x - plot().xAxis->coordToPixel(low_)), to_high = std::abs(x - plot().xAxis->coordToPixel(high_));
    if (std::min(to_low, to_high) <= kReach) held_ = to_low < to_high ? Held::LOW : Held::HIGH;
  });
  connect(&plot(), &QCustomPlot::mouseMove, this, [this](QMouseEvent* event) {
    if (!measured_) return;
    const double x = event->position().x();
    if (held_ != Held::NONE) return move_bound(held_, plot().xAxis->pixelToCoord(x));
    const bool near = std::min(std::abs(x - plot().xAxis->coordToPixel(low_)), std::abs(x - plot().xAxis->coordToPixel(high_))) <= kReach;
    plot().setCursor(near ? Qt::SplitHCursor : Qt::ArrowCursor);
  });
  connect(&plot(), &QCustomPlot::mouseRelease, this, [this] { held_ = Held::NONE; });
  restyle();
}

void HistogramPlot::restyle() {
  const Palette& p = theme().colors();
  plot().graph(0)->setPen(line(p.series_c, 1.4));
  plot().graph(0)->setBrush(with_alpha(p.series_c, 60));
  plot().graph(1)->setPen(line(hasFocus() ? p.accent_ink : p.series_b, hasFocus() ? 3 : moved_ ? 2.2 : 1.6, moved_ ? Qt::SolidLine : Qt::DashLine));
  plot().graph(2)->setPen(Qt::NoPen);
  plot().graph(2)->setBrush(with_alpha(p.series_b, 40));
  if (!measured_) return;
  const int bits = state_.recipe && state_.recipe->activation_bits < 16 ? state_.recipe->activation_bits : 4;  // at A16 as it is probed
  const ClipEstimate here = estimate_clip(*measured_, low_, high_, bits);
  const ClipEstimate chosen = estimate_clip(*measured_, chosen_low_, chosen_high_, bits);
  const QString share = tr("clips %1 %").arg(100 * here.share, 0, 'g', 2);
  set_legend({{p.series_b, moved_ ? tr("%1, error %2 → %3").arg(share, error_text(chosen.error()), error_text(here.error())) : share}},
             tr("Drag a bound, or move it with the arrow keys (with Shift the lower one); Escape puts both back. Estimated from the histogram at "
                "%1 bits: relative squared error %2, %3 of it by clipping.")
                 .arg(bits)
                 .arg(error_text(here.error()), error_text(here.clipping)));
}

double HistogramPlot::candidate() const {
  return measured_ ? candidate_of(*measured_, state_.recipe.value_or(Recipe{}), low_, high_) : 1;
}

QPoint HistogramPlot::bound_point(bool upper) {
  return {int(std::lround(plot().xAxis->coordToPixel(upper ? high_ : low_))), plot().axisRect()->center().y()};
}

void HistogramPlot::reset() {
  moved_ = false;
  low_ = chosen_low_;
  high_ = chosen_high_;
  draw_bounds();
  Q_EMIT bounds_moved();
}

void HistogramPlot::move_bound(Held bound, double to) {
  const double least = double(measured_->histogram_high - measured_->histogram_low) / double(measured_->histogram.size());
  if (bound == Held::LOW) low_ = std::clamp(to, double(measured_->histogram_low), high_ - least);
  if (bound == Held::HIGH) high_ = std::clamp(to, low_ + least, double(measured_->histogram_high));
  moved_ = low_ != chosen_low_ || high_ != chosen_high_;
  draw_bounds();
  Q_EMIT bounds_moved();
}

void HistogramPlot::keyPressEvent(QKeyEvent* event) {
  if (!measured_) return RunPlot::keyPressEvent(event);
  const double bin = double(measured_->histogram_high - measured_->histogram_low) / double(measured_->histogram.size());
  const double step = event->key() == Qt::Key_Left ? -bin : event->key() == Qt::Key_Right ? bin : 0;
  if (step != 0) {
    const bool lower = event->modifiers() & Qt::ShiftModifier;
    move_bound(lower ? Held::LOW : Held::HIGH, (lower ? low_ : high_) + step);
  } else if (event->key() == Qt::Key_Escape && moved_) {
    held_ = Held::NONE;
    reset();
  } else {
    RunPlot::keyPressEvent(event);
  }
}

void HistogramPlot::focusInEvent(QFocusEvent* event) {
  RunPlot::focusInEvent(event);
  if (measured_) draw_bounds();
}

void HistogramPlot::focusOutEvent(QFocusEvent* event) {
  RunPlot::focusOutEvent(event);
  if (measured_) draw_bounds();
}

void HistogramPlot::draw_bounds() {
  const double top = plot().yAxis->range().upper;
  plot().graph(1)->setData({low_, low_, low_, high_, high_}, {0.5, top, std::nan(""), 0.5, top});
  const double left = double(measured_->histogram_low), right = double(measured_->histogram_high);
  plot().graph(2)->setData({left, low_, low_, high_, high_, right}, {top, top, std::nan(""), std::nan(""), top, top});
  restyle();
  set_points(int(measured_->histogram.size()), tr("Site %1: from %2 to %3; bounds %4 and %5")
                                                   .arg(site_)
                                                   .arg(double(measured_->minimum), 0, 'g', 3)
                                                   .arg(double(measured_->maximum), 0, 'g', 3)
                                                   .arg(low_, 0, 'g', 3)
                                                   .arg(high_, 0, 'g', 3));
}

void HistogramPlot::show_run(const RunState& state, int site) {
  const bool known = site >= 0 && site < int(state.sites.size()) && state.sites[size_t(site)].statistics &&
                     !state.sites[size_t(site)].statistics->histogram.empty();
  if (site != site_ || !known) {
    held_ = Held::NONE;
    if (std::exchange(moved_, false)) Q_EMIT bounds_moved();
  }
  site_ = site;
  measured_.reset();
  if (!known) {
    low_ = high_ = 0;
    set_points(0, {});
    return;
  }
  measured_ = state.sites[size_t(site)].statistics;
  state_.partition = state.partition;
  state_.blocks = state.blocks;
  state_.recipe = state.recipe;
  QVector<double> x, y;
  const double width = double(measured_->histogram_high - measured_->histogram_low) / double(measured_->histogram.size());
  double high = 1;
  for (size_t i = 0; i < measured_->histogram.size(); ++i) {
    x << double(measured_->histogram_low) + (double(i) + 0.5) * width;
    y << std::max(0.5, double(measured_->histogram[i]));  // an empty bin stands at the axis
    high = std::max(high, double(measured_->histogram[i]));
  }
  plot().graph(0)->setData(x, y, true);
  plot().yAxis->setRange(0.5, high * 2);
  plot().xAxis->setRange(measured_->histogram_low, measured_->histogram_high);
  std::tie(chosen_low_, chosen_high_) = chosen_bounds(state_, site_, *measured_);
  if (!moved_) {
    low_ = chosen_low_;
    high_ = chosen_high_;
  }
  draw_bounds();
}

ProxyPlot::ProxyPlot(const Theme& theme, QWidget* parent)
    : RunPlot(theme, tr("Error difference against a proxy"),
              tr("Appears when the recipe validates the proxies: choose a number of depths under More"), parent) {
  for (int i = 0; i < 3; ++i) plot().addGraph();
  for (int i = 0; i < 2; ++i) plot().graph(i)->setLineStyle(QCPGraph::lsNone);
  name_series({QStringLiteral("other pairs"), QStringLiteral("selected pair")});
  limit_ticks(2, 3);
  plot().yAxis->setNumberFormat(QStringLiteral("gb"));
  plot().yAxis->setNumberPrecision(2);
  connect(&plot(), &QCustomPlot::mousePress, this, [this](QMouseEvent* event) {
    // The pair of the nearest point.
    double nearest = 1e30;
    int site = -1;
    for (const ProxyValidated& pair : validated_) {
      const std::vector<double>& x = values_of(pair, proxy_);
      for (size_t i = 0; i < x.size() && i < pair.difference.size(); ++i) {
        const QPointF at(plot().xAxis->coordToPixel(x[i]), plot().yAxis->coordToPixel(pair.difference[i]));
        const double distance = QPointF(at - event->position()).manhattanLength();
        if (distance >= nearest) continue;
        nearest = distance;
        site = pair.site;
      }
    }
    if (site >= 0) Q_EMIT site_clicked(site);
  });
  restyle();
}

void ProxyPlot::restyle() {
  const Palette& p = theme().colors();
  plot().graph(0)->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, with_alpha(p.muted, 130), 4));
  plot().graph(1)->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, p.series_a, 5));
  plot().graph(2)->setPen(line(p.series_b, 1.4));
  set_legend({{p.series_a, tr("R² %1").arg(r_squared_, 0, 'f', 2)}},
             tr("A point a calibration sample: the discretization error difference (what searching two sites jointly saves) against the proxy. "
                "R²: the share of its variance that the straight line explains."));
}

void ProxyPlot::set_proxy(Proxy proxy) {
  proxy_ = proxy;
  draw();
}

void ProxyPlot::show_run(const RunState& state, int selected_site) {
  validated_ = state.validated;
  selected_ = selected_site;
  draw();
}

void ProxyPlot::draw() {
  const QString names[] = {tr("dependency D"), tr("entropy H"), tr("quantization error")};
  plot().xAxis->setLabel(names[int(proxy_)]);
  const auto list = [](const std::vector<double>& values) { return QVector<double>(values.begin(), values.end()); };
  const ProxyScatter shown = scatter_of(validated_, proxy_, selected_);
  r_squared_ = shown.r_squared;
  plot().graph(0)->setData(list(shown.other_x), list(shown.other_y));
  plot().graph(1)->setData(list(shown.x), list(shown.y));
  plot().graph(2)->data()->clear();
  if (!shown.x.empty()) {
    const auto [low, high] = std::minmax_element(shown.x.begin(), shown.x.end());
    plot().graph(2)->setData({*low, *high}, {shown.line(*low), shown.line(*high)});
    plot().rescaleAxes();
    set_range(plot().xAxis, plot().xAxis->range().lower, plot().xAxis->range().upper);
    set_range(plot().yAxis, plot().yAxis->range().lower, plot().yAxis->range().upper);
  }
  restyle();
  const QString r = QString::number(r_squared_, 'f', 2), count = QString::number(shown.x.size());
  const QString here = QString::number(selected_), next = QString::number(selected_ + 1);
  const QString words = shown.one_pair ? tr("Sites %1 and %2: R² %3 over %4 samples").arg(here, next, r, count)
                                       : tr("All pairs: R² %1 over %2 points").arg(r, count);
  set_points(int(shown.x.size() + shown.other_x.size()), words);
}

}  // namespace qvlm::studio
