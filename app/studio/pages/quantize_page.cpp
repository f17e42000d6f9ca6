// Controls and views of a run; what they show is RunController's and RibbonModel's.
#include "app/studio/pages/quantize_page.h"

#include <QComboBox>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QSaveFile>
#include <QToolButton>
#include <cmath>

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
#include "app/studio/views/site_plots.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

/// Shaped by hand before any run: stands over the greedy one.
std::optional<Partition> QuantizePage::own_partition() const {
  const bool shaped = run_->state().status == RunStatus::NOT_STARTED && ribbon_model_->edited() && recipe_->recipe().search != SearchMode::LAYERWISE;
  return shaped ? std::optional(ribbon_model_->partition()) : std::nullopt;
}

void QuantizePage::start(bool resume) {
  QuantizeRequest request = resume ? run_->request() : recipe_->request();
  request.resume = resume;
  request.reuse.clear();
  request.preview = false;
  if (!resume) request.partition = own_partition();
  launch(request);
}

// What the edit leaves as it was is taken over from the run that is shown; the rest is searched, or for a preview the edited blocks alone.
void QuantizePage::run_again(bool preview) {
  QuantizeRequest request = run_->request();
  request.partition = ribbon_model_->partition();
  request.resume = false;
  request.reuse = QFileInfo::exists(run_->folder() + QStringLiteral("/journal.jsonl")) ? run_->folder() : QString();
  request.preview = preview;
  request.output = workbench_.free_output(model_name(request.output));
  launch(request);
}

void QuantizePage::launch(const QuantizeRequest& request) {
  finished_output_.clear();
  banner_->hide();
  follow_->setChecked(true);
  try {
    run_->start(request);
  } catch (const std::exception& error) {
    banner_->show_message(Banner::Kind::BAD, QString::fromUtf8(error.what()));
  }
}

// The block being searched, unless the user looks at another one.
void QuantizePage::follow_search() {
  const RunState& state = run_->state();
  if (!run_->busy() || !follow_->isChecked() || ribbon_model_->edited() || ribbon_model_->dragging()) return;
  const auto& blocks = state.partition.blocks;
  if (state.block_in_search < 0 || state.block_in_search >= int(blocks.size())) return;
  following_ = true;
  ribbon_model_->select(blocks[size_t(state.block_in_search)].first);
  following_ = false;
}

void QuantizePage::tell_preview() {
  if (!run_->request().preview || run_->state().status != RunStatus::CANCELLED || !run_->failure().isEmpty()) return;
  banner_->show_message(Banner::Kind::INFO,
                        tr("Approximate preview: only the edited blocks are searched; all others stand as they were before. %1"
                           " Resume the run for the whole result.")
                            .arg(run_->preview_text()));
}

void QuantizePage::apply_partition() {
  if (run_->busy()) run_->send_partition(ribbon_model_->partition());
  recipe_->set_partition(own_partition());
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

void QuantizePage::open_run(const QString& folder, bool resume) {
  if (run_->busy()) {
    banner_->show_message(Banner::Kind::WARNING, tr("A run is going. Another one can be opened when it has ended."));
    return;
  }
  banner_->hide();
  resume_opened_ = resume;
  run_->open(folder);
}

void QuantizePage::show_state() {
  const RunState& state = run_->state();
  if (!state.sites.empty()) ribbon_model_->show(state, run_->story().reused);
  follow_search();
  status_->setText(run_->status_text());
  eta_->setText(run_->eta_text());
  resources_->setText(run_->resources_text());
  const double progress = run_->progress();
  // Moving to and fro while nothing is known yet.
  progress_->setRange(0, run_->activity() == RunController::Activity::STARTING ? 0 : 1000);
  progress_->setValue(progress < 0 ? 0 : static_cast<int>(1000 * progress));
  std::vector<std::vector<float>> samples;
  samples.reserve(state.sites.size());
  int rows = 0;
  for (const SiteState& site : state.sites) {
    samples.push_back(site.entropy ? site.entropy->sample_entropy : std::vector<float>());
    rows = std::max(rows, static_cast<int>(samples.back().size()));
  }
  show_scale();
  heatmap_->set_values(samples, rows);
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
  error_->show_run(state, block, run_->story().before);
  histogram_->show_run(state, site);
  proxies_->show_run(state, site);
  // The selected block's tuples, or where it has none those of the block being searched.
  int scored = block;
  std::vector<CandidateScored> tuples = run_->story().candidates_of(ribbon_model_->partition(), block);
  if (tuples.empty() && run_->busy()) {
    scored = state.block_in_search;
    tuples = run_->story().candidates_of(state.partition, scored);
  }
  candidates_->show_block(scored, tuples);
  candidates_card_->set_title(tuples.empty() ? tr("Tuples") : tr("Block %1").arg(scored + 1));
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
  selection_->setToolTip(selection_->text());
  forecast_->setText(unbroken(ribbon_model_->forecast_text()));
  forecast_->setToolTip(tr("Cost and size are counted. The error is predicted: each block's by the shares that its sites had in the searched blocks, a "
                           "quarter for each bit more, and by what joint searches of its depth gained."));
}

void QuantizePage::show_scale() {
  const auto [low, high] = ribbon_model_->range();
  const auto text = [this](double value) {
    switch (ribbon_model_->colour()) {
      case RibbonColour::ERROR:
        return QString::number(value, 'g', 2);
      case RibbonColour::BITS:
        return QString::number(value, 'f', 0);
      default:
        return QString::number(value, 'f', 2);
    }
  };
  if (ribbon_model_->colour() == RibbonColour::BITS) return scale_->set_range(QStringLiteral("2"), QStringLiteral("8"), {});
  scale_->set_range(std::isnan(low) ? QString() : text(low), text(high),
                    ribbon_model_->colour() == RibbonColour::ERROR ? tr("not searched yet") : tr("not measured yet"));
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
  const bool layerwise = run_->state().recipe && run_->state().recipe->search == SearchMode::LAYERWISE;
  again_->setVisible(can_run_again);
  again_->setEnabled(!layerwise);
  again_->setToolTip(layerwise ? tr("A layer-wise search has one block a site: choose the joint search for a partition of your own")
                               : tr("What the edit leaves as it was is taken over; the result is that of a fresh run"));
  preview_->setVisible(can_run_again && !layerwise && run_->state().status == RunStatus::FINISHED);
  follow_->setEnabled(busy);
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
  bits_->setEnabled(block >= 0);
}

}  // namespace qvlm::studio
