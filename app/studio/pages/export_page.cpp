// Left the folder's files, right the export.
#include "app/studio/pages/export_page.h"

#include <QComboBox>
#include <QDir>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QJsonArray>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QTableView>
#include <QVBoxLayout>

#include "app/studio/children/result_child.h"
#include "app/studio/models/folder_table_model.h"
#include "app/studio/models/workbench.h"
#include "app/studio/style/icons.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/fields.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

ExportPage::ExportPage(Workbench& workbench, const Theme& theme, QWidget* parent)
    : QWidget(parent),
      workbench_(workbench),
      theme_(theme),
      export_child_(new ResultChild(workbench.places().command, this)),
      inspect_(new ResultChild(workbench.places().command, this)),
      files_(new FolderTableModel(this)) {
  setObjectName(QStringLiteral("page"));
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(3 * kUnit, 2 * kUnit, 3 * kUnit, 2 * kUnit);
  column->setSpacing(kUnit + 4);
  column->addWidget(
      new PageHeader(tr("Export"), tr("Ship a quantized model to phones, boards, laptops and servers"), this));
  banner_ = new Banner(this);
  column->addWidget(banner_);
  auto* row = new QHBoxLayout;
  row->setSpacing(kUnit + 4);

  auto* what = new Card(tr("Quantized model"), this);
  models_ = new QComboBox(what);
  what->body()->addWidget(labelled(tr("Model"), models_, what));
  auto* facts = new QHBoxLayout;
  facts->setSpacing(3 * kUnit);
  const auto fact = [&](const QString& caption) {
    auto* value = new QLabel(QStringLiteral("–"), what);
    QFont font = value->font();
    font.setPointSizeF(11.5);
    font.setWeight(QFont::DemiBold);
    value->setFont(font);
    facts->addWidget(labelled(caption, value, what));
    return value;
  };
  total_ = fact(tr("On disk"));
  bits_ = fact(tr("Stored bits a weight"));
  activations_ = fact(tr("Activations"));
  facts->addStretch(1);
  what->body()->addLayout(facts);
  view_ = new QTableView(what);
  view_->setModel(files_);
  view_->setAccessibleName(tr("Files of the quantized model"));
  view_->verticalHeader()->hide();
  view_->setShowGrid(false);
  view_->setAlternatingRowColors(true);
  view_->setSelectionBehavior(QAbstractItemView::SelectRows);
  view_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  view_->setTabKeyNavigation(false);
  view_->horizontalHeader()->setHighlightSections(false);
  view_->horizontalHeader()->setSectionResizeMode(FolderTableModel::WHAT, QHeaderView::Stretch);
  view_->setColumnWidth(FolderTableModel::NAME, 190);
  view_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  what->body()->addWidget(view_, 1);
  row->addWidget(what, 1);

  auto* how = new Card(tr("Export"), this);
  how->setFixedWidth(320);
  format_ = new QComboBox(how);
  format_->addItem(tr("GGUF pair (llama.cpp and others)"), QStringLiteral("gguf"));
  target_ = new PathField(PathField::Kind::FOLDER, tr("Into the folder"), how);
  export_ = primary_button(tr("Export"), how);
  notes_ = muted_label({}, how);
  how->body()->addWidget(labelled(tr("Format"), format_, how));
  how->body()->addWidget(labelled(tr("Into the folder"), target_, how));
  how->body()->addWidget(muted_label(tr("The files are written, read back and compared. A grid that GGUF cannot hold "
                                        "exactly is refused with the reason."),
                                     how));
  how->body()->addWidget(export_, 0, Qt::AlignLeft);
  how->body()->addWidget(notes_);
  how->body()->addStretch(1);
  row->addWidget(how);
  column->addLayout(row, 1);

  connect(models_, &QComboBox::currentIndexChanged, this, &ExportPage::show_model);
  connect(target_, &PathField::changed, this, &ExportPage::refresh_controls);
  connect(export_, &QPushButton::clicked, this, &ExportPage::start);
  connect(&workbench_, &Workbench::models_changed, this, &ExportPage::refill);
  connect(inspect_, &ResultChild::succeeded, this, [this](const QJsonObject& result) {
    const ModelSummary summary = summary_from_json(models_->currentData().toString(), result);
    bits_->setText(QLocale().toString(summary.stored_bits, 'f', 2));
    activations_->setText(summary.activations);
    notes_->setText(summary.notes.join(QLatin1Char('\n')));
  });
  connect(inspect_, &ResultChild::failed, this,
          [this](const QString& message) { banner_->show_message(Banner::Kind::BAD, message); });
  connect(export_child_, &ResultChild::succeeded, this, [this](const QJsonObject& result) {
    QStringList lines = {tr("Exported to %1, read back and equal.").arg(target_->path())};
    for (const QJsonValue& note : result.value(QLatin1String("notes")).toArray()) lines << note.toString();
    banner_->show_message(Banner::Kind::GOOD, lines.join(QLatin1Char('\n')));
    refresh_controls();
  });
  connect(export_child_, &ResultChild::failed, this, [this](const QString& message) {
    banner_->show_message(Banner::Kind::BAD, message);
    refresh_controls();
  });
  connect(&theme_, &Theme::changed, this, &ExportPage::restyle);
  target_->set_path(QDir::home().filePath(QStringLiteral("qvlm-export")));
  restyle();
  refill();
}

void ExportPage::restyle() {
  export_->setIcon(icon_on_accent(QStringLiteral("export"), theme_.colors()));
}

void ExportPage::refill() {
  const QString before = models_->currentData().toString();
  {
    const QSignalBlocker quiet(models_);
    models_->clear();
    for (const QString& path : workbench_.settings().quantized_models()) models_->addItem(model_name(path), path);
    models_->setCurrentIndex(std::max(0, models_->findData(before)));
  }
  if (models_->currentData().toString() != before || before.isEmpty()) show_model();
}

void ExportPage::show_model() {
  const QString path = models_->currentData().toString();
  files_->set_folder(path);
  banner_->hide();
  total_->setText(path.isEmpty() ? QStringLiteral("–") : bytes_text(files_->total_bytes()));
  bits_->setText(QStringLiteral("–"));
  activations_->setText(QStringLiteral("–"));
  notes_->setText(path.isEmpty() ? tr("Quantize a model first, or open a .qvlm folder in Model.") : QString());
  if (!path.isEmpty()) inspect_->start({QStringLiteral("inspect"), path, QStringLiteral("--json")});
  refresh_controls();
}

void ExportPage::start() {
  banner_->show_message(Banner::Kind::INFO, tr("Exporting …"));
  export_child_->start({QStringLiteral("export"), models_->currentData().toString(), QStringLiteral("--to"),
                        format_->currentData().toString(), QStringLiteral("-o"), target_->path(),
                        QStringLiteral("--json")});
  refresh_controls();
}

void ExportPage::refresh_controls() {
  export_->setEnabled(!export_child_->running() && models_->currentIndex() >= 0 && !target_->path().isEmpty());
}

}  // namespace qvlm::studio
