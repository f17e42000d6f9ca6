// How workspace Quantize is put together (QuantizePage's constructor and builders).
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>

#include "app/studio/models/ribbon_model.h"
#include "app/studio/models/run_controller.h"
#include "app/studio/models/workbench.h"
#include "app/studio/pages/quantize_page.h"
#include "app/studio/pages/recipe_panel.h"
#include "app/studio/style/icons.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/heatmap_view.h"
#include "app/studio/views/ribbon_view.h"
#include "app/studio/views/run_plots.h"
#include "app/studio/views/saved_view.h"
#include "app/studio/views/scale_bar.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

QuantizePage::QuantizePage(Workbench& workbench, const Theme& theme, QWidget* parent)
    : QWidget(parent),
      workbench_(workbench),
      theme_(theme),
      run_(new RunController(workbench.places().command, this)),
      ribbon_model_(new RibbonModel(this)) {
  setObjectName(QStringLiteral("page"));
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(3 * kUnit, 2 * kUnit, 3 * kUnit, 2 * kUnit);
  column->setSpacing(kUnit + 4);
  header_ = new PageHeader(
      tr("Quantize"), tr("Measure dependency by entropy, partition the sites into blocks, search each block jointly"),
      this);
  start_ = primary_button(tr("Start"), this);
  resume_ = primary_button(tr("Resume run"), this);
  again_ = primary_button(tr("Run again with this partition"), this);
  pause_ = new QPushButton(tr("Pause"), this);
  cancel_ = new QPushButton(tr("Cancel"), this);
  cancel_->setAccessibleName(tr("Cancel the run"));
  for (QPushButton* button : {pause_, cancel_, start_, again_, resume_}) header_->actions()->addWidget(button);
  column->addWidget(header_);
  banner_ = new Banner(this);
  column->addWidget(banner_);
  auto* row = new QHBoxLayout;
  row->setSpacing(kUnit + 4);
  row->addWidget(build_recipe());
  auto* right = new QVBoxLayout;
  right->setSpacing(kUnit + 4);
  right->addWidget(build_run());
  right->addWidget(build_ribbon());
  right->addWidget(build_plots(), 1);
  row->addLayout(right, 1);
  column->addLayout(row, 1);

  connect(start_, &QPushButton::clicked, this, [this] { start(false); });
  connect(resume_, &QPushButton::clicked, this, [this] { start(true); });
  connect(again_, &QPushButton::clicked, this, &QuantizePage::run_again);
  connect(pause_, &QPushButton::clicked, this,
          [this] { run_->activity() == RunController::Activity::PAUSED ? run_->resume() : run_->pause(); });
  connect(cancel_, &QPushButton::clicked, run_, &RunController::cancel);
  connect(run_, &RunController::state_changed, this, &QuantizePage::show_state);
  connect(run_, &RunController::activity_changed, this, [this] {
    if (!run_->busy()) recipe_->suggest_output();  // the last name is taken now
    show_state();
  });
  connect(run_, &RunController::failed, this, [this](const QString& message) {
    banner_->show_message(
        Banner::Kind::BAD,
        run_->resumable() ? tr("%1\nFinished layers are kept; the run can be resumed.").arg(message) : message);
  });
  connect(run_, &RunController::refused, this,
          [this](const QString& message) { banner_->show_message(Banner::Kind::WARNING, message); });
  connect(run_, &RunController::finished, this, [this](const QString& output) {
    finished_output_ = output;
    workbench_.add_quantized(output);
    const RunFinished& end = *run_->state().finished;
    banner_->show_message(Banner::Kind::GOOD,
                          tr("%1 is ready: %2, %3 bits a weight")
                              .arg(model_name(output), bytes_text(end.stored_bytes))
                              .arg(end.stored_bits, 0, 'f', 2),
                          tr("Chat with it"));
    recipe_->suggest_output();
    Q_EMIT run_finished(output);
  });
  connect(banner_, &Banner::action, this, [this] { Q_EMIT chat_requested(finished_output_); });
  connect(recipe_, &RecipePanel::changed, this, &QuantizePage::refresh_controls);
  connect(ribbon_model_, &RibbonModel::partition_edited, this, &QuantizePage::apply_partition);
  connect(ribbon_model_, &RibbonModel::selection_changed, this, &QuantizePage::show_selection);
  connect(ribbon_model_, &RibbonModel::changed, this, &QuantizePage::refresh_controls);
  const auto select = [this](int site) { ribbon_model_->select(site); };
  connect(heatmap_, &HeatmapView::site_clicked, this, select);
  connect(entropy_, &EntropyPlot::site_clicked, this, select);
  connect(error_, &ErrorPlot::block_clicked, this, [this](int block) {
    const auto& blocks = ribbon_model_->partition().blocks;
    if (block >= 0 && block < static_cast<int>(blocks.size()))
      ribbon_model_->select(blocks[static_cast<size_t>(block)].first);
  });
  connect(&workbench_, &Workbench::model_opened, this, [this] {
    if (run_->busy() || run_->state().status != RunStatus::NOT_STARTED) return;
    ribbon_model_->show_unmeasured(workbench_.model()->sites);
    show_selection();
    refresh_controls();
  });
  connect(&theme_, &Theme::changed, this, &QuantizePage::restyle);
  restyle();
  show_state();
}

