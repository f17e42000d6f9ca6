// Left the model with its formats, devices and files; right the export.
#include "app/studio/pages/export_page.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDir>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QJsonArray>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QProgressBar>
#include <QPushButton>
#include <QSpinBox>
#include <QTabWidget>
#include <QVBoxLayout>

#include "app/studio/children/result_child.h"
#include "app/studio/models/export_choices.h"
#include "app/studio/models/folder_table_model.h"
#include "app/studio/models/workbench.h"
#include "app/studio/style/icons.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/fields.h"
#include "app/studio/views/flow_layout.h"
#include "app/studio/views/table_view.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

namespace {

constexpr int kFormatRows = 4;
constexpr int kModelLines = 32, kExportLines = 20;  // least widths, in heights of a line of text

}  // namespace

ExportPage::ExportPage(Workbench& workbench, const Theme& theme, QWidget* parent)
    : QWidget(parent),
      workbench_(workbench),
      theme_(theme),
      export_child_(new ResultChild(workbench.places().command, this)),
      inspect_(new ResultChild(workbench.places().command, this)),
      check_(new ResultChild(workbench.places().command, this)),
      fit_(new ResultChild(workbench.places().command, this)),
      files_(new FolderTableModel(this)),
      choices_(new ExportChoices(this)) {
  setObjectName(QStringLiteral("page"));
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(3 * kUnit, 2 * kUnit, 3 * kUnit, 2 * kUnit);
  column->setSpacing(kUnit + 4);
  column->addWidget(new PageHeader(tr("Export"), tr("Ship a quantized model to phones, boards, laptops and servers"), this));
  banner_ = new Banner(this);
  column->addWidget(banner_);
  auto* row = new FlowLayout;
  row->setSpacing(kUnit + 4);
  row->add(make_model_card(), 1, kModelLines);
  row->add(make_export_card(), 0, kExportLines);
  column->addLayout(row, 1);

  fit_later_.setSingleShot(true);
  fit_later_.setInterval(250);
  connect(&fit_later_, &QTimer::timeout, this, &ExportPage::look_at_devices);
  connect(models_, &QComboBox::currentIndexChanged, this, &ExportPage::show_model);
  connect(format_, &QComboBox::currentIndexChanged, this, &ExportPage::choose_format);
  connect(format_view_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
          [this](const QModelIndex& current) { if (current.isValid()) format_->setCurrentIndex(current.row()); });
  connect(choices_->formats(), &QAbstractItemModel::modelReset, this, [this] { choose_format(format_->currentIndex()); });
  connect(target_, &PathField::changed, this, &ExportPage::refresh_controls);
  connect(inexact_, &QCheckBox::toggled, this, &ExportPage::refresh_controls);
  connect(context_, &QSpinBox::valueChanged, this, [this] { fit_later_.start(); });
  connect(own_, &QLineEdit::returnPressed, this, &ExportPage::add_own_device);
  connect(export_, &QPushButton::clicked, this, &ExportPage::start);
  connect(stop_, &QPushButton::clicked, export_child_, &ResultChild::stop);
  connect(&workbench_, &Workbench::models_changed, this, &ExportPage::refill);
  connect(&theme_, &Theme::changed, this, &ExportPage::restyle);
  connect_children();
  target_->set_path(QDir::home().filePath(QStringLiteral("qvlm-export")));
  restyle();
  refill();
}

QWidget* ExportPage::make_model_card() {
  auto* card = new Card(tr("Quantized model"), this);
  models_ = new NameBox(card);
  card->body()->addWidget(labelled(tr("Model"), models_, card));
  auto* facts = new FlowLayout;
  facts->setSpacing(3 * kUnit);
  const auto fact = [&](const QString& caption) {
    auto* value = new QLabel(QStringLiteral("–"), card);
    value->setProperty("fact", true);
    facts->add(labelled(caption, value, card));
    return value;
  };
  total_ = fact(tr("On disk"));
  bits_ = fact(tr("Stored bits a weight"));
  activations_ = fact(tr("Activations"));
  card->body()->addLayout(facts);
  tabs_ = new QTabWidget(card);
  tabs_->setAccessibleName(tr("Formats, devices and files of the model"));
  tabs_->setDocumentMode(true);
  tabs_->addTab(make_formats_tab(), tr("Formats"));
  tabs_->addTab(make_devices_tab(), tr("Devices"));
  tabs_->addTab(new TableView(files_, tr("Files of the quantized model"), FolderTableModel::WHAT, tabs_), tr("Files"));
  card->body()->addWidget(tabs_, 1);
  return card;
}

QWidget* ExportPage::make_formats_tab() {
  auto* tab = new QWidget(this);
  auto* column = new QVBoxLayout(tab);
  column->setContentsMargins(0, kUnit, 0, 0);
  format_view_ = new TableView(choices_->formats(), tr("Formats"), ExportChoices::VERDICT, tab);
  column->addWidget(format_view_);
  detail_ = muted_label({}, tab);
  column->addWidget(detail_);
  column->addWidget(new TableView(choices_->tensors(), tr("Tensors in the chosen format"), ExportChoices::REASON, tab), 1);
  return tab;
}

