// Paths are cleaned; the list of models follows the workbench.
#include "app/studio/views/fields.h"

#include <QAbstractItemView>
#include <QDir>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHelpEvent>
#include <QLineEdit>
#include <QPushButton>
#include <QScreen>
#include <QStyleOptionComboBox>
#include <QStylePainter>
#include <QToolTip>
#include <algorithm>

#include "app/studio/models/workbench.h"
#include "app/studio/views/flow_layout.h"

namespace qvlm::studio {

namespace {

constexpr QLatin1String kVulkanA16("vulkan-a16");
constexpr int kModelLines = 11;  // the least width of a model's name, in heights of a line of text

}  // namespace

NameBox::NameBox(QWidget* parent) : QComboBox(parent) {
  setProperty("elastic", true);
  setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  view()->setTextElideMode(Qt::ElideMiddle);
}

void NameBox::add(const QString& name, const QVariant& data, const QString& tip) {
  addItem(name, data);
  setItemData(count() - 1, tip.isEmpty() ? name : name + QLatin1Char('\n') + tip, Qt::ToolTipRole);
}

QString NameBox::whole_tip() const {
  QStringList lines{currentData(Qt::ToolTipRole).toString(), toolTip()};
  lines.removeAll(QString());
  return lines.join(QLatin1Char('\n'));
}

bool NameBox::event(QEvent* event) {
  if (event->type() != QEvent::ToolTip) return QComboBox::event(event);
  QToolTip::showText(static_cast<QHelpEvent*>(event)->globalPos(), whole_tip(), this);
  return true;
}

void NameBox::showPopup() {
  constexpr int kAir = 40;  // margins, frame and scroll bar
  view()->setMinimumWidth(std::min(view()->sizeHintForColumn(0) + kAir, screen()->availableSize().width() / 2));
  QComboBox::showPopup();
}

void NameBox::paintEvent(QPaintEvent*) {
  QStylePainter painter(this);
  QStyleOptionComboBox option;
  initStyleOption(&option);
  painter.drawComplexControl(QStyle::CC_ComboBox, option);
  const QRect room = style()->subControlRect(QStyle::CC_ComboBox, &option, QStyle::SC_ComboBoxEditField, this);
  option.currentText = fontMetrics().elidedText(option.currentText, Qt::ElideMiddle, room.width() - 4);
  painter.drawControl(QStyle::CE_ComboBoxLabel, option);
}

QString model_caption(const QString& path) {
  return (is_quantized(path) ? ModelPicker::tr("%1 (quantized)") : ModelPicker::tr("%1 (full precision)")).arg(model_name(path));
}

PathField::PathField(Kind kind, const QString& name, QWidget* parent)
    : QWidget(parent), kind_(kind), name_(name), edit_(new QLineEdit(this)) {
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(4);
  edit_->setAccessibleName(name);
  auto* browse = new QPushButton(tr("…"), this);
  browse->setAccessibleName(tr("Browse: %1").arg(name));
  browse->setToolTip(tr("Browse"));
  browse->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
  edit_->setMinimumWidth(60);
  row->addWidget(edit_, 1);
  row->addWidget(browse);
  setFocusProxy(edit_);
  connect(browse, &QPushButton::clicked, this, &PathField::browse);
  connect(edit_, &QLineEdit::textChanged, this, [this](const QString& text) {
    edit_->setToolTip(text);
    Q_EMIT changed();
  });
}

QString PathField::path() const {
  const QString text = edit_->text().trimmed();
  return text.isEmpty() ? QString() : QDir::cleanPath(text);
}

void PathField::set_path(const QString& path) {
  edit_->setText(path);
  edit_->setCursorPosition(static_cast<int>(path.size()));  // the end of a path says the most
}

void PathField::browse() {
  const QString start = path().isEmpty() ? QDir::homePath() : path();
  QString chosen;
  if (kind_ == Kind::FOLDER) {
    chosen = QFileDialog::getExistingDirectory(this, name_, start);
  } else if (kind_ == Kind::NEW_FOLDER) {
    chosen = QFileDialog::getSaveFileName(this, name_, start, tr("Quantized model (*.qvlm)"));
  } else {
    chosen = QFileDialog::getOpenFileName(this, name_, start, tr("Data sets (*.json *.jsonl);;All files (*)"));
  }
  if (!chosen.isEmpty()) set_path(chosen);
}

ModelPicker::ModelPicker(Workbench& workbench, QWidget* parent)
    : QWidget(parent), workbench_(workbench), models_(new NameBox(this)), backends_(new QComboBox(this)) {
  models_->setAccessibleName(tr("Model"));
  backends_->setAccessibleName(tr("Runs on"));
  backends_->addItem(tr("Vulkan"), QStringLiteral("vulkan"));
  backends_->addItem(tr("Reference (CPU)"), QStringLiteral("reference"));
  backends_->addItem(tr("Vulkan, as A16"), QString(kVulkanA16));
  backends_->setToolTip(
      tr("Vulkan: the engine, on any vendor's GPU. Reference: the exact model on the CPU. As A16: a model with "
         "quantized activations runs without quantizing them, and every answer says so."));
  backends_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  backends_->setMinimumContentsLength(15);
  auto* row = new FlowLayout(this);
  row->add(models_, 3, kModelLines);
  row->add(backends_);
  connect(&workbench_, &Workbench::models_changed, this, &ModelPicker::refill);
  connect(models_, &QComboBox::currentIndexChanged, this, [this] {
    backends_->setCurrentIndex(backends_->findData(usual_backend(choice().path)));
    Q_EMIT changed();
  });
  connect(backends_, &QComboBox::currentIndexChanged, this, &ModelPicker::changed);
  refill();
}

void ModelPicker::refill() {
  const QString before = choice().path;
  const QSignalBlocker quiet(models_);
  models_->clear();
  for (const QString& path : workbench_.models()) {
    models_->add(model_caption(path), path, path);
  }
  const int index = models_->findData(before);
  models_->setCurrentIndex(std::max(0, index));
  if (choice().path != before) {
    const QSignalBlocker quieter(backends_);
    backends_->setCurrentIndex(backends_->findData(usual_backend(choice().path)));
  }
  Q_EMIT changed();
}

ChatModelChoice ModelPicker::choice() const {
  const QString backend = backends_->currentData().toString();
  const bool as_a16 = backend == kVulkanA16;
  return {models_->currentData().toString(), as_a16 ? QStringLiteral("vulkan") : backend, as_a16,
          backend == QLatin1String("reference") ? QString() : workbench_.settings().device(),
          backend == QLatin1String("reference") ? 16 : workbench_.settings().kv_bits()};
}

void ModelPicker::choose(const ChatModelChoice& choice) {
  int index = models_->findData(choice.path);
  if (index < 0) {
    models_->add(model_name(choice.path), choice.path, choice.path);
    index = models_->count() - 1;
  }
  models_->setCurrentIndex(index);
  if (!choice.backend.isEmpty()) {
    backends_->setCurrentIndex(backends_->findData(choice.activations_as_a16 ? QString(kVulkanA16) : choice.backend));
  }
}

}  // namespace qvlm::studio
