// Workspace Quantize: the recipe, the run, the block ribbon, and the plots that explain it.
#pragma once

#include <QIcon>
#include <QWidget>
#include <optional>

#include "core/run/partition.h"

class QComboBox;
class QLabel;
class QProgressBar;
class QPushButton;
class QTimer;
class QToolButton;

namespace qvlm::studio {

class Banner;
class CandidatePlot;
class Card;
class EntropyPlot;
class ErrorPlot;
class HeatmapView;
class HistogramPlot;
class ProxyPlot;
class ScaleBar;
class PageHeader;
class RecipePanel;
class RibbonModel;
class RibbonView;
class RunController;
class SavedView;
class Theme;
class Workbench;
struct QuantizeRequest;

class QuantizePage : public QWidget {
  Q_OBJECT
 public:
  QuantizePage(Workbench& workbench, const Theme& theme, QWidget* parent = nullptr);

  RunController& run() { return *run_; }
  RibbonModel& ribbon_model() { return *ribbon_model_; }
  RibbonView* ribbon() { return ribbon_; }
  RecipePanel* recipe_panel() { return recipe_; }
  QPushButton* start_button() { return start_; }
  QPushButton* resume_button() { return resume_; }  // of a run that was cancelled or broke off
  QPushButton* pause_button() { return pause_; }
  QPushButton* cancel_button() { return cancel_; }
  QPushButton* again_button() { return again_; }
  QPushButton* preview_button() { return preview_; }  // searches only the edited blocks
  QToolButton* follow_button() { return follow_; }    // the selection goes with the block being searched
  QToolButton* recipe_button() { return recipe_toggle_; }
  QToolButton* candidate_button() { return add_candidate_; }
  QComboBox* colour_box() { return colour_; }
  QLabel* forecast_label() { return forecast_; }
  QLabel* resources_label() { return resources_; }
  QToolButton* undo_button() { return undo_; }
  QToolButton* redo_button() { return redo_; }
  Banner* banner() { return banner_; }
  /// The partition as a file for `--partition`, and back. Problems appear in the banner.
  void save_partition(const QString& file);
  void load_partition(const QString& file);
  /// Shows the run in `folder`, and takes it up where `resume`; while another one is going, the banner says that it is.
  void open_run(const QString& folder, bool resume = false);
  EntropyPlot* entropy_plot() { return entropy_; }
  ErrorPlot* error_plot() { return error_; }
  CandidatePlot* candidate_plot() { return candidates_; }
  HistogramPlot* histogram_plot() { return histogram_; }
  HeatmapView* heatmap() { return heatmap_; }
  ProxyPlot* proxy_plot() { return proxies_; }

 Q_SIGNALS:
  void chat_requested(const QString& model);
  void run_finished(const QString& output);

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  QWidget* build_recipe();
  QWidget* build_run();
  QWidget* build_ribbon();
  QWidget* build_plots();
  QToolButton* saver(SavedView& view, QWidget* widget, const QString& name, QWidget* parent);
  void start(bool resume);
  void run_again(bool preview);
  void launch(const QuantizeRequest& request);
  void follow_search();
  void show_scale();
  void tell_preview();
  void show_state();
  void show_selection();
  void refresh_controls();
  void apply_partition();
  std::optional<Partition> own_partition() const;
  void restyle();
  void fit_recipe();

  Workbench& workbench_;
  const Theme& theme_;
  RunController* run_;
  RibbonModel* ribbon_model_;
  PageHeader* header_;
  Banner* banner_;
  RecipePanel* recipe_;
  QPushButton *start_, *resume_, *pause_, *cancel_, *again_, *preview_;
  QProgressBar* progress_;
  QLabel *status_, *eta_, *resources_, *selection_, *forecast_;
  RibbonView* ribbon_;
  QToolButton *undo_, *redo_, *split_, *merge_, *lock_, *bits_, *zoom_in_, *zoom_out_, *follow_, *recipe_toggle_, *add_candidate_;
  QComboBox *colour_, *proxy_;
  EntropyPlot* entropy_;
  ErrorPlot* error_;
  CandidatePlot* candidates_;
  HistogramPlot* histogram_;
  HeatmapView* heatmap_;
  ProxyPlot* proxies_;
  Card *candidates_card_, *histogram_card_;
  ScaleBar* scale_;
  QWidget* recipe_card_;
  // Drawn once a theme: the controls are refreshed many times a second.
  struct {
    QIcon play, play_on_accent, pause, again, again_on_accent;
  } icons_;
  QString finished_output_;
  bool resume_opened_ = false;  // the run that is being opened
  bool following_ = false;  // the selection is being moved by the search, not by the user
};

}  // namespace qvlm::studio