QWidget* ExportPage::make_devices_tab() {
  auto* tab = new QWidget(this);
  auto* column = new QVBoxLayout(tab);
  column->setContentsMargins(0, kUnit, 0, 0);
  auto* row = new FlowLayout;
  row->setSpacing(2 * kUnit);
  context_ = new QSpinBox(tab);
  context_->setRange(1, 1 << 20);
  context_->setSingleStep(512);
  context_->setValue(2048);
  context_->setGroupSeparatorShown(true);
  row->add(labelled(tr("Context, tokens"), context_, tab));
  own_ = new QLineEdit(tab);
  own_->setPlaceholderText(tr("My board:16:68.5"));
  own_->setToolTip(tr("Name, GiB of memory, GB/s of bandwidth; Enter adds it"));
  row->add(labelled(tr("Own device (name:GiB:GB/s), Enter adds it"), own_, tab), 1);
  column->addLayout(row);
  memory_ = muted_label({}, tab);
  column->addWidget(memory_);
  column->addWidget(new TableView(choices_->devices(), tr("Devices and whether the model fits"), ExportChoices::BASIS, tab), 1);
  column->addWidget(muted_label(tr("Tokens/s are bounds: the bandwidth over the bytes that a token reads, with a full and an empty context. What a "
                                   "program reaches of them, `qvlm bench` measures."),
                                tab));
  return tab;
}

QWidget* ExportPage::make_export_card() {
  auto* how = new Card(tr("Export"), this);
  format_ = new QComboBox(how);
  for (int row = 0; row < choices_->formats()->rowCount(); ++row)
    format_->addItem(choices_->formats()->text(row, ExportChoices::FORMAT), ExportChoices::keys()[row]);
  target_ = new PathField(PathField::Kind::FOLDER, tr("Into the folder"), how);
  inexact_ = new QCheckBox(tr("Allow inexact tensors"), how);
  inexact_->setToolTip(tr("Their relative errors stand in the table"));
  export_ = primary_button(tr("Export"), how);
  stop_ = new QPushButton(tr("Stop"), how);
  progress_ = new QProgressBar(how);
  progress_->setAccessibleName(tr("Progress of the export"));
  progress_->hide();
  notes_ = muted_label({}, how);
  how->body()->addWidget(labelled(tr("Format"), format_, how));
  how->body()->addWidget(labelled(tr("Into the folder"), target_, how));
  how->body()->addWidget(inexact_);
  how->body()->addWidget(muted_label(tr("The folder is written beside its place, read back, compared tensor by tensor, and put in place when all is "
                                        "equal."),
                                     how));
  auto* buttons = new QHBoxLayout;
  buttons->addWidget(export_);
  buttons->addWidget(stop_);
  buttons->addStretch(1);
  how->body()->addLayout(buttons);
  how->body()->addWidget(progress_);
  how->body()->addWidget(notes_);
  how->body()->addStretch(1);
  return how;
}

void ExportPage::connect_children() {
  const auto bad = [this](const QString& message) { banner_->show_message(Banner::Kind::BAD, message); };
  connect(inspect_, &ResultChild::succeeded, this, [this](const QJsonObject& result) {
    const ModelSummary summary = summary_from_json(models_->currentData().toString(), result);
    bits_->setText(QLocale().toString(summary.stored_bits, 'f', 2));
    activations_->setText(summary.activations);
    notes_->setText(notes_text(summary));
  });
  connect(check_, &ResultChild::line, choices_, &ExportChoices::take_check);
  connect(fit_, &ResultChild::succeeded, this, [this](const QJsonObject& result) {
    choices_->take_fit(result);
    memory_->setText(choices_->memory());
  });
  for (ResultChild* child : {inspect_, check_}) connect(child, &ResultChild::failed, this, bad);
  connect(fit_, &ResultChild::failed, this, [this](const QString& message) { memory_->setText(message); });
  connect(export_child_, &ResultChild::line, this, &ExportPage::show_progress);
  connect(export_child_, &ResultChild::succeeded, this, [this](const QJsonObject& result) {
    QStringList lines = {tr("Exported to %1, read back and equal.").arg(target_->path())};
    if (const int inexact = result.value(QLatin1String("inexact")).toInt(); inexact > 0)
      lines = QStringList{tr("Exported to %1 and read back; %2 tensors are inexact, as told.").arg(target_->path()).arg(inexact)};
    for (const QJsonValue& note : result.value(QLatin1String("notes")).toArray()) {
      const QString sentence = sentence_of(note.toString());
      if (!notes_->text().contains(sentence)) lines << sentence;  // the others stand beside it
    }
    banner_->show_message(Banner::Kind::GOOD, lines.join(QLatin1Char('\n')));
    refresh_controls();
  });
  connect(export_child_, &ResultChild::failed, this, [this, bad](const QString& message) {
    bad(message);
    refresh_controls();
  });
}

