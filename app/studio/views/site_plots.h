// The plots of the selected site: its histogram with clip bounds that can be dragged, and how proxies tell the error difference behind it.
#pragma once

#include "app/studio/models/proxy_scatter.h"
#include "app/studio/views/run_plots.h"

namespace qvlm::studio {

/// The distribution of one site's activations, with the bounds that its parameter clips at. The bounds are dragged by mouse, or moved by keys
/// (arrows the upper one, with Shift the lower one, Escape puts them back); the legend says what clipping there would do.
class HistogramPlot : public RunPlot {
  Q_OBJECT
 public:
  explicit HistogramPlot(const Theme& theme, QWidget* parent = nullptr);
  void show_run(const RunState& state, int site);
  /// Low and high; both 0 while empty.
  std::pair<double, double> bounds() const { return {low_, high_}; }
  bool moved() const { return moved_; }
  /// The rounding parameter that comes nearest to the bounds.
  double candidate() const;
  void reset();
  /// Where a bound is drawn, in widget coordinates.
  QPoint bound_point(bool upper);

 Q_SIGNALS:
  void bounds_moved();

 protected:
  void restyle() override;
  void keyPressEvent(QKeyEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;

 private:
  enum class Held { NONE, LOW, HIGH };
  void move_bound(Held bound, double to);
  void draw_bounds();

  RunState state_;  // what the bounds need of it: one site, its block, the recipe
  std::optional<SiteMeasured> measured_;
  int site_ = -1;
  double low_ = 0, high_ = 0;              // shown
  double chosen_low_ = 0, chosen_high_ = 0;  // by the run, or the whole range
  bool moved_ = false;
  Held held_ = Held::NONE;
};

/// The discretization error difference of calibration samples against one of the proxies, with a straight line and its R^2: of the selected
/// site's pair where that was validated, otherwise over all pairs.
class ProxyPlot : public RunPlot {
  Q_OBJECT
 public:
  explicit ProxyPlot(const Theme& theme, QWidget* parent = nullptr);
  void set_proxy(Proxy proxy);
  void show_run(const RunState& state, int selected_site);
  /// Of the points that the line goes through; 0 while empty.
  double r_squared() const { return r_squared_; }

 Q_SIGNALS:
  void site_clicked(int site);

 protected:
  void restyle() override;

 private:
  void draw();

  std::vector<ProxyValidated> validated_;
  int selected_ = -1;
  Proxy proxy_ = Proxy::DEPENDENCY;
  double r_squared_ = 0;
};

}  // namespace qvlm::studio
