// Each field says one thing of the recipe; presets fill several.
#include "app/studio/pages/recipe_panel.h"

#include <QComboBox>
#include <QEvent>
#include <QDoubleSpinBox>
#include <QFileInfo>
#include <QFileSystemWatcher>
#include <QLabel>
#include <QLineEdit>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>
#include <functional>
#include <initializer_list>
#include <utility>

#include "app/studio/models/recipe_check.h"
#include "app/studio/models/run_planner.h"
#include "app/studio/models/workbench.h"
#include "app/studio/pages/recipe_more.h"
#include "app/studio/views/fields.h"
#include "app/studio/views/flow_layout.h"
#include "app/studio/views/widgets.h"
#include "core/run/presets.h"

namespace qvlm::studio {

namespace {

QComboBox* choices(QWidget* parent, const QList<std::pair<QString, int>>& items) {
  auto* box = new QComboBox(parent);
  for (const auto& [text, value] : items) box->addItem(text, value);
  box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  box->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  return box;
}

QString text_of(std::string_view text) { return QString::fromUtf8(text.data(), qsizetype(text.size())); }

/// "w4a16" -> "W4A16", "awq-w4a4" -> "AWQ W4A4", "balanced" -> "Balanced"
QString preset_title(std::string_view name) {
  QStringList words = text_of(name).split(u'-');
  for (QString& word : words) {
    const bool abbreviation = word == QLatin1String("rtn") || word == QLatin1String("awq") ||
                              (word.size() > 1 && word.at(1).isDigit());
    word = abbreviation ? word.toUpper() : word.left(1).toUpper() + word.mid(1);
  }
  return words.join(u' ');
}

void select_value(QComboBox* box, int value) {
  box->setCurrentIndex(std::max(0, box->findData(value)));
}

}  // namespace

RecipePanel::RecipePanel(Workbench& workbench, QWidget* parent) : QWidget(parent), workbench_(workbench) {
  setObjectName(QStringLiteral("transparent"));
  preset_ = choices(this, {});
  for (const Preset& preset : presets()) {
    preset_->addItem(preset_title(preset.name), int(&preset - presets().data()));
    preset_->setItemData(preset_->count() - 1, text_of(preset.description), Qt::ToolTipRole);
  }
  preset_->addItem(tr("Own"), -1);
  method_ = choices(this, {{tr("RTN"), int(WeightMethod::RTN)},
                           {tr("OPT-RTN"), int(WeightMethod::OPT_RTN)},
                           {tr("AWQ"), int(WeightMethod::AWQ)},
                           {tr("GPTQ"), int(WeightMethod::GPTQ)},
                           {tr("GPTAQ"), int(WeightMethod::GPTAQ)},
                           {tr("AutoRound"), int(WeightMethod::AUTOROUND)},
                           {tr("NF4"), int(WeightMethod::NF4)},
                           {tr("SmoothQuant"), int(WeightMethod::SMOOTHQUANT)}});
  method_->setToolTip(
      tr("RTN: round to nearest. OPT-RTN: with each group's scale by what its inputs weigh. AWQ: scale channels by their activations "
         "first. GPTQ and GPTAQ: later columns make good the error of earlier ones. NF4 runs on the reference only."));
  bits_ = choices(this, {{tr("4 bits"), 4},
                         {tr("3 bits"), 3},
                         {tr("5 bits"), 5},
                         {tr("6 bits"), 6},
                         {tr("8 bits"), 8},
                         {tr("2 bits"), 2}});
  group_ = choices(this, {{tr("32"), 32}, {tr("64"), 64}, {tr("128"), 128}, {tr("whole row"), 0}});
  activations_ = choices(this, {{tr("16 bits"), 16}, {tr("8 bits"), 8}, {tr("6 bits"), 6}, {tr("4 bits"), 4}});
  mode_ = choices(this, {{tr("per token"), int(ActivationMode::DYNAMIC_TOKEN)},
                         {tr("per group"), int(ActivationMode::DYNAMIC_GROUP)},
                         {tr("static"), int(ActivationMode::STATIC_TENSOR)},
                         {tr("per channel"), int(ActivationMode::STATIC_CHANNEL)}});
  mode_->setToolTip(
      tr("How the range of quantized activations is found: for each token, each group of channels, or once from the "
         "calibration set, for a site or (folded into the weights) for each of its channels."));
  search_ = choices(this, {{tr("Joint in each block"), int(SearchMode::JOINT)},
                           {tr("Layer-wise, by site"), int(SearchMode::LAYERWISE)},
                           {tr("None"), int(SearchMode::NONE)}});
  rotation_ = choices(this, {{tr("None"), int(RotationMode::NONE)},
                             {tr("Norms folded"), int(RotationMode::FOLD)},
                             {tr("R1, R2 (folded)"), int(RotationMode::R1R2)},
                             {tr("R1, R2, R4 (online)"), int(RotationMode::R1R2R4)},
                             {tr("Principal axes"), int(RotationMode::PRINCIPAL)}});
  rotation_->setToolTip(
      tr("Turns the model before it is quantized without changing its function. R4 is applied while the model runs. "
         "Principal axes, which are measured, go with learned transforms."));
  transform_ = choices(this, {{tr("None"), int(TransformMode::NONE)}, {tr("Learned"), int(TransformMode::LEARNED)}});
  transform_->setToolTip(
      tr("Learns an invertible transform of what each site reads, and clip bounds, layer by layer: the strongest mode for "
         "4-bit activations. It is applied while the model runs; other programs cannot read such a model."));
  samples_ = new QSpinBox(this);
  samples_->setRange(1, 100000);
  samples_->setValue(64);
  samples_->setToolTip(tr("Image-text pairs taken from the calibration set"));
  budget_ = new QDoubleSpinBox(this);
  budget_->setRange(0, 16);
  budget_->setDecimals(2);
  budget_->setSingleStep(0.25);
  budget_->setSpecialValueText(tr("None"));
  budget_->setToolTip(
      tr("Mixed precision: bits a weight, with scales and zeros. Each block gets 3, 4, 5, 6 or 8 bits within it; blocks "
         "that you have given bits keep them."));
  calibration_ = new PathField(PathField::Kind::FILE_OR_FOLDER, tr("Calibration set"), this);
  output_ = new PathField(PathField::Kind::NEW_FOLDER, tr("Output"), this);
  calibration_->set_path(
      workbench_.settings().value(QStringLiteral("quantize/calibration"), workbench_.places().demo_calibration));
  legality_ = new QLabel(this);
  legality_->setWordWrap(true);
  legality_->setAccessibleName(tr("What does not fit"));
  set_style_property(legality_, "problem", true);
  notes_ = muted_label({}, this);
  notes_->setAccessibleName(tr("Notes on the recipe"));
  plan_ = muted_label({}, this);
  plan_->setAccessibleName(tr("What the run would take"));
  plan_->setToolTip(tr("Counted for this machine before the run: its time on processors that nobody else uses, and its peak memory"));
  plan_->hide();
  planner_ = new RunPlanner(workbench_.places().command, this);
  more_button_ = new QToolButton(this);
  more_button_->setText(tr("More"));
  more_button_->setToolTip(tr("Every other key of the recipe"));
  more_button_->setCheckable(true);
  more_button_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  more_button_->setArrowType(Qt::RightArrow);
  more_ = new RecipeMore(this);
  more_->show_recipe(base_);
  more_->hide();
  watcher_ = new QFileSystemWatcher(this);

  auto* fields = new FlowLayout(this);
  fields->setContentsMargins(0, 0, 4, 0);
  fields->set_columns(2);
  fields->add_row(labelled(tr("Preset"), preset_, this));
  fields->add_row(labelled(tr("Weight method"), method_, this));
  fields->add(labelled(tr("Weights"), bits_, this));
  fields->add(labelled(tr("Group"), group_, this));
  fields->add(labelled(tr("Activations"), activations_, this));
  fields->add(labelled(tr("Range"), mode_, this));
  fields->add_row(labelled(tr("Search", "noun"), search_, this));
  fields->add_row(labelled(tr("Rotation"), rotation_, this));
  fields->add_row(labelled(tr("Transforms"), transform_, this));
  fields->add(labelled(tr("Samples"), samples_, this));
  fields->add(labelled(tr("Bits a weight"), budget_, this));
  fields->add_row(labelled(tr("Calibration set"), calibration_, this));
  fields->add_row(labelled(tr("Output"), output_, this));
  for (QWidget* beneath : std::initializer_list<QWidget*>{legality_, notes_, plan_, more_button_, more_}) fields->add_row(beneath);
  fields->setAlignment(more_button_, Qt::AlignLeft);

  connect(preset_, &QComboBox::activated, this, &RecipePanel::take_preset);
  for (QComboBox* box : {method_, bits_, group_, activations_, mode_, search_, rotation_, transform_})
    connect(box, &QComboBox::currentIndexChanged, this, &RecipePanel::refresh);
  connect(samples_, &QSpinBox::valueChanged, this, &RecipePanel::refresh);
  connect(budget_, &QDoubleSpinBox::valueChanged, this, &RecipePanel::refresh);
  connect(calibration_, &PathField::changed, this, &RecipePanel::refresh);
  connect(output_, &PathField::changed, this, &RecipePanel::refresh);
  connect(more_, &RecipeMore::changed, this, &RecipePanel::refresh);
  connect(more_button_, &QToolButton::toggled, this, [this](bool open) {
    more_button_->setArrowType(open ? Qt::DownArrow : Qt::RightArrow);
    more_->setVisible(open);
  });
  connect(planner_, &RunPlanner::changed, this, [this] {
    plan_->setText(planner_->text());
    plan_->setVisible(!plan_->text().isEmpty());
  });
  connect(watcher_, &QFileSystemWatcher::directoryChanged, this, &RecipePanel::refresh);
  connect(output_->edit(), &QLineEdit::textEdited, this, [this] { own_output_ = true; });
  connect(&workbench_, &Workbench::model_opened, this, [this] {
    own_output_ = false;
    watch_model();
    suggest_output();
    refresh();
  });
  refresh();
}

Recipe RecipePanel::recipe() const {
  Recipe recipe = base_;
  recipe.rotation = static_cast<RotationMode>(rotation_->currentData().toInt());
  recipe.transform = static_cast<TransformMode>(transform_->currentData().toInt());
  recipe.weight_method = static_cast<WeightMethod>(method_->currentData().toInt());
  recipe.weight_bits = bits_->currentData().toInt();
  recipe.weight_group = group_->currentData().toInt();
  recipe.activation_bits = activations_->currentData().toInt();
  recipe.activation_mode = static_cast<ActivationMode>(mode_->currentData().toInt());
  recipe.search = static_cast<SearchMode>(search_->currentData().toInt());
  recipe.samples = samples_->value();
  // The field shows two decimals: a loaded recipe's budget stays what it is until it is changed.
  if (std::abs(budget_->value() - base_.budget_bits_per_weight) > 0.0051) recipe.budget_bits_per_weight = budget_->value();
  more_->fill(recipe);
  return recipe;
}

void RecipePanel::set_recipe(const Recipe& recipe) {
  taking_preset_ = true;
  base_ = recipe;
  base_.threads = 0;  // a finished run's recipe names its own
  base_.torch_version.clear();
  select_value(rotation_, int(recipe.rotation));
  select_value(transform_, int(recipe.transform));
  select_value(method_, int(recipe.weight_method));
  select_value(bits_, recipe.weight_bits);
  select_value(group_, int(recipe.weight_group));
  select_value(activations_, recipe.activation_bits);
  select_value(mode_, int(recipe.activation_mode));
  select_value(search_, int(recipe.search));
  samples_->setValue(recipe.samples);
  budget_->setValue(recipe.budget_bits_per_weight);
  more_->show_recipe(base_);
  taking_preset_ = false;
  refresh();
}

void RecipePanel::take_preset(int index) {
  const int preset = preset_->itemData(index).toInt();
  if (preset < 0) return;
  set_recipe(presets()[size_t(preset)].recipe);
}

QuantizeRequest RecipePanel::request() const {
  QuantizeRequest request;
  if (workbench_.model()) request.model = workbench_.model()->path;
  request.calibration = calibration_->path();
  request.output = output_->path();
  request.recipe = recipe();
  return request;
}

QString RecipePanel::problem() const { return request_problem(workbench_.model() ? &*workbench_.model() : nullptr, request()); }

void RecipePanel::watch_model() {
  if (!watcher_->directories().isEmpty()) watcher_->removePaths(watcher_->directories());
  // The folder above tells when the model's own is gone.
  const QFileInfo folder(workbench_.model()->path);
  for (const QString& path : {folder.absoluteFilePath(), folder.absolutePath()}) {
    if (QFileInfo(path).isDir()) watcher_->addPath(path);
  }
}

void RecipePanel::add_candidate(double candidate) {
  Recipe now = recipe();
  now.candidates = candidates_of(now);
  now.candidates.push_back(static_cast<float>(candidate));
  std::sort(now.candidates.begin(), now.candidates.end(), std::greater<>());
  now.candidates.erase(std::unique(now.candidates.begin(), now.candidates.end()), now.candidates.end());
  set_recipe(now);
}

void RecipePanel::suggest_output() {
  if (own_output_ || !workbench_.model()) return;
  const Recipe r = recipe();
  output_->set_path(workbench_.free_output(
      QStringLiteral("%1-w%2a%3-%4")
          .arg(model_name(workbench_.model()->path))
          .arg(r.weight_bits)
          .arg(r.activation_bits)
          .arg(text_of(name_of(r.search)))));
}

void RecipePanel::refresh() {
  if (taking_preset_) return;
  const Recipe r = recipe();
  mode_->setEnabled(r.activation_bits < 16);
  // The preset's name stands only while all of it does.
  int preset = -1;
  for (const Preset& known : presets()) {
    if (preset < 0 && known.recipe == r) preset = int(&known - presets().data());
  }
  preset_->setCurrentIndex(preset_->findData(preset));
  if (!output_->edit()->hasFocus()) suggest_output();
  if (QFileInfo::exists(calibration_->path()))
    workbench_.settings().set_value(QStringLiteral("quantize/calibration"), calibration_->path());
  legality_->setText(problem());
  legality_->setVisible(!legality_->text().isEmpty());
  notes_->setText(workbench_.model() ? recipe_notes(*workbench_.model(), r).join(QLatin1Char('\n')) : QString());
  notes_->setVisible(!notes_->text().isEmpty());
  more_->grey_out(r);
  budget_->setEnabled(r.budget_megabytes == 0 && r.budget_milliseconds == 0);
  Q_EMIT changed();
  plan();
}

void RecipePanel::set_partition(const std::optional<Partition>& partition) {
  if (partition == partition_) return;
  partition_ = partition;
  plan();
}

/// Only where it is seen, and never beside a run: it takes a second of every core, at low priority.
void RecipePanel::plan() {
  if (!legality_->text().isEmpty()) return planner_->clear();
  if (!isVisible() || !isEnabled()) return planner_->stop();
  QuantizeRequest wanted = request();
  wanted.partition = partition_;
  planner_->plan(wanted);
}

void RecipePanel::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  plan();
}

void RecipePanel::hideEvent(QHideEvent* event) {
  QWidget::hideEvent(event);
  plan();
}

void RecipePanel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::EnabledChange) plan();
}

}  // namespace qvlm::studio
