// What each plot of a run draws, with QCustomPlot.
#include "app/studio/views/run_plots.h"

#include <algorithm>
#include <cmath>

#include "app/studio/style/theme.h"
#include "app/studio/views/plot_style.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

using namespace plot_style;

namespace {

void style_axis(QCPAxis* axis, const Palette& p, const QFont& font) {
  axis->setBasePen(QPen(p.border));
  axis->setTickPen(QPen(p.border));
  axis->setSubTickPen(Qt::NoPen);
  axis->setTickLabelColor(p.muted);
  axis->setLabelColor(p.muted);
  axis->setTickLabelFont(font);
  axis->setLabelFont(font);
  axis->setTickLengthIn(0);
  axis->setTickLengthOut(3);
  axis->setLabelPadding(2);
  axis->grid()->setPen(QPen(p.grid, 1));
  axis->grid()->setZeroLinePen(QPen(p.grid, 1));
  axis->grid()->setSubGridVisible(false);
}

}  // namespace

RunPlot::RunPlot(const Theme& theme, const QString& name, const QString& empty_text, QWidget* parent)
    : QWidget(parent), theme_(theme), plot_(new QCustomPlot(this)), legend_(new QLabel(this)), empty_text_(empty_text) {
  legend_->setTextFormat(Qt::RichText);
  legend_->setObjectName(QStringLiteral("field_label"));
  legend_->setAccessibleName(tr("Legend"));
  legend_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  legend_->setWordWrap(true);
  legend_->hide();
  setAccessibleName(name);
  plot_->setAccessibleName(name);
  plot_->setFocusPolicy(Qt::NoFocus);
  plot_->setBackground(Qt::NoBrush);
  plot_->setAttribute(Qt::WA_OpaquePaintEvent, false);
  plot_->setAutoAddPlottableToLegend(false);
  plot_->axisRect()->setAutoMargins(QCP::msLeft | QCP::msBottom);
  plot_->axisRect()->setMargins(QMargins(0, 8, 8, 0));
  plot_->yAxis->setTicker(QSharedPointer<QCPAxisTicker>(new PowersTicker<QCPAxisTicker>));
  plot_->hide();
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
  const auto apply = [this] {
    for (QCPAxis* axis : {plot_->xAxis, plot_->yAxis}) style_axis(axis, theme_.colors(), small_font(*this));
  };
  apply();
  connect(&theme_, &Theme::changed, this, [this, apply] {
    apply();
    restyle();
    if (isVisible() && points_ > 0) plot_->replot(QCustomPlot::rpQueuedReplot);
    update();
  });
}

RunPlot::~RunPlot() = default;

QSize RunPlot::minimumSizeHint() const { return {160, 6 * fontMetrics().lineSpacing()}; }

void RunPlot::set_points(int points, const QString& description) {
  points_ = points;
  plot_->setVisible(points > 0);
  setAccessibleDescription(points > 0 ? description : empty_text_);
  plot_->setAccessibleDescription(accessibleDescription());
  legend_->setVisible(points > 0 && !legend_->text().isEmpty());
  // While the page is hidden there is nothing to draw on; showEvent() catches up.
  if (points > 0 && isVisible()) plot_->replot(QCustomPlot::rpQueuedReplot);
  update();
}

void RunPlot::set_legend(const QList<std::pair<QColor, QString>>& entries, const QString& explanation) {
  QStringList parts;
  for (const auto& [color, name] : entries) {
    parts << QStringLiteral("<span style=\"color:%1\">●</span>&nbsp;%2").arg(color.name(), name.toHtmlEscaped());
  }
  legend_->setToolTip(explanation);
  legend_->setAccessibleDescription(explanation);
  legend_->setText(parts.join(QStringLiteral("&nbsp;&nbsp; ")));
}

void RunPlot::draw_on(QPaintDevice& device, const QSize& size) {
  QCPPainter painter(&device);
  painter.setMode(QCPPainter::pmVectorized);
  painter.setMode(QCPPainter::pmNoCaching);
  plot_->toPainter(&painter, size.width(), size.height());
}

QString RunPlot::table() const {
  QString text =
      QStringLiteral("series,%1,value\n").arg(plot_->xAxis->label().section(QLatin1Char('('), 0, 0).trimmed());
  for (int i = 0; i < plot_->graphCount(); ++i) {
    const QCPGraph& graph = *plot_->graph(i);
    if (graph.name().isEmpty()) continue;
    for (const QCPGraphData& point : *graph.data()) {
      if (std::isnan(point.value)) continue;
      text += QStringLiteral("%1,%2,%3\n").arg(graph.name(), csv_number(point.key), csv_number(point.value));
    }
  }
  return text;
}