void ExportPage::restyle() {
  export_->setIcon(icon_on_accent(QStringLiteral("export"), theme_.colors()));
  // All formats and no more; a scroll bar, where the verdict is long, stands beneath them.
  const QHeaderView &head = *format_view_->horizontalHeader(), &rows = *format_view_->verticalHeader();
  format_view_->setFixedHeight(head.sizeHint().height() + kFormatRows * rows.defaultSectionSize() + 2 * format_view_->frameWidth() + 2 * kUnit);
}

void ExportPage::refill() {
  const QString before = models_->currentData().toString();
  {
    const QSignalBlocker quiet(models_);
    models_->clear();
    for (const QString& path : workbench_.settings().quantized_models()) models_->add(model_name(path), path, path);
    models_->setCurrentIndex(std::max(0, models_->findData(before)));
  }
  if (models_->currentData().toString() != before || before.isEmpty()) show_model();
}

void ExportPage::show_model() {
  const QString path = models_->currentData().toString();
  files_->set_folder(path);
  choices_->clear();
  banner_->hide();
  memory_->clear();
  total_->setText(path.isEmpty() ? QStringLiteral("–") : bytes_text(files_->total_bytes()));
  bits_->setText(QStringLiteral("–"));
  activations_->setText(QStringLiteral("–"));
  notes_->setText(path.isEmpty() ? tr("Quantize a model first, or open a .qvlm folder in Model.") : QString());
  if (!path.isEmpty()) {
    inspect_->start({QStringLiteral("inspect"), path, QStringLiteral("--json")});
    check_->start({QStringLiteral("export"), path, QStringLiteral("--check"), QStringLiteral("--json")});
    look_at_devices();
  }
  refresh_controls();
}

void ExportPage::choose_format(int row) {
  const QString key = format_->itemData(row).toString();
  choices_->show_format(key);
  const bool refused = choices_->checked(key) && !choices_->possible(key);
  detail_->setText(refused ? choices_->formats()->text(row, ExportChoices::VERDICT) : tr("Every tensor in the chosen format, inexact ones first"));
  if (format_view_->currentIndex().row() != row) format_view_->selectRow(row);
  refresh_controls();
}

void ExportPage::look_at_devices() {
  if (models_->currentIndex() < 0) return;
  QStringList arguments = {QStringLiteral("fit"), models_->currentData().toString(), QStringLiteral("--context"),
                           QString::number(context_->value()), QStringLiteral("--json")};
  for (const QString& device : own_devices_) arguments << QStringLiteral("--device") << device;
  fit_->start(arguments);
}

void ExportPage::add_own_device() {
  if (!ExportChoices::is_device(own_->text().trimmed())) {
    memory_->setText(tr("Write a name, GiB of memory and GB/s of bandwidth, as in My board:16:68.5"));
    return;
  }
  own_devices_ << own_->text().trimmed();
  own_->clear();
  look_at_devices();
}

void ExportPage::start() {
  banner_->show_message(Banner::Kind::INFO, tr("Exporting …"));
  QStringList arguments = {QStringLiteral("export"), models_->currentData().toString(), QStringLiteral("--to"),
                           format_->currentData().toString(), QStringLiteral("-o"), target_->path(), QStringLiteral("--json")};
  if (inexact_->isChecked()) arguments << QStringLiteral("--allow-inexact");
  progress_->setValue(0);
  export_child_->start(arguments);
  refresh_controls();
}

void ExportPage::show_progress(const QJsonObject& line) {
  if (line.value(QLatin1String("event")).toString() != QLatin1String("ExportProgress")) return;
  const QString stage = line.value(QLatin1String("stage")).toString();
  progress_->setRange(0, std::max(1, line.value(QLatin1String("total")).toInt()));
  progress_->setValue(line.value(QLatin1String("done")).toInt());
  progress_->setFormat(stage == QLatin1String("writing")    ? tr("Writing %v of %m")
                       : stage == QLatin1String("checking") ? tr("Checking %v of %m")
                                                            : tr("Comparing %v of %m"));
}

void ExportPage::refresh_controls() {
  const QString key = format_->currentData().toString();
  const bool running = export_child_->running(), refused = choices_->checked(key) && !choices_->possible(key);
  const bool needs_leave = choices_->inexact(key) && !inexact_->isChecked();
  export_->setEnabled(!running && models_->currentIndex() >= 0 && !target_->path().isEmpty() && !refused && !needs_leave);
  export_->setToolTip(refused       ? tr("The format cannot hold this model; the table says why")
                      : needs_leave ? tr("Some tensors are inexact in this format: allow them first")
                                    : QString());
  inexact_->setEnabled(choices_->inexact(key) && !refused);
  stop_->setEnabled(running);
  progress_->setVisible(running);
}

}  // namespace qvlm::studio
