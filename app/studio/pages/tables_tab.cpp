// Above what is shown and how, beneath the tables.
#include "app/studio/pages/tables_tab.h"

#include <QClipboard>
#include <QDir>
#include <QFileDialog>
#include <QGuiApplication>
#include <QMenu>
#include <QVBoxLayout>

#include "app/studio/models/evaluation_tables.h"
#include "app/studio/style/icons.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/fields.h"
#include "app/studio/views/flow_layout.h"
#include "app/studio/views/saved_view.h"
#include "app/studio/views/table_stack.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

namespace {

/// A button that opens its menu(), which is empty yet.
QPushButton* menu_button(const QString& text, const QString& name, QWidget* parent) {
  auto* button = new QPushButton(text, parent);
  button->setAccessibleName(name);
  button->setMenu(new QMenu(button));
  button->setProperty("has_menu", true);
  return button;
}

}  // namespace

TablesTab::TablesTab(EvaluationResults& results, const Theme& theme, QWidget* parent)
    : QWidget(parent), results_(results), theme_(theme), tables_(new EvaluationTables(results, this)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, kUnit, 0, 0);
  auto* card = new Card({}, this);
  card->setAccessibleName(tr("Tables of results"));
  column->addWidget(card);
  card->body()->addWidget(build_controls());
  banner_ = new Banner(card);
  card->body()->addWidget(banner_);
  nothing_ = muted_label(tr("No results yet. Run a model over a question set: its result is kept here, and every further model that is asked the same "
                            "becomes a row. Tables of `qvlm table` can be opened, or dropped on the window."),
                         card);
  nothing_->setTextFormat(Qt::PlainText);
  card->body()->addWidget(nothing_);
  stack_ = new TableStack(card);
  card->body()->addWidget(stack_, 1);
  card->body()->addStretch(0);

  connect(tables_, &EvaluationTables::sources_changed, this, &TablesTab::refill_sources);
  connect(tables_, &EvaluationTables::changed, this, &TablesTab::show_table);
  connect(tables_, &EvaluationTables::failed, this, [this](const QString& message) { banner_->show_message(Banner::Kind::BAD, message); });
  connect(&results_, &EvaluationResults::changed, this, &TablesTab::tell_problems);
  connect(&results_, &EvaluationResults::removed, this,
          [this](const QString& what) { banner_->show_message(Banner::Kind::INFO, tr("Removed: %1").arg(what), tr("Undo")); });
  connect(banner_, &Banner::action, this, [this] {
    banner_->hide();
    results_.undo_remove();
  });
  connect(sources_, &QComboBox::currentIndexChanged, tables_, &EvaluationTables::choose);
  connect(layouts_, &QComboBox::currentIndexChanged, this,
          [this](int index) { tables_->set_layout(EvaluationTables::layouts()[size_t(index)]); });
  connect(&theme_, &Theme::changed, this, &TablesTab::restyle);
  restyle();
  show_table();
}

