// Above what is asked; beneath, in one tab left the questions and right the accuracies, in the other the tables.
#include "app/studio/pages/evaluate_page.h"

#include <QComboBox>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSpinBox>
#include <QStyledItemDelegate>
#include <QTabBar>
#include <QTabWidget>
#include <QVBoxLayout>
#include <algorithm>

#include "app/studio/models/evaluation_controller.h"
#include "app/studio/models/evaluation_tables.h"
#include "app/studio/models/question_table_model.h"
#include "app/studio/models/workbench.h"
#include "app/studio/pages/tables_tab.h"
#include "app/studio/style/icons.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/accuracy_chart.h"
#include "app/studio/views/fields.h"
#include "app/studio/views/flow_layout.h"
#include "app/studio/views/picture_delegate.h"
#include "app/studio/views/table_view.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

namespace {

constexpr int kTableLines = 30, kResultLines = 18;  // least widths, in heights of a line of text

/// Right and wrong in the palette's colours; the word says it too.
class VerdictDelegate : public QStyledItemDelegate {
 public:
  VerdictDelegate(const Theme& theme, QObject* parent) : QStyledItemDelegate(parent), theme_(theme) {}

 protected:
  void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override {
    QStyledItemDelegate::initStyleOption(option, index);
    const QColor color =
        index.data(QuestionTableModel::RIGHT_ROLE).toBool() ? theme_.colors().good : theme_.colors().bad;
    for (const auto group : {QPalette::Active, QPalette::Inactive}) {
      option->palette.setColor(group, QPalette::Text, color);
      option->palette.setColor(group, QPalette::HighlightedText, color);
    }
    option->font.setWeight(QFont::DemiBold);
  }

 private:
  const Theme& theme_;
};

}  // namespace

EvaluatePage::EvaluatePage(Workbench& workbench, const Theme& theme, QWidget* parent)
    : QWidget(parent),
      workbench_(workbench),
      theme_(theme),
      evaluation_(new EvaluationController(workbench, this)),
      filter_(new QuestionFilter(this)) {
  setObjectName(QStringLiteral("page"));
  filter_->setSourceModel(&evaluation_->questions());
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(3 * kUnit, 2 * kUnit, 3 * kUnit, 2 * kUnit);
  column->setSpacing(kUnit + 4);
  auto* header = new PageHeader(tr("Evaluate"), tr("Every question answered freely, and compared whole"), this);
  stop_ = new QPushButton(tr("Stop"), this);
  stop_->setAccessibleName(tr("Stop the evaluation"));
  run_ = primary_button(tr("Run"), this);
  header->actions()->addWidget(stop_);
  header->actions()->addWidget(run_);
  column->addWidget(header);
  banner_ = new Banner(this);
  column->addWidget(banner_);
  column->addWidget(build_controls());
  tabs_ = new QTabWidget(this);
  tabs_->setAccessibleName(tr("Questions and tables"));
  tabs_->setDocumentMode(true);
  tabs_->tabBar()->setDrawBase(false);
  auto* questions = new QWidget(tabs_);
  auto* row = new FlowLayout(questions);
  row->setContentsMargins(0, kUnit, 0, 0);
  row->setSpacing(kUnit + 4);
  row->add(build_table(), 1, kTableLines);
  row->add(build_result(), 0, kResultLines);
  tables_ = new TablesTab(evaluation_->results(), theme, tabs_);
  tabs_->addTab(questions, tr("Questions"));
  tabs_->addTab(tables_, tr("Tables"));
  column->addWidget(tabs_, 1);

  connect(run_, &QPushButton::clicked, this, &EvaluatePage::start);
  connect(stop_, &QPushButton::clicked, evaluation_, &EvaluationController::stop);
  connect(evaluation_, &EvaluationController::changed, this, &EvaluatePage::show_evaluation);
  const auto bad = [this](const QString& message) { banner_->show_message(Banner::Kind::BAD, message); };
  connect(evaluation_, &EvaluationController::failed, this, bad);
  connect(&evaluation_->results(), &EvaluationResults::failed, this, bad);
  connect(picker_, &ModelPicker::changed, this, &EvaluatePage::refresh_controls);
  connect(&workbench_, &Workbench::models_changed, this, &EvaluatePage::refill_against);
  refill_against();
  connect(set_, &PathField::changed, this, &EvaluatePage::refresh_controls);
  connect(&theme_, &Theme::changed, this, &EvaluatePage::restyle);
  restyle();
  show_evaluation();
}