QWidget* QuantizePage::build_recipe() {
  auto* card = new Card(tr("Recipe"), this);
  card->setFixedWidth(264);
  auto* scroll = new QScrollArea(card);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setFocusPolicy(Qt::NoFocus);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  recipe_ = new RecipePanel(workbench_, scroll);
  scroll->setWidget(recipe_);
  card->body()->addWidget(scroll, 1);
  return card;
}

QWidget* QuantizePage::build_run() {
  auto* box = new QWidget(this);
  auto* column = new QVBoxLayout(box);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(6);
  auto* words = new QHBoxLayout;
  status_ = new QLabel(box);
  status_->setAccessibleName(tr("State of the run"));
  eta_ = new QLabel(box);
  eta_->setProperty("muted", true);
  words->addWidget(status_, 1);
  words->addWidget(eta_);
  progress_ = new QProgressBar(box);
  progress_->setTextVisible(false);
  progress_->setAccessibleName(tr("Progress of the run"));
  column->addLayout(words);
  column->addWidget(progress_);
  return box;
}

QWidget* QuantizePage::build_ribbon() {
  auto* card = new Card(tr("Blocks"), this);
  const auto tool = [this, card](const QString& name, const QKeySequence& keys) {
    auto* button = new QToolButton(card);
    button->setAccessibleName(name);
    button->setToolTip(keys.isEmpty() ? name
                                      : QStringLiteral("%1 (%2)").arg(name, keys.toString(QKeySequence::NativeText)));
    button->setIconSize({18, 18});
    card->header()->addWidget(button);
    return button;
  };
  scale_ = new ScaleBar(theme_, card);
  card->header()->addWidget(scale_);
  card->header()->addSpacing(kUnit);
  undo_ = tool(tr("Undo"), QKeySequence(Qt::CTRL | Qt::Key_Z));
  redo_ = tool(tr("Redo"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Z));
  split_ = tool(tr("Split the block behind the selected site"), QKeySequence(Qt::Key_S));
  merge_ = tool(tr("Merge the block with the next one"), QKeySequence(Qt::Key_M));
  lock_ = tool(tr("Lock or unlock the block"), QKeySequence(Qt::Key_L));
  undo_->setShortcut(Qt::CTRL | Qt::Key_Z);
  redo_->setShortcut(Qt::CTRL | Qt::SHIFT | Qt::Key_Z);
  zoom_out_ = tool(tr("Zoom out"), QKeySequence(Qt::Key_Minus));
  zoom_in_ = tool(tr("Zoom in"), QKeySequence(Qt::Key_Plus));
  auto* scroll = new QScrollArea(card);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setFocusPolicy(Qt::NoFocus);
  scroll->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  ribbon_ = new RibbonView(*ribbon_model_, theme_, scroll);
  scroll->setWidget(ribbon_);
  ribbon_->setAutoFillBackground(false);
  scroll->viewport()->setAutoFillBackground(false);
  scroll->setFixedHeight(ribbon_->minimumSizeHint().height() + 12);  // room for the scroll bar when zoomed
  QWidget* save = saver(*ribbon_, ribbon_, tr("Blocks"), card);
  card->header()->addWidget(save);
  setTabOrder(zoom_in_, save);
  setTabOrder(save, ribbon_);
  card->body()->addWidget(scroll);
  selection_ = muted_label({}, card);
  selection_->setAccessibleName(tr("Selected site"));
  selection_->setWordWrap(false);
  selection_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
  card->body()->addWidget(selection_);
  card->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
  connect(undo_, &QToolButton::clicked, &ribbon_model_->undo_stack(), &QUndoStack::undo);
  connect(redo_, &QToolButton::clicked, &ribbon_model_->undo_stack(), &QUndoStack::redo);
  // By the stack's own word: the model says that it changed while the step is still on its way onto the stack.
  undo_->setEnabled(false);
  redo_->setEnabled(false);
  connect(&ribbon_model_->undo_stack(), &QUndoStack::canUndoChanged, undo_, &QWidget::setEnabled);
  connect(&ribbon_model_->undo_stack(), &QUndoStack::canRedoChanged, redo_, &QWidget::setEnabled);
  connect(split_, &QToolButton::clicked, this, [this] { ribbon_model_->split_after(ribbon_model_->selected_site()); });
  connect(merge_, &QToolButton::clicked, this,
          [this] { ribbon_model_->merge_with_next(ribbon_model_->selected_block()); });
  connect(lock_, &QToolButton::clicked, this, [this] {
    const int block = ribbon_model_->selected_block();
    ribbon_model_->set_locked(block, !ribbon_model_->partition().blocks.at(static_cast<size_t>(block)).locked);
  });
  connect(zoom_in_, &QToolButton::clicked, this, [this] { ribbon_->set_zoom(ribbon_->zoom() * 1.5); });
  connect(zoom_out_, &QToolButton::clicked, this, [this] { ribbon_->set_zoom(ribbon_->zoom() / 1.5); });
  return card;
}