void RunPlot::name_series(const QStringList& names) {
  for (int i = 0; i < plot_->graphCount(); ++i) plot_->graph(i)->setName(names.value(i));
}

void RunPlot::showEvent(QShowEvent*) {
  if (points_ > 0) plot_->replot(QCustomPlot::rpQueuedReplot);
}

void RunPlot::paintEvent(QPaintEvent*) {
  if (points_ > 0) return;
  QPainter painter(this);
  painter.setFont(small_font(*this, 0.85));
  painter.setPen(theme_.colors().muted);
  painter.drawText(rect(), Qt::AlignCenter | Qt::TextWordWrap, empty_text_);
}

void RunPlot::resizeEvent(QResizeEvent*) {
  fit_ticks();
  // Not laid out yet: a plot of no size cannot draw.
  if (!rect().isEmpty()) plot_->setGeometry(rect());
}

void RunPlot::limit_ticks(int across, int up) {
  across_ = across;
  up_ = up;
  fit_ticks();
}

void RunPlot::fit_ticks() {
  const int line = fontMetrics().lineSpacing();
  plot_->xAxis->ticker()->setTickCount(std::clamp(width() / (3 * line), 2, across_));
  plot_->yAxis->ticker()->setTickCount(std::clamp(2 * height() / (3 * line) - 1, 2, up_));
}

EntropyPlot::EntropyPlot(const Theme& theme, QWidget* parent)
    : RunPlot(theme, tr("Entropy and dependency by site"), tr("Appears when entropy is measured"), parent) {
  plot().addGraph();
  plot().addGraph();
  plot().addGraph();
  plot().addGraph();  // selected site
  plot().addGraph();  // selected block
  name_series({QStringLiteral("entropy"), QStringLiteral("dependency"), QStringLiteral("threshold")});
  plot().xAxis->setLabel(tr("site"));
  connect(&plot(), &QCustomPlot::mousePress, this, [this](QMouseEvent* event) {
    if (points() > 0) Q_EMIT site_clicked(static_cast<int>(std::lround(plot().xAxis->pixelToCoord(event->pos().x()))));
  });
  restyle();
}

void EntropyPlot::restyle() {
  const Palette& p = theme().colors();
  plot().graph(0)->setPen(line(p.series_a));
  plot().graph(1)->setPen(line(p.series_b));
  plot().graph(2)->setPen(line(p.muted, 1.2, Qt::DashLine));
  plot().graph(3)->setPen(line(with_alpha(p.text, 120), 1));
  plot().graph(4)->setPen(Qt::NoPen);
  plot().graph(4)->setBrush(with_alpha(p.accent_ink, 36));
  set_legend({{p.series_a, tr("H")}, {p.series_b, tr("D")}, {p.muted, tr("h₀")}},
             tr("H: entropy. D: dependency on the next site. h₀: threshold; where D is above it, the block goes on."));
  if (plot().graph(0)->dataCount() < 80) {
    plot().graph(0)->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, p.series_a, 4));
    plot().graph(1)->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, p.series_b, 4));
  }
}

void EntropyPlot::show_run(const RunState& state, int selected_site, const std::optional<Block>& selected_block) {
  QVector<double> x, entropy, dependency_x, dependency;
  double low = 1e30, high = -1e30;
  for (size_t i = 0; i < state.sites.size(); ++i) {
    if (!state.sites[i].entropy) continue;
    x << double(i);
    entropy << state.sites[i].entropy->entropy;
    if (i + 1 < state.sites.size()) {
      dependency_x << double(i);
      dependency << state.sites[i].entropy->dependency;
    }
  }
  for (const double v : entropy) low = std::min(low, v), high = std::max(high, v);
  for (const double v : dependency) low = std::min(low, v), high = std::max(high, v);
  plot().graph(0)->setData(x, entropy, true);
  plot().graph(1)->setData(dependency_x, dependency, true);
  const double last = std::max<double>(1, double(state.sites.size()) - 1);
  if (state.threshold > 0) {
    plot().graph(2)->setData({0, last}, {state.threshold, state.threshold}, true);
    low = std::min(low, state.threshold);
    high = std::max(high, state.threshold);
  } else {
    plot().graph(2)->data()->clear();
  }
  if (!x.isEmpty()) {
    plot().graph(3)->setData({double(selected_site), double(selected_site)}, {low - 1, high + 1});
    if (selected_block) {
      plot().graph(4)->setData({selected_block->first - 0.5, selected_block->last + 0.5}, {high + 1, high + 1});
    } else {
      plot().graph(4)->data()->clear();
    }
    plot().xAxis->setRange(-0.5, last + 0.5);
    set_range(plot().yAxis, low, high);
  }
  restyle();
  set_points(static_cast<int>(x.size()),
             tr("Sites measured: %1; values from %2 to %3").arg(x.size()).arg(low, 0, 'f', 2).arg(high, 0, 'f', 2));
}