QuestionTableModel& EvaluatePage::questions() { return evaluation_->questions(); }

void EvaluatePage::open_table(const QString& path) {
  tabs_->setCurrentWidget(tables_);
  tables_->tables().open(path);
}

QWidget* EvaluatePage::build_controls() {
  auto* card = new Card({}, this);
  auto* row = new FlowLayout;
  row->setSpacing(kUnit + 4);
  picker_ = new ModelPicker(workbench_, card);
  against_ = new NameBox(card);
  against_->setToolTip(tr("Asked the same questions, so that the cases are found where the two part"));
  set_ = new PathField(PathField::Kind::FILE_OR_FOLDER, tr("Question set"), card);
  set_->set_path(workbench_.settings().value(QStringLiteral("evaluate/questions"), workbench_.places().demo_questions));
  limit_ = new QSpinBox(card);
  limit_->setRange(0, 1000000);
  limit_->setSpecialValueText(tr("all"));
  limit_->setValue(100);
  limit_->setToolTip(tr("How many questions; 0: all"));
  row->add(labelled(tr("Model and what runs it"), picker_, card), 5, 27);
  row->add(labelled(tr("Compared with"), against_, card), 2, 10);
  row->add(labelled(tr("Question set"), set_, card), 3, 17);
  row->add(labelled(tr("Questions"), limit_, card));
  card->body()->addLayout(row);
  auto* words = new FlowLayout;
  status_ = new StillLabel(card);
  status_->setAccessibleName(tr("State of the evaluation"));
  progress_ = new QProgressBar(card);
  progress_->setTextVisible(false);
  progress_->setAccessibleName(tr("Progress of the evaluation"));
  words->add(status_);
  words->add(progress_, 1, 8);
  card->body()->addLayout(words);
  return card;
}

QWidget* EvaluatePage::build_table() {
  auto* card = new Card({}, this);
  card->setAccessibleName(tr("Questions"));
  auto* filters = new FlowLayout;
  verdict_ = new QComboBox(card);
  verdict_->addItem(tr("All verdicts"), int(QuestionFilter::Verdict::ALL));
  verdict_->addItem(tr("Right"), int(QuestionFilter::Verdict::RIGHT));
  verdict_->addItem(tr("Wrong"), int(QuestionFilter::Verdict::WRONG));
  verdict_->addItem(tr("Wrong, the other right"), int(QuestionFilter::Verdict::ONLY_AGAINST_RIGHT));
  verdict_->addItem(tr("Right, the other wrong"), int(QuestionFilter::Verdict::ONLY_THIS_RIGHT));
  verdict_->addItem(tr("Answers differ"), int(QuestionFilter::Verdict::ANSWERS_DIFFER));
  verdict_->setAccessibleName(tr("Filter by verdict"));
  category_ = new QComboBox(card);
  category_->addItem(tr("All categories"), QString());
  category_->setAccessibleName(tr("Filter by category"));
  search_ = new QLineEdit(card);
  search_->setPlaceholderText(tr("Search"));
  search_->setAccessibleName(tr("Search questions and answers"));
  search_->setClearButtonEnabled(true);
  ask_ = new QPushButton(tr("Open in Chat"), card);
  ask_->setAccessibleName(tr("Open the selected question in Chat"));
  filters->add(verdict_);
  filters->add(category_);
  filters->add(search_, 1, 7);
  filters->add(ask_);
  card->body()->addLayout(filters);
  view_ = new TableView(filter_, tr("Questions and answers"), QuestionTableModel::QUESTION, card);
  // As many rows as there are questions come while they are answered: their texts are not measured.
  for (int column = 0; column < QuestionTableModel::COLUMNS; ++column) view_->horizontalHeader()->setSectionResizeMode(column, QHeaderView::Fixed);
  view_->setItemDelegateForColumn(QuestionTableModel::VERDICT, new VerdictDelegate(theme_, view_));
  view_->setItemDelegateForColumn(QuestionTableModel::PICTURE, new PictureDelegate(QuestionTableModel::IMAGES_ROLE, view_));
  card->body()->addWidget(view_, 1);
  connect(verdict_, &QComboBox::currentIndexChanged, this,
          [this] { filter_->set_verdict(static_cast<QuestionFilter::Verdict>(verdict_->currentData().toInt())); });
  connect(category_, &QComboBox::currentIndexChanged, this,
          [this] { filter_->set_category(category_->currentData().toString()); });
  connect(search_, &QLineEdit::textChanged, filter_, &QuestionFilter::set_text);
  const auto ask = [this] {
    const QModelIndex index = view_->currentIndex();
    if (!index.isValid()) return;
    const QModelIndex question = index.siblingAtColumn(QuestionTableModel::QUESTION);
    Q_EMIT chat_requested(question.data().toString(), index.data(QuestionTableModel::IMAGES_ROLE).toStringList());
  };
  connect(ask_, &QPushButton::clicked, this, ask);
  connect(view_, &QTableView::activated, this, ask);
  connect(view_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
          [this](const QModelIndex& index) { ask_->setEnabled(index.isValid()); });
  ask_->setEnabled(false);
  return card;
}

