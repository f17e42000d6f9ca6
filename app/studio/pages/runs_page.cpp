// Above the runs, beneath what is selected of them: figures side by side, and errors over the sites.
#include "app/studio/pages/runs_page.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "app/studio/models/run_library.h"
#include "app/studio/models/speed_meter.h"
#include "app/studio/style/icons.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/flow_layout.h"
#include "app/studio/views/run_plots.h"
#include "app/studio/views/saved_view.h"
#include "app/studio/views/table_view.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

namespace {

constexpr int kHalf = 22;  // the least width of figures and plot beside each other, in heights of a line of text

}  // namespace

RunsPage::RunsPage(Workbench& workbench, const Theme& theme, QWidget* parent)
    : QWidget(parent),
      theme_(theme),
      library_(new RunLibrary(workbench, this)),
      figures_(new RunFigures(workbench, this)),
      meter_(new SpeedMeter(workbench, this)) {
  setObjectName(QStringLiteral("page"));
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(3 * kUnit, 2 * kUnit, 3 * kUnit, 2 * kUnit);
  column->setSpacing(kUnit + 4);
  auto* header = new PageHeader(
      tr("Runs"), tr("Select two or three to see them side by side"), this);
  recipe_ = new QPushButton(tr("Copy the recipe"), this);
  recipe_->setToolTip(tr("Into workspace Quantize, for a new run"));
  open_ = primary_button(tr("Open in Quantize"), this);
  open_->setToolTip(tr("With all plots; an unfinished run can be resumed there"));
  resume_ = primary_button(tr("Resume"), this);
  resume_->setToolTip(tr("Goes on where the run was broken off"));
  speed_ = new QPushButton(tr("Measure speed"), this);
  speed_->setToolTip(tr("Decodes 32 tokens with each selected model, one after another"));
  header->actions()->addWidget(speed_);
  header->actions()->addWidget(recipe_);
  header->actions()->addWidget(open_);
  header->actions()->addWidget(resume_);
  column->addWidget(header);
  banner_ = new Banner(this);
  column->addWidget(banner_);
  column->addWidget(build_list(), 1);
  column->addWidget(build_comparison(), 2);

  connect(library_, &RunLibrary::modelReset, this, [this] {
    if (library_->rowCount() > 0) list_->selectRow(0);
    show_selected();
  });
  connect(list_->selectionModel(), &QItemSelectionModel::selectionChanged, this, &RunsPage::show_selected);
  const auto open = [this] {
    if (const auto rows = selected(); rows.size() == 1) Q_EMIT open_requested(library_->at(rows[0]).folder);
  };
  connect(open_, &QPushButton::clicked, this, open);
  connect(resume_, &QPushButton::clicked, this, [this] {
    if (const auto rows = selected(); rows.size() == 1) Q_EMIT resume_requested(library_->at(rows[0]).folder);
  });
  connect(speed_, &QPushButton::clicked, this, [this] {
    QStringList folders;
    for (const int row : selected()) {
      if (!library_->at(row).unfinished()) folders << library_->at(row).folder;
    }
    meter_->measure(folders);
  });
  connect(meter_, &SpeedMeter::changed, this, &RunsPage::show_selected);
  connect(meter_, &SpeedMeter::failed, this, [this](const QString& message) { banner_->show_message(Banner::Kind::BAD, message); });
  connect(copy_, &QToolButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(figures_->table()); });
  connect(list_, &QTableView::activated, this, open);
  connect(recipe_, &QPushButton::clicked, this, [this] {
    const auto rows = selected();
    if (rows.size() == 1 && library_->at(rows[0]).state->recipe)
      Q_EMIT recipe_requested(*library_->at(rows[0]).state->recipe);
  });
  connect(&theme_, &Theme::changed, this, [this] {
    restyle();
    show_selected();
  });
  restyle();
  show_selected();
}

