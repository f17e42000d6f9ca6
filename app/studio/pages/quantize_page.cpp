// Controls and views of a run; what they show is RunController's and RibbonModel's.
#include "app/studio/pages/quantize_page.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QSaveFile>
#include <QToolButton>

#include "app/studio/models/ribbon_model.h"
#include "app/studio/models/run_controller.h"
#include "app/studio/models/workbench.h"
#include "app/studio/pages/recipe_panel.h"
#include "app/studio/style/icons.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/heatmap_view.h"
#include "app/studio/views/ribbon_view.h"
#include "app/studio/views/run_plots.h"
#include "app/studio/views/scale_bar.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

void QuantizePage::start(bool resume) {
  finished_output_.clear();
  QuantizeRequest request = resume ? run_->request() : recipe_->request();
  request.resume = resume;
  // A partition that was shaped by hand before the run stands over the greedy one.
  if (!resume && run_->state().status == RunStatus::NOT_STARTED && ribbon_model_->edited())
    request.partition = ribbon_model_->partition();
  banner_->hide();
  try {
    run_->start(request);
  } catch (const std::exception& error) {
    banner_->show_message(Banner::Kind::BAD, QString::fromUtf8(error.what()));
  }
}

void QuantizePage::run_again() {
  QuantizeRequest request = run_->request();
  request.partition = ribbon_model_->partition();
  request.resume = false;
  request.output = workbench_.free_output(model_name(request.output));
  banner_->hide();
  finished_output_.clear();
  try {
    run_->start(request);
  } catch (const std::exception& error) {
    banner_->show_message(Banner::Kind::BAD, QString::fromUtf8(error.what()));
  }
}

void QuantizePage::apply_partition() {
  if (run_->busy()) run_->send_partition(ribbon_model_->partition());
  show_selection();  // the block around the selected site may be another one
  refresh_controls();
}

void QuantizePage::save_partition(const QString& file) {
  QSaveFile out(file);
  const QByteArray text = QByteArray::fromStdString(to_json(ribbon_model_->partition()));
  if (!out.open(QIODevice::WriteOnly) || out.write(text) != text.size() || !out.commit()) {
    banner_->show_message(Banner::Kind::BAD, QStringLiteral("%1: %2").arg(file, out.errorString()));
  }
}

void QuantizePage::load_partition(const QString& file) {
  try {
    const Partition partition = read_partition(file.toStdString());
    validate(partition, ribbon_model_->sites(), file.toStdString());
    ribbon_model_->replace_partition(partition, tr("Load partition"));
  } catch (const std::exception& error) {
    banner_->show_message(Banner::Kind::BAD, QString::fromUtf8(error.what()));
  }
}

void QuantizePage::open_run(const QString& folder) {
  if (run_->busy()) {
    banner_->show_message(Banner::Kind::WARNING, tr("A run is going. Another one can be opened when it has ended."));
    return;
  }
  banner_->hide();
  run_->open(folder);
}

void QuantizePage::show_state() {
  const RunState& state = run_->state();
  if (!state.sites.empty()) ribbon_model_->show(state);
  status_->setText(run_->status_text());
  eta_->setText(run_->eta_text());
  const double progress = run_->progress();
  // Moving to and fro while nothing is known yet.
  progress_->setRange(0, run_->activity() == RunController::Activity::STARTING ? 0 : 1000);
  progress_->setValue(progress < 0 ? 0 : static_cast<int>(1000 * progress));
  bool measured = false;
  std::vector<std::vector<float>> samples;
  samples.reserve(state.sites.size());
  int rows = 0;
  for (const SiteState& site : state.sites) {
    samples.push_back(site.entropy ? site.entropy->sample_entropy : std::vector<float>());
    rows = std::max(rows, static_cast<int>(samples.back().size()));
    measured = measured || site.entropy.has_value();
  }
  static_cast<ScaleBar*>(scale_)->set_range(ribbon_model_->lowest_entropy(), ribbon_model_->highest_entropy(),
                                            measured);
  heatmap_->set_values(samples, rows);
  candidates_->show_run(state);
  candidates_card_->set_title(state.block_in_search >= 0 && !state.candidates.empty()
                                  ? tr("Tuples of block %1").arg(state.block_in_search + 1)
                                  : tr("Tuples"));
  show_selection();
  refresh_controls();
}

void QuantizePage::show_selection() {
  const RunState& state = run_->state();
  const int site = ribbon_model_->selected_site();
  const int block = ribbon_model_->selected_block();
  const auto selected_block =
      block >= 0 ? std::optional(ribbon_model_->partition().blocks[static_cast<size_t>(block)]) : std::nullopt;
  entropy_->show_run(state, site, selected_block);
  error_->show_run(state, block);
  histogram_->show_run(state, site);
  heatmap_->set_selected_site(site, selected_block ? selected_block->first : 0,
                              selected_block ? selected_block->last : 0);
  if (ribbon_model_->sites() == 0) {
    selection_->setText(tr("Open a model to see its activation sites"));
    return;
  }
  histogram_card_->set_title(tr("Site %1").arg(site));
  const QString dot = QStringLiteral("  ·  ");
  selection_->setText(ribbon_model_->describe_site(site).replace(QLatin1Char('\n'), dot) + QLatin1Char('\n') +
                      ribbon_model_->describe_block(block).replace(QLatin1Char('\n'), dot));
}

void QuantizePage::refresh_controls() {
  const auto activity = run_->activity();
  const bool busy = run_->busy();
  const QString problem = recipe_->problem();
  const bool had_focus = cancel_->hasFocus() || pause_->hasFocus();
  resume_->setVisible(run_->resumable());
  resume_->setToolTip(run_->request().output);
  start_->setVisible(!busy);
  start_->setEnabled(!busy && problem.isEmpty());
  start_->setToolTip(problem);
  pause_->setVisible(busy);
  pause_->setEnabled(activity == RunController::Activity::RUNNING || activity == RunController::Activity::PAUSED);
  pause_->setText(activity == RunController::Activity::PAUSED ? tr("Resume") : tr("Pause"));
  pause_->setAccessibleName(pause_->text());
  pause_->setIcon(activity == RunController::Activity::PAUSED ? icons_.play : icons_.pause);
  cancel_->setVisible(busy);
  cancel_->setEnabled(activity != RunController::Activity::CANCELLING);
  recipe_->setEnabled(!busy);
  const bool can_run_again = !busy && ribbon_model_->edited() && !run_->request().model.isEmpty() &&
                             run_->state().status != RunStatus::NOT_STARTED;
  again_->setVisible(can_run_again);
  // One primary way on: take up what broke off, or run again with what was edited, or start.
  set_style_property(again_, "primary", !run_->resumable());
  set_style_property(start_, "primary", !run_->resumable() && !can_run_again);
  start_->setIcon(start_->property("primary").toBool() ? icons_.play_on_accent : icons_.play);
  again_->setIcon(again_->property("primary").toBool() ? icons_.again_on_accent : icons_.again);
  if (had_focus && !busy) (run_->resumable() ? resume_ : start_)->setFocus();
  Partition trial = ribbon_model_->partition();
  const int block = ribbon_model_->selected_block();
  split_->setEnabled(block >= 0 && trial.split_after(ribbon_model_->selected_site()));
  trial = ribbon_model_->partition();
  merge_->setEnabled(block >= 0 && trial.merge_with_next(block));
  lock_->setEnabled(block >= 0);
}

}  // namespace qvlm::studio