QWidget* EvaluatePage::build_result() {
  auto* card = new Card(tr("Accuracy"), this);
  result_ = new QLabel(card);
  result_->setObjectName(QStringLiteral("big_number"));
  result_->setAccessibleName(tr("Accuracy over all questions"));
  result_note_ = muted_label({}, card);
  chart_ = new AccuracyChart(theme_, card);
  card->body()->addWidget(result_);
  card->body()->addWidget(result_note_);
  card->body()->addSpacing(kUnit);
  card->body()->addWidget(chart_, 1);
  return card;
}

void EvaluatePage::resizeEvent(QResizeEvent* event) {
  share_columns();
  QWidget::resizeEvent(event);
}

void EvaluatePage::share_columns() {
  const bool narrow = width() < 1060;
  view_->setColumnWidth(QuestionTableModel::PICTURE, narrow ? 64 : 84);
  const int beside = evaluation_->compares() ? theme_.scaled(76) : 0;  // for what the other model was
  view_->setColumnWidth(QuestionTableModel::VERDICT, theme_.scaled(narrow ? 70 : 84) + beside);
  view_->setColumnWidth(QuestionTableModel::CATEGORY, theme_.scaled(narrow ? 88 : 104));
  for (const int column : {QuestionTableModel::EXPECTED, QuestionTableModel::ANSWER}) {
    view_->setColumnWidth(column, theme_.scaled(narrow ? 92 : 132));
  }
}

void EvaluatePage::restyle() {
  view_->verticalHeader()->setDefaultSectionSize(theme_.scaled(22) + 22);
  view_->horizontalHeader()->setMinimumSectionSize(theme_.scaled(60));
  run_->setIcon(icon_on_accent(QStringLiteral("play"), theme_.colors()));
  stop_->setIcon(icon(QStringLiteral("stop"), theme_.colors(), 16));
  ask_->setIcon(icon(QStringLiteral("chat"), theme_.colors(), 16));
}

void EvaluatePage::start() {
  category_->clear();
  category_->addItem(tr("All categories"), QString());
  banner_->hide();
  workbench_.settings().set_value(QStringLiteral("evaluate/questions"), set_->path());
  evaluation_->start(picker_->choice(), against_->currentData().toString(), set_->path(), limit_->value());
  share_columns();
}

void EvaluatePage::show_evaluation() {
  status_->setText(evaluation_->status_text());
  // 0 to 0 only shows that something goes on.
  progress_->setRange(0, evaluation_->running() ? evaluation_->total() : std::max(1, evaluation_->total()));
  progress_->setValue(evaluation_->done());
  for (const QString& category : evaluation_->categories()) {
    if (category_->findData(category) < 0) category_->addItem(category, category);
  }
  result_->setText(evaluation_->result_text());
  result_note_->setText(unbroken(evaluation_->result_note()));
  std::vector<AccuracyChart::Bar> bars;
  for (const auto& [name, accuracy] : questions().categories()) bars.push_back({QString::fromStdString(name), accuracy});
  chart_->set_bars(std::move(bars));
  refresh_controls();
}

void EvaluatePage::refill_against() {
  const QString before = against_->currentData().toString();
  against_->clear();
  against_->add(tr("no other model"), QString());
  for (const QString& path : workbench_.models()) against_->add(model_caption(path), path, path);
  against_->setCurrentIndex(std::max(0, against_->findData(before)));
}

void EvaluatePage::refresh_controls() {
  const bool running = evaluation_->running();
  run_->setVisible(!running);
  stop_->setVisible(running);
  stop_->setEnabled(!evaluation_->stopping());
  const bool ready = !picker_->choice().path.isEmpty() && !set_->path().isEmpty();
  run_->setEnabled(!running && ready);
  run_->setToolTip(ready ? QString() : tr("Choose a model and a question set"));
}

}  // namespace qvlm::studio