ErrorPlot::ErrorPlot(const Theme& theme, QWidget* parent)
    : RunPlot(theme, tr("Error by block, layer-wise and joint"), tr("Appears as blocks are searched"), parent) {
  plot().addGraph();
  plot().addGraph();
  plot().addGraph();
  plot().addGraph();
  name_series({QStringLiteral("layer-wise"), QStringLiteral("joint"), {}, QStringLiteral("joint before the edit")});
  plot().yAxis->setNumberFormat(QStringLiteral("gb"));
  plot().yAxis->setNumberPrecision(2);
  plot().xAxis->setLabel(tr("block"));
  connect(&plot(), &QCustomPlot::mousePress, this, [this](QMouseEvent* event) {
    if (points() > 0)
      Q_EMIT block_clicked(static_cast<int>(std::lround(plot().xAxis->pixelToCoord(event->pos().x()))) - 1);
  });
  restyle();
}

void ErrorPlot::restyle() {
  const Palette& p = theme().colors();
  plot().graph(0)->setPen(line(p.series_b, 1.4));
  plot().graph(0)->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssCircle, QPen(p.series_b, 1.6), p.surface, 7));
  plot().graph(1)->setPen(line(p.series_a, 1.4));
  plot().graph(1)->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, p.series_a, 5));
  plot().graph(2)->setPen(line(with_alpha(p.text, 120), 1));
  plot().graph(3)->setPen(Qt::NoPen);
  plot().graph(3)->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssCross, QPen(p.muted, 1.4), Qt::NoBrush, 6));
  set_legend_of(plot().graph(3)->dataCount() > 0);
}

void ErrorPlot::set_legend_of(bool with_before) {
  const Palette& p = theme().colors();
  QList<std::pair<QColor, QString>> entries = {{p.series_b, tr("layer-wise")}, {p.series_a, tr("joint")}};
  if (with_before) entries.append({p.muted, tr("before")});
  set_legend(entries, tr("Relative output error of each block, on the same inputs: each site searched alone, and all sites of "
                         "the block together. Before: the joint error before the last edit."));
}

