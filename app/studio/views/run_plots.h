// The line and scatter plots of a run. QCustomPlot stays inside run_plots.cpp, site_plots.cpp and plot_style.h.
#pragma once

#include <QColor>
#include <QList>
#include <QWidget>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "app/studio/views/saved_view.h"
#include "core/run/run_state.h"

class QCustomPlot;
class QLabel;

namespace qvlm::studio {

class RibbonModel;
class Theme;
struct Palette;

/// A plot that follows the theme, and says so when there is nothing to draw yet.
class RunPlot : public QWidget, public SavedView {
  Q_OBJECT
 public:
  RunPlot(const Theme& theme, const QString& name, const QString& empty_text, QWidget* parent = nullptr);
  ~RunPlot() override;
  QSize minimumSizeHint() const override;
  /// Points drawn by the last show(); 0 while empty. For tests and for the accessible description.
  int points() const { return points_; }
  QSize picture_size() const override { return size().expandedTo({480, 300}); }
  void draw_on(QPaintDevice& device, const QSize& size) override;
  /// "series,<x axis>,value"; lines that only mark something are left out.
  QString table() const override;
  /// What the colours mean; for the header of the card around the plot.
  QLabel* legend() { return legend_; }
  QCustomPlot& plot() { return *plot_; }

 protected:
  virtual void restyle() = 0;
  void set_points(int points, const QString& description);
  /// As many ticks as their labels have room for, at most `across` and `up`.
  void limit_ticks(int across, int up);
  /// Of the graphs in order, as table() has them; an empty name is a mark, not data.
  void name_series(const QStringList& names);
  /// Coloured marks with their names.
  void set_legend(const QList<std::pair<QColor, QString>>& entries, const QString& explanation);
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void showEvent(QShowEvent* event) override;
  const Theme& theme() const { return theme_; }

 private:
  const Theme& theme_;
  QCustomPlot* plot_;
  QLabel* legend_;
  QString empty_text_;
  void fit_ticks();
  int points_ = 0, across_ = 5, up_ = 4;
};

/// Entropy and dependency by site, with the threshold h0.
class EntropyPlot : public RunPlot {
  Q_OBJECT
 public:
  explicit EntropyPlot(const Theme& theme, QWidget* parent = nullptr);
  /// `selected_block`: its sites are shaded; none where it is empty.
  void show_run(const RunState& state, int selected_site, const std::optional<Block>& selected_block);

 Q_SIGNALS:
  void site_clicked(int site);

 protected:
  void restyle() override;
};

/// Error of each block: layer-wise and joint, on a logarithmic axis.
class ErrorPlot : public RunPlot {
  Q_OBJECT
 public:
  explicit ErrorPlot(const Theme& theme, QWidget* parent = nullptr);
  /// `before`: results by first site from before an edit, drawn where a block of the same extent is left.
  void show_run(const RunState& state, int selected_block, const std::map<int, BlockSearched>& before = {});

 Q_SIGNALS:
  void block_clicked(int block);

 protected:
  void restyle() override;

 private:
  void set_legend_of(bool with_before);
};

/// Losses of one block's tuples, in the order of scoring, and the best so far.
class CandidatePlot : public RunPlot {
  Q_OBJECT
 public:
  explicit CandidatePlot(const Theme& theme, QWidget* parent = nullptr);
  void show_block(int block, const std::vector<CandidateScored>& candidates);

 protected:
  void restyle() override;
};

/// Joint error over the sites of several runs, each block as one step: for comparing partitions and recipes.
class RunsErrorPlot : public RunPlot {
  Q_OBJECT
 public:
  explicit RunsErrorPlot(const Theme& theme, QWidget* parent = nullptr);
  struct Run {
    QString name;
    const RunState* state;
  };
  /// At most kMost runs are drawn.
  static constexpr int kMost = 3;
  void show_runs(const std::vector<Run>& runs);
  /// The colour of the run at `index`, for marks beside its name.
  static QColor color_of(const Palette& palette, int index);

 protected:
  void restyle() override;

 private:
  QStringList names_;
};

}  // namespace qvlm::studio
