// How workspace Quantize is put together (QuantizePage's constructor and builders).
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "app/studio/models/recipe_check.h"
#include "app/studio/models/ribbon_model.h"
#include "app/studio/models/run_controller.h"
#include "app/studio/models/workbench.h"
#include "app/studio/pages/quantize_page.h"
#include "app/studio/pages/recipe_panel.h"
#include "app/studio/style/icons.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/flow_layout.h"
#include "app/studio/views/heatmap_view.h"
#include "app/studio/views/ribbon_view.h"
#include "app/studio/views/page_area.h"
#include "app/studio/views/run_plots.h"
#include "app/studio/views/saved_view.h"
#include "app/studio/views/scale_bar.h"
#include "app/studio/views/site_plots.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

namespace {

constexpr int kPlotLines = 11;     // the least width of a plot, in heights of a line of text: a title and two buttons
constexpr int kLowestPlots = 190;  // pixels of them that are always in sight

}  // namespace

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
      tr("Quantize"), tr("Measure dependency, shape the blocks, search each jointly"),
      this);
  start_ = primary_button(tr("Start"), this);
  resume_ = primary_button(tr("Resume run"), this);
  again_ = primary_button(tr("Run again with this partition"), this);
  preview_ = new QPushButton(tr("Quick preview"), this);
  preview_->setToolTip(tr("Searches only the edited blocks, and leaves all others as they are: approximate, and soon there"));
  pause_ = new QPushButton(tr("Pause"), this);
  cancel_ = new QPushButton(tr("Cancel"), this);
  cancel_->setAccessibleName(tr("Cancel the run"));
  for (QPushButton* button : {pause_, cancel_, start_, preview_, again_, resume_}) header_->actions()->addWidget(button);
  column->addWidget(header_);
  banner_ = new Banner(this);
  column->addWidget(banner_);
  auto* row = new QHBoxLayout;
  row->setSpacing(kUnit + 4);
  recipe_card_ = build_recipe();
  row->addWidget(recipe_card_);
  auto* right = new QVBoxLayout;
  right->setSpacing(kUnit + 4);
  right->addWidget(build_run());
  right->addWidget(build_ribbon());
  right->addWidget(build_plots(), 1);
  row->addLayout(right, 1);
  column->addLayout(row, 1);

  connect(start_, &QPushButton::clicked, this, [this] { start(false); });
  connect(resume_, &QPushButton::clicked, this, [this] { start(true); });
  connect(again_, &QPushButton::clicked, this, [this] { run_again(false); });
  connect(preview_, &QPushButton::clicked, this, [this] { run_again(true); });
  connect(pause_, &QPushButton::clicked, this,
          [this] { run_->activity() == RunController::Activity::PAUSED ? run_->resume() : run_->pause(); });
  connect(cancel_, &QPushButton::clicked, run_, &RunController::cancel);
  connect(run_, &RunController::state_changed, this, &QuantizePage::show_state);
  connect(run_, &RunController::activity_changed, this, [this] {
    if (!run_->busy()) recipe_->suggest_output();  // the last name is taken now
    show_state();
    if (!run_->busy()) tell_preview();
  });
  connect(run_, &RunController::failed, this, [this](const QString& message) {
    banner_->show_message(
        Banner::Kind::BAD,
        run_->resumable() ? tr("%1\nFinished layers are kept; the run can be resumed.").arg(message) : message);
  });
  connect(run_, &RunController::opened, this, [this] {
    if (std::exchange(resume_opened_, false) && run_->resumable()) start(true);
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
  const auto ground = [this] {
    ribbon_model_->set_grounds(recipe_->recipe(), workbench_.model() ? site_shapes(*workbench_.model()) : std::nullopt);
    recipe_->set_partition(own_partition());
    show_selection();
  };
  connect(recipe_, &RecipePanel::changed, this, ground);
  connect(ribbon_model_, &RibbonModel::partition_edited, this, &QuantizePage::apply_partition);
  connect(ribbon_model_, &RibbonModel::selection_changed, this, [this] {
    if (!following_) follow_->setChecked(false);
    show_selection();
  });
  connect(ribbon_model_, &RibbonModel::changed, this, [this] {
    refresh_controls();
    if (ribbon_model_->dragging()) forecast_->setText(unbroken(ribbon_model_->forecast_text()));
  });
  const auto select = [this](int site) { ribbon_model_->select(site); };
  connect(heatmap_, &HeatmapView::site_clicked, this, select);
  connect(entropy_, &EntropyPlot::site_clicked, this, select);
  connect(error_, &ErrorPlot::block_clicked, this, [this](int block) {
    const auto& blocks = ribbon_model_->partition().blocks;
    if (block >= 0 && block < static_cast<int>(blocks.size()))
      ribbon_model_->select(blocks[static_cast<size_t>(block)].first);
  });
  connect(&workbench_, &Workbench::model_opened, this, [this, ground] {
    if (run_->busy() || run_->state().status != RunStatus::NOT_STARTED) return;
    ribbon_model_->show_unmeasured(workbench_.model()->sites);
    ground();
  });
  connect(&theme_, &Theme::changed, this, &QuantizePage::restyle);
  restyle();
  ground();
  show_state();
}

QWidget* QuantizePage::build_recipe() {
  auto* card = new Card(tr("Recipe"), this);
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
  auto* words = new FlowLayout;
  status_ = new StillLabel(box);
  status_->setAccessibleName(tr("State of the run"));
  eta_ = new QLabel(box);
  eta_->setProperty("muted", true);
  resources_ = new StillLabel(box);
  resources_->setProperty("muted", true);
  resources_->setAccessibleName(tr("Memory and time, actual and planned"));
  recipe_toggle_ = new QToolButton(box);
  recipe_toggle_->setText(tr("Recipe"));
  recipe_toggle_->setCheckable(true);
  recipe_toggle_->setChecked(true);
  recipe_toggle_->setToolTip(tr("Show or hide the recipe: the plots take its place"));
  connect(recipe_toggle_, &QToolButton::toggled, this, [this](bool shown) {
    recipe_toggle_->setArrowType(shown ? Qt::LeftArrow : Qt::RightArrow);
    recipe_card_->setVisible(shown);
  });
  recipe_toggle_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  recipe_toggle_->setArrowType(Qt::LeftArrow);
  words->add(recipe_toggle_);
  words->add(status_, 1, 12);
  words->add(eta_);
  progress_ = new QProgressBar(box);
  progress_->setTextVisible(false);
  progress_->setAccessibleName(tr("Progress of the run"));
  column->addLayout(words);
  auto* bar = new FlowLayout;
  bar->add(progress_, 1, 8);
  bar->add(resources_);
  column->addLayout(bar);
  return box;
}

QWidget* QuantizePage::build_ribbon() {
  auto* card = new Card({}, this);
  card->setAccessibleName(tr("Blocks"));
  auto* head = new FlowLayout;
  auto* title = new QLabel(tr("Blocks"), card);
  title->setObjectName(QStringLiteral("card_title"));
  auto* tools = new QHBoxLayout;
  tools->setSpacing(0);
  const auto tool = [this, card, tools](const QString& name, const QKeySequence& keys) {
    auto* button = new QToolButton(card);
    button->setAccessibleName(name);
    button->setToolTip(keys.isEmpty() ? name
                                      : QStringLiteral("%1 (%2)").arg(name, keys.toString(QKeySequence::NativeText)));
    button->setIconSize({18, 18});
    button->setMinimumWidth(26);
    set_style_property(button, "small", true);
    tools->addWidget(button);
    return button;
  };
  colour_ = new QComboBox(card);
  colour_->setAccessibleName(tr("Colour of the ribbon"));
  colour_->setToolTip(tr("What the sites are coloured by"));
  for (const auto& [text, colour] : {std::pair{tr("Entropy"), RibbonColour::ENTROPY},
                                     {tr("Dependency D"), RibbonColour::DEPENDENCY},
                                     {tr("Block error"), RibbonColour::ERROR},
                                     {tr("Bits"), RibbonColour::BITS}})
    colour_->addItem(text, int(colour));
  set_style_property(colour_, "small", true);
  connect(colour_, &QComboBox::currentIndexChanged, this, [this] {
    ribbon_model_->set_colour(static_cast<RibbonColour>(colour_->currentData().toInt()));
    show_scale();
  });
  scale_ = new ScaleBar(theme_, card);
  head->add(title, 1);
  head->add(colour_);
  head->add(scale_);
  head->add(tools);
  card->body()->addLayout(head);
  undo_ = tool(tr("Undo"), QKeySequence(Qt::CTRL | Qt::Key_Z));
  redo_ = tool(tr("Redo"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Z));
  split_ = tool(tr("Split the block behind the selected site"), QKeySequence(Qt::Key_S));
  merge_ = tool(tr("Merge the block with the next one"), QKeySequence(Qt::Key_M));
  lock_ = tool(tr("Lock or unlock the block"), QKeySequence(Qt::Key_L));
  bits_ = tool(tr("Bits of the block's weights"), QKeySequence(Qt::Key_B));
  undo_->setShortcut(Qt::CTRL | Qt::Key_Z);
  redo_->setShortcut(Qt::CTRL | Qt::SHIFT | Qt::Key_Z);
  zoom_out_ = tool(tr("Zoom out"), QKeySequence(Qt::Key_Minus));
  zoom_in_ = tool(tr("Zoom in"), QKeySequence(Qt::Key_Plus));
  follow_ = tool(tr("Follow the search"), {});
  follow_->setToolTip(tr("The selection goes with the block being searched, until you select another"));
  follow_->setCheckable(true);
  follow_->setChecked(true);
  auto* scroll = new QScrollArea(card);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setFocusPolicy(Qt::NoFocus);
  scroll->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  ribbon_ = new RibbonView(*ribbon_model_, theme_, scroll);
  scroll->setWidget(ribbon_);
  ribbon_->setAutoFillBackground(false);
  scroll->viewport()->setAutoFillBackground(false);
  const auto fit = [scroll, this] { scroll->setFixedHeight(ribbon_->minimumSizeHint().height() + 12); };  // room for the scroll bar when zoomed
  fit();
  connect(&theme_, &Theme::changed, scroll, fit);
  QWidget* save = saver(*ribbon_, ribbon_, tr("Blocks"), card);
  tools->addWidget(save);
  setTabOrder(zoom_in_, save);
  setTabOrder(save, ribbon_);
  card->body()->addWidget(scroll);
  selection_ = new StillLabel(card);
  selection_->setAccessibleName(tr("Selected site"));
  forecast_ = new StillLabel(card);
  forecast_->setAccessibleName(tr("What the partition costs and is predicted to give"));
  card->body()->setSpacing(2);
  for (QLabel* words : {selection_, forecast_}) {
    words->setProperty("muted", true);
    card->body()->addWidget(words);
  }
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
  connect(bits_, &QToolButton::clicked, this, [this] { ribbon_->offer_bits(bits_->mapToGlobal(bits_->rect().bottomLeft())); });
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
  auto* flow = new FlowLayout(box);
  flow->setSpacing(kUnit + 4);
  flow->set_columns(3, kPlotLines);
  const auto add = [this, box, flow](const QString& title, QWidget* view) {
    auto* card = new Card(title, box);
    // Widths by the layout alone: titles and legends that come and go must not move the columns.
    card->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    view->setParent(card);
    card->body()->setSpacing(2);
    if (auto* plot = qobject_cast<RunPlot*>(view)) card->body()->addWidget(plot->legend());  // beneath the title: it may be longer
    card->body()->addWidget(view, 1);
    card->header()->addWidget(saver(dynamic_cast<SavedView&>(*view), view, title, card));
    flow->add(card);
    return card;
  };
  entropy_ = new EntropyPlot(theme_);
  error_ = new ErrorPlot(theme_);
  heatmap_ = new HeatmapView(theme_);
  candidates_ = new CandidatePlot(theme_);
  histogram_ = new HistogramPlot(theme_);
  proxies_ = new ProxyPlot(theme_);
  add(tr("Entropy"), entropy_);
  add(tr("Block error"), error_);
  candidates_card_ = add(tr("Tuples"), candidates_);
  add(tr("Entropy map"), heatmap_);
  histogram_card_ = add(tr("Site"), histogram_);
  auto* proxies = add(tr("DED"), proxies_);
  proxies->setToolTip(tr("Discretization error difference against its proxy"));
  proxy_ = new QComboBox(proxies);
  proxy_->setAccessibleName(tr("Proxy of the scatter plot"));
  proxy_->addItems({tr("D"), tr("H"), tr("error")});
  proxy_->setToolTip(tr("Dependency, entropy, or quantization error of the activations"));
  set_style_property(proxy_, "small", true);
  proxies->header()->insertWidget(proxies->header()->count() - 1, proxy_);
  connect(proxy_, &QComboBox::currentIndexChanged, this, [this](int index) { proxies_->set_proxy(static_cast<Proxy>(index)); });
  connect(proxies_, &ProxyPlot::site_clicked, ribbon_model_, &RibbonModel::select);
  add_candidate_ = new QToolButton(histogram_card_);
  add_candidate_->setIconSize({16, 16});
  add_candidate_->setFixedSize(28, 22);
  set_style_property(add_candidate_, "small", true);
  add_candidate_->setAccessibleName(tr("Add to the recipe's candidates"));
  histogram_card_->header()->insertWidget(histogram_card_->header()->count() - 1, add_candidate_);
  const auto offer = [this] {
    const bool clips = recipe_->recipe().activation_bits < 16;
    add_candidate_->setVisible(histogram_->moved() && clips && !run_->busy());
    add_candidate_->setToolTip(tr("Add %1 to the candidates of the recipe for the next run").arg(histogram_->candidate()));
  };
  offer();
  connect(histogram_, &HistogramPlot::bounds_moved, this, offer);
  connect(add_candidate_, &QToolButton::clicked, this, [this] {
    recipe_->add_candidate(histogram_->candidate());
    histogram_->reset();
    histogram_->setFocus();
  });
  box->setObjectName(QStringLiteral("transparent"));
  // Too low a window scrolls rather than flattens them.
  auto* scroll = new PageArea(box, this);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll->setMinimumHeight(kLowestPlots);
  return scroll;
}

// The recipe is as wide as its texts, and takes no more than two fifths of a narrow window.
void QuantizePage::fit_recipe() {
  const int least = recipe_->minimumSizeHint().width() + 5 * kUnit + 14;  // the card's margins and a scroll bar
  recipe_card_->setFixedWidth(std::max(least, std::min(theme_.scaled(304), width() * 2 / 5)));
}

void QuantizePage::resizeEvent(QResizeEvent* event) {
  fit_recipe();
  QWidget::resizeEvent(event);
}

void QuantizePage::restyle() {
  const Palette& p = theme_.colors();
  icons_ = {icon(QStringLiteral("play"), p, 16), icon_on_accent(QStringLiteral("play"), p),
            icon(QStringLiteral("pause"), p, 16), icon(QStringLiteral("again"), p, 16),
            icon_on_accent(QStringLiteral("again"), p)};
  resume_->setIcon(icons_.play_on_accent);
  cancel_->setIcon(icon(QStringLiteral("stop"), p, 16));
  const std::pair<QToolButton*, const char*> tools[] = {{undo_, "undo"},        {redo_, "redo"}, {split_, "split"},
                                                        {merge_, "merge"},      {lock_, "lock"}, {bits_, "bits"}, {follow_, "follow"}, {add_candidate_, "plus"}, {zoom_in_, "zoom_in"},
                                                        {zoom_out_, "zoom_out"}};
  for (const auto& [button, name] : tools) button->setIcon(icon(QLatin1String(name), p, 18));
  fit_recipe();
  refresh_controls();
}

}  // namespace qvlm::studio