QToolButton* QuantizePage::saver(SavedView& view, QWidget* widget, const QString& name, QWidget* parent) {
  return save_button(
      view, widget, theme_, name, [this](const QString& message) { banner_->show_message(Banner::Kind::BAD, message); },
      parent);
}

QWidget* QuantizePage::build_plots() {
  auto* box = new QWidget(this);
  auto* grid = new QGridLayout(box);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setSpacing(kUnit + 4);
  const auto add = [this, box, grid](const QString& title, QWidget* view, int row, int column, int columns) {
    auto* card = new Card(title, box);
    // Widths by the grid alone: titles and legends that come and go must not move the columns.
    card->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    view->setParent(card);
    card->body()->addWidget(view, 1);
    if (auto* plot = qobject_cast<RunPlot*>(view)) card->header()->addWidget(plot->legend());
    card->header()->addWidget(saver(dynamic_cast<SavedView&>(*view), view, title, card));
    grid->addWidget(card, row, column, 1, columns);
    return card;
  };
  entropy_ = new EntropyPlot(theme_);
  error_ = new ErrorPlot(theme_);
  heatmap_ = new HeatmapView(theme_);
  candidates_ = new CandidatePlot(theme_);
  histogram_ = new HistogramPlot(theme_);
  add(tr("Entropy by site"), entropy_, 0, 0, 3);
  add(tr("Block error"), error_, 0, 3, 3);
  add(tr("Entropy map"), heatmap_, 1, 0, 2);
  candidates_card_ = add(tr("Candidates"), candidates_, 1, 2, 2);
  histogram_card_ = add(tr("Site"), histogram_, 1, 4, 2);
  for (int column = 0; column < 6; ++column) grid->setColumnStretch(column, 1);
  grid->setRowStretch(0, 1);
  grid->setRowStretch(1, 1);
  return box;
}

void QuantizePage::restyle() {
  const Palette& p = theme_.colors();
  icons_ = {icon(QStringLiteral("play"), p, 16), icon_on_accent(QStringLiteral("play"), p),
            icon(QStringLiteral("pause"), p, 16), icon(QStringLiteral("again"), p, 16),
            icon_on_accent(QStringLiteral("again"), p)};
  resume_->setIcon(icons_.play_on_accent);
  cancel_->setIcon(icon(QStringLiteral("stop"), p, 16));
  const std::pair<QToolButton*, const char*> tools[] = {{undo_, "undo"},        {redo_, "redo"}, {split_, "split"},
                                                        {merge_, "merge"},      {lock_, "lock"}, {zoom_in_, "zoom_in"},
                                                        {zoom_out_, "zoom_out"}};
  for (const auto& [button, name] : tools) button->setIcon(icon(QLatin1String(name), p, 18));
  refresh_controls();
}

}  // namespace qvlm::studio