QWidget* TablesTab::build_controls() {
  auto* box = new QWidget(this);
  auto* row = new FlowLayout(box);
  sources_ = new NameBox(box);
  sources_->setAccessibleName(tr("Results that are shown"));
  sources_->setToolTip(tr("Models that were asked the same questions are rows of one table"));
  layouts_ = new QComboBox(box);
  for (const TableLayout layout : EvaluationTables::layouts()) layouts_->addItem(EvaluationTables::name_of(layout));
  layouts_->setAccessibleName(tr("Layout of the table"));
  layouts_->setToolTip(tr("Tables as Q-VLM's paper numbers them"));
  open_ = menu_button(tr("Open"), tr("Open a table"), box);
  const auto ask = [this](QFileDialog::FileMode mode, const QString& title) {
    auto* dialog = new QFileDialog(window(), title, QDir::homePath(), tr("Table (*.json)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(mode);
    connect(dialog, &QFileDialog::fileSelected, tables_, &EvaluationTables::open);
    dialog->open();
  };
  open_->menu()->addAction(tr("A table file …"), this, [ask] { ask(QFileDialog::ExistingFile, tr("Open a table")); });
  open_->menu()->addAction(tr("The folder of a `qvlm table` …"), this, [ask] { ask(QFileDialog::Directory, tr("Open the folder of a table")); });
  copy_ = menu_button(tr("Copy"), tr("Copy the table"), box);
  copy_->menu()->addAction(tr("As text"), this, [this] { QGuiApplication::clipboard()->setText(tables_->text()); });
  copy_->menu()->addAction(tr("For a spreadsheet"), this, [this] { QGuiApplication::clipboard()->setText(tables_->sheet()); });
  save_ = new QPushButton(tr("Save …"), box);
  save_->setAccessibleName(tr("Save the table"));
  save_->setToolTip(tr("As text, as JSON that can be opened here again, or as a page with plots"));
  connect(save_, &QPushButton::clicked, this, [this] {
    ask_where_to_save(
        this, tr("Save the table"), QStringLiteral("table"), tr("Page (*.html);;JSON (*.json);;Text (*.txt)"),
        [this](const QString& file) { tables_->save(file); }, [this](const QString& message) { banner_->show_message(Banner::Kind::BAD, message); });
  });
  remove_ = menu_button(tr("Remove"), tr("Remove results"), box);
  remove_->setToolTip(tr("Takes a model's results out of the table, or all of them"));
  connect(remove_->menu(), &QMenu::aboutToShow, this, &TablesTab::fill_removals);
  row->add(sources_, 1, 12);
  row->add(layouts_);
  row->add(open_);
  row->add(copy_);
  row->add(save_);
  row->add(remove_);
  return box;
}

void TablesTab::fill_removals() {
  QMenu& menu = *remove_->menu();
  menu.clear();
  const auto& table = tables_->table();
  if (table && tables_->rows_can_go()) {
    for (size_t i = 0; i < table->rows.size(); ++i) {
      const QString name = QString::fromStdString(table->rows[i].name).replace(QLatin1Char('&'), QLatin1String("&&"));
      menu.addAction(name, this, [this, i] { tables_->remove(int(i)); });
    }
    menu.addSeparator();
  }
  menu.addAction(tr("The whole table"), this, [this] { tables_->remove(-1); });
}

void TablesTab::refill_sources() {
  const QSignalBlocker quiet(sources_);
  sources_->clear();
  for (const EvaluationTables::Source& source : tables_->sources()) sources_->add(source.name, source.key, source.tip);
}

void TablesTab::show_table() {
  {
    const QSignalBlocker quiet(sources_);
    sources_->setCurrentIndex(tables_->current());
  }
  std::vector<TextTableModel*> grids;
  for (int i = 0; i < tables_->captions().size(); ++i) grids.push_back(tables_->grid(i));
  stack_->show_tables(tables_->captions(), grids);
  const bool there = tables_->table().has_value();
  nothing_->setVisible(!there);
  stack_->setVisible(there);
  sources_->setEnabled(there);
  layouts_->setEnabled(there);
  copy_->setEnabled(there);
  save_->setEnabled(there);
  remove_->setEnabled(there);
}

void TablesTab::tell_problems() {
  const QStringList& problems = results_.problems();
  if (problems.isEmpty() || problems == told_) return;  // a message that was dismissed does not come back
  told_ = problems;
  const QStringList lines = QStringList{tr("Kept results that cannot be read are left out:")} + problems;
  banner_->show_message(Banner::Kind::WARNING, lines.join(QLatin1Char('\n')));
}

void TablesTab::showEvent(QShowEvent* event) {
  results_.refresh();
  QWidget::showEvent(event);
}

void TablesTab::restyle() {
  open_->setIcon(icon(QStringLiteral("folder"), theme_.colors(), 16));
  copy_->setIcon(icon(QStringLiteral("copy"), theme_.colors(), 16));
  save_->setIcon(icon(QStringLiteral("save"), theme_.colors(), 16));
  remove_->setIcon(icon(QStringLiteral("trash"), theme_.colors(), 16));
}

}  // namespace qvlm::studio