QWidget* RunsPage::build_list() {
  auto* card = new Card({}, this);
  list_ = new TableView(library_, tr("Runs"), RunLibrary::NAME, card);
  list_->setSelectionMode(QAbstractItemView::ExtendedSelection);
  card->body()->addWidget(list_, 1);
  return card;
}

QWidget* RunsPage::build_comparison() {
  auto* box = new QWidget(this);
  auto* row = new FlowLayout(box);
  row->setSpacing(kUnit + 4);
  comparison_ = new Card(tr("Side by side"), box);
  comparison_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  copy_ = new QToolButton(comparison_);
  copy_->setAccessibleName(tr("Copy the figures"));
  copy_->setToolTip(tr("Copy the figures as a table"));
  copy_->setIconSize({16, 16});
  copy_->setFixedSize(28, 22);
  set_style_property(copy_, "small", true);
  comparison_->header()->addWidget(copy_);
  table_ = new TableView(figures_, tr("Figures of the selected runs"), TableView::kAllColumns, comparison_);
  comparison_->body()->addWidget(table_, 1);
  auto* errors = new Card(tr("Joint error by site"), box);
  errors->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  plot_ = new RunsErrorPlot(theme_, errors);
  errors->body()->addWidget(plot_->legend());
  errors->header()->addWidget(save_button(
      *plot_, plot_, theme_, tr("Joint error by site"),
      [this](const QString& message) { banner_->show_message(Banner::Kind::BAD, message); }, errors));
  errors->body()->addWidget(plot_, 1);
  row->add(comparison_, 3, kHalf);
  row->add(errors, 2, kHalf);
  return box;
}

std::vector<int> RunsPage::selected() const {
  std::vector<int> rows;
  for (const QModelIndex& index : list_->selectionModel()->selectedRows()) rows.push_back(index.row());
  std::sort(rows.begin(), rows.end());
  return rows;
}

void RunsPage::show_selected() {
  std::vector<int> rows = selected();
  const bool readable = rows.size() == 1 && library_->at(rows[0]).state != nullptr;
  open_->setEnabled(readable);
  recipe_->setEnabled(readable && library_->at(rows[0]).state->recipe.has_value());
  const bool unfinished = readable && library_->at(rows[0]).unfinished();
  resume_->setVisible(unfinished);
  set_style_property(open_, "primary", !unfinished);
  open_->setIcon(unfinished ? icon(QStringLiteral("quantize"), theme_.colors(), 16) : icon_on_accent(QStringLiteral("quantize"), theme_.colors()));
  speed_->setEnabled(!meter_->busy() && std::any_of(rows.begin(), rows.end(), [this](int row) { return !library_->at(row).unfinished(); }));
  speed_->setText(meter_->busy() ? tr("Measuring …") : tr("Measure speed"));
  if (rows.size() == 1 && !readable) {
    banner_->show_message(Banner::Kind::WARNING, library_->at(rows[0]).failure);
  } else {
    banner_->hide();
  }
  if (rows.size() > size_t(RunsErrorPlot::kMost)) rows.resize(size_t(RunsErrorPlot::kMost));
  std::vector<RunEntry> runs;
  std::vector<RunsErrorPlot::Run> drawn;
  for (const int row : rows) {
    runs.push_back(library_->at(row));
    if (runs.back().state) drawn.push_back({runs.back().name, runs.back().state.get()});
  }
  plot_->show_runs(drawn);
  figures_->show(runs);
  comparison_->set_title(runs.size() > 1 ? tr("Side by side") : tr("Figures"));
}

void RunsPage::showEvent(QShowEvent* event) {
  library_->refresh();
  QWidget::showEvent(event);
}

void RunsPage::restyle() {
  resume_->setIcon(icon_on_accent(QStringLiteral("play"), theme_.colors()));
  copy_->setIcon(icon(QStringLiteral("copy"), theme_.colors(), 16));
  recipe_->setIcon(icon(QStringLiteral("copy"), theme_.colors(), 16));
}

}  // namespace qvlm::studio