void ErrorPlot::show_run(const RunState& state, int selected_block, const std::map<int, BlockSearched>& before) {
  QVector<double> x, layerwise, joint, before_x, before_y;
  double low = 1e30, high = 1e-30;
  const int blocks = static_cast<int>(state.partition.blocks.size());
  for (int block = 0; block < blocks; ++block) {
    const BlockSearched* found = state.result_of(block);
    if (found == nullptr || !(found->joint_error > 0) || !(found->layerwise_error > 0)) continue;
    x << block + 1;
    layerwise << found->layerwise_error;
    joint << found->joint_error;
    low = std::min({low, found->layerwise_error, found->joint_error});
    high = std::max({high, found->layerwise_error, found->joint_error});
  }
  for (int block = 0; block < blocks; ++block) {
    const Block& here = state.partition.blocks[static_cast<size_t>(block)];
    const auto old = before.find(here.first);
    if (old == before.end() || old->second.last_site != here.last || !(old->second.joint_error > 0)) continue;
    before_x << block + 1;
    before_y << old->second.joint_error;
    low = std::min(low, before_y.last());
    high = std::max(high, before_y.last());
  }
  plot().graph(0)->setData(x, layerwise, true);
  plot().graph(1)->setData(x, joint, true);
  plot().graph(3)->setData(before_x, before_y, true);
  set_legend_of(!before_x.isEmpty());
  if (!x.isEmpty()) {
    // A linear axis shows the gain best; where errors span decades it would hide the small ones.
    const bool logarithmic = high > 30 * low;
    plot().yAxis->setScaleType(logarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    plot().yAxis->setTicker(logarithmic ? QSharedPointer<QCPAxisTicker>(new PowersTicker<QCPAxisTickerLog>)
                                        : QSharedPointer<QCPAxisTicker>(new PowersTicker<QCPAxisTicker>));
    limit_ticks(5, 4);
    if (logarithmic) {
      plot().yAxis->setRange(low / 2, 2 * high);
    } else {
      plot().yAxis->setRange(0, 1.1 * high);
    }
    plot().xAxis->setRange(0.5, std::max(2, blocks) + 0.5);
    plot().graph(2)->setData({double(selected_block + 1), double(selected_block + 1)}, {low / 1e6, high * 1e6});
  }
  set_points(static_cast<int>(x.size()), tr("Blocks searched: %1").arg(x.size()));
}

CandidatePlot::CandidatePlot(const Theme& theme, QWidget* parent)
    : RunPlot(theme, tr("Candidates of the block in search"), tr("Appears while a block is searched"), parent) {
  plot().addGraph();
  plot().addGraph();
  plot().graph(0)->setLineStyle(QCPGraph::lsNone);
  plot().graph(1)->setLineStyle(QCPGraph::lsStepLeft);
  plot().xAxis->setLabel(tr("tuple"));
  name_series({QStringLiteral("loss"), QStringLiteral("best so far")});
  limit_ticks(5, 3);
  restyle();
}

void CandidatePlot::restyle() {
  const Palette& p = theme().colors();
  plot().graph(0)->setPen(line(p.series_a));
  plot().graph(0)->setScatterStyle(
      QCPScatterStyle(QCPScatterStyle::ssDisc, with_alpha(p.series_a, 170), with_alpha(p.series_a, 170), 4));
  plot().graph(1)->setPen(line(p.series_b));
  set_legend({{p.series_a, tr("loss")}, {p.series_b, tr("best so far")}},
             tr("Loss of each tuple of the block's rounding parameters, in the order in which they were scored."));
}

void CandidatePlot::show_block(int block, const std::vector<CandidateScored>& candidates) {
  QVector<double> x, loss, best;
  double low = 1e30, high = -1e30;
  for (const CandidateScored& candidate : candidates) {
    if (!std::isfinite(candidate.loss)) continue;
    x << double(x.size() + 1);
    loss << candidate.loss;
    low = std::min(low, candidate.loss);
    high = std::max(high, candidate.loss);
    best << low;
  }
  plot().graph(0)->setData(x, loss, true);
  plot().graph(1)->setData(x, best, true);
  if (!x.isEmpty()) {
    plot().xAxis->setRange(0, double(x.size()) + 1);
    set_range(plot().yAxis, low, high);
    plot().yAxis->setNumberFormat(QStringLiteral("gb"));
    plot().yAxis->setNumberPrecision(3);
  }
  set_points(
      static_cast<int>(x.size()),
      tr("Block %1: tuples scored: %2, best %3").arg(block + 1).arg(x.size()).arg(low, 0, 'g', 3));
}

RunsErrorPlot::RunsErrorPlot(const Theme& theme, QWidget* parent)
    : RunPlot(theme, tr("Joint error over the sites, by run"), tr("Select runs whose blocks were searched"), parent) {
  for (int i = 0; i < kMost; ++i) plot().addGraph();
  plot().xAxis->setLabel(tr("site"));
  plot().yAxis->setScaleType(QCPAxis::stLogarithmic);
  plot().yAxis->setTicker(QSharedPointer<QCPAxisTicker>(new PowersTicker<QCPAxisTickerLog>));
  plot().yAxis->setNumberFormat(QStringLiteral("gb"));
  plot().yAxis->setNumberPrecision(2);
  for (int i = 0; i < kMost; ++i) plot().graph(i)->setLineStyle(QCPGraph::lsStepLeft);
  restyle();
}

QColor RunsErrorPlot::color_of(const Palette& p, int index) {
  const QColor colors[kMost] = {p.series_a, p.series_b, p.series_c};
  return colors[std::clamp(index, 0, kMost - 1)];
}

void RunsErrorPlot::restyle() {
  const Palette& p = theme().colors();
  QList<std::pair<QColor, QString>> entries;
  for (int i = 0; i < kMost; ++i) {
    plot().graph(i)->setPen(line(color_of(p, i)));
    if (i < names_.size()) entries.append({color_of(p, i), names_[i]});
  }
  set_legend(entries, tr("Relative output error of each block after the joint search, drawn over the sites it holds."));
}

void RunsErrorPlot::show_runs(const std::vector<Run>& runs) {
  names_.clear();
  int drawn = 0;
  double low = 1e30, high = 1e-30, last = 1;
  for (int i = 0; i < kMost; ++i) {
    QVector<double> x, y;
    if (i < static_cast<int>(runs.size())) {
      const Run& run = runs[static_cast<size_t>(i)];
      names_ << run.name;
      for (const auto& [first, block] : run.state->blocks) {
        x << block.first_site;
        y << block.joint_error;
        if (block.joint_error > 0) low = std::min(low, block.joint_error);
        high = std::max(high, block.joint_error);
        last = std::max(last, block.last_site + 1.0);
      }
      if (!x.isEmpty()) {
        x << run.state->blocks.rbegin()->second.last_site + 1.0;
        y << y.last();
      }
    }
    drawn += static_cast<int>(x.size());
    plot().graph(i)->setData(x, y, true);
  }
  name_series(names_);
  if (drawn > 0) {
    plot().xAxis->setRange(0, last);
    plot().yAxis->setRange(low / 1.4, high * 1.4);
  }
  restyle();
  set_points(drawn, tr("Runs drawn: %1").arg(names_.join(QStringLiteral(", "))));
}

}  // namespace qvlm::studio
