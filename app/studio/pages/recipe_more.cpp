// The table of finer keys.
#include "app/studio/pages/recipe_more.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QRegularExpression>
#include <algorithm>
#include <cmath>
#include <memory>

#include "app/studio/views/flow_layout.h"
#include "app/studio/views/widgets.h"
#include "core/run/partition.h"

namespace qvlm::studio {

namespace {

bool gptq_like(const Recipe& r) { return r.weight_method == WeightMethod::GPTQ || r.weight_method == WeightMethod::GPTAQ; }
bool gptaq(const Recipe& r) { return r.weight_method == WeightMethod::GPTAQ; }
bool awq(const Recipe& r) { return r.weight_method == WeightMethod::AWQ; }
bool searches(const Recipe& r) { return r.search != SearchMode::NONE; }
bool joint(const Recipe& r) { return r.search == SearchMode::JOINT; }
bool budgeted(const Recipe& r) { return r.budget_bits_per_weight > 0 || r.budget_megabytes > 0 || r.budget_milliseconds > 0; }
bool optimises(const Recipe& r) { return r.veo; }

QString candidates_text(const std::vector<float>& candidates) {
  QStringList parts;
  for (const float candidate : candidates) parts << QString::number(double(candidate), 'g', 6);
  return parts.join(QStringLiteral(" "));
}

}  // namespace

RecipeMore::RecipeMore(QWidget* parent) : QWidget(parent), flow_(new FlowLayout(this)) {
  setObjectName(QStringLiteral("transparent"));
  flow_->set_columns(2);
  add_weights();
  add_partition();
  add_search();
  add_vision();
  grey_out({});
}

void RecipeMore::add_weights() {
  heading(tr("Weights"));
  choice(&Recipe::token_weighting, QStringLiteral("token_weighting"), tr("Tokens count"),
         tr("In the losses of weight methods: all the same; picture against text tokens as the answer's gradient says (MBQ); or each by one over its "
            "squared norm, which then counts in the search too."),
         {{tr("the same"), TokenWeighting::UNIFORM}, {tr("by modality"), TokenWeighting::MODALITY}, {tr("relative"), TokenWeighting::RELATIVE}});
  number(&Recipe::residual_rank, QStringLiteral("residual_rank"), tr("Residual rank"), tr("Of a low-rank correction behind each matrix; 0: none"), 0, 256, 0);
  flag(&Recipe::weight_symmetric, QStringLiteral("weight_symmetric"), tr("Symmetric grid"), tr("No zero points: what GGUF's Q4_0 holds exactly"));
  flag(&Recipe::gptaq_validated, QStringLiteral("gptaq_validated"), tr("Validated pull"),
       tr("GPTAQ: how far the float path is followed is checked, site by site, on samples that it was not measured on"), gptaq);
  number(&Recipe::gptaq_alpha, QStringLiteral("gptaq_alpha"), tr("Pull (alpha)"), tr("GPTAQ: how far the float path's inputs are followed; 0 is GPTQ"), 0, 1, 2, gptaq);
  number(&Recipe::gptq_damping, QStringLiteral("gptq_damping"), tr("Damping"), tr("GPTQ, GPTAQ: of the Hessian's mean diagonal, added to it"), 0.0001, 0.2, 4, gptq_like);
  flag(&Recipe::awq_clip, QStringLiteral("awq_clip"), tr("AWQ clips"), tr("AWQ: clamp outliers after scaling"), awq);
  flag(&Recipe::awq_duo, QStringLiteral("awq_duo"), tr("AWQ duo"), tr("AWQ: scales are divided by the weights' own magnitude too"), awq);
  number(&Recipe::autoround_iterations, QStringLiteral("autoround_iterations"), tr("Iterations"), tr("AutoRound: steps a layer"), 1, 10000, 0,
         [](const Recipe& r) { return r.weight_method == WeightMethod::AUTOROUND; });
  number(&Recipe::transform_epochs, QStringLiteral("transform_epochs"), tr("Transform epochs"), tr("Learned transforms: passes over the calibration set a layer"), 1, 1000, 0,
         [](const Recipe& r) { return r.transform == TransformMode::LEARNED; });
  number(&Recipe::budget_megabytes, QStringLiteral("budget_megabytes"), tr("Budget, MB"),
         tr("Mixed precision by the size of the decoder's linears, in place of bits a weight; 0: none"), 0, 1e6, 2,
         [](const Recipe& r) { return r.budget_bits_per_weight == 0 && r.weight_method != WeightMethod::NF4; });
  choice(&Recipe::budget_losses, QStringLiteral("budget_losses"), tr("Budget's losses"),
         tr("Of a block at each width: modelled from one measured width, or measured at each"),
         {{tr("modelled"), BudgetLosses::MODELLED}, {tr("measured"), BudgetLosses::MEASURED}}, budgeted);
}

void RecipeMore::add_partition() {
  heading(tr("Partition"));
  choice(&Recipe::partition_rule, QStringLiteral("partition_rule"), tr("Rule"), tr("Blocks grow greedily (Q-VLM Eq. 7), or the best partition of all"),
         {{tr("greedy"), PartitionRule::GREEDY}, {tr("exact"), PartitionRule::EXACT}}, joint);
  choice(&Recipe::partition_proxy, QStringLiteral("partition_proxy"), tr("By"), tr("What a pair of neighbouring sites is scored by"),
         {{tr("dependency"), PartitionProxy::DEPENDENCY},
          {tr("entropy"), PartitionProxy::ENTROPY},
          {tr("activation error"), PartitionProxy::QUANTIZATION_ERROR},
          {tr("Hessian error"), PartitionProxy::HESSIAN_ERROR}},
         joint);
  number(&Recipe::max_depth, QStringLiteral("max_depth"), tr("Greatest depth"), tr("Sites a block holds at most"), 1, kMaxBlockDepth, 0, joint);
  number(&Recipe::threshold_quantile, QStringLiteral("threshold_quantile"), tr("h₀ quantile"), tr("The threshold as a quantile of the scores; 0: their mean"), 0, 1, 2, joint);
  number(&Recipe::threshold, QStringLiteral("threshold"), tr("h₀"), tr("The threshold itself; 0: as the quantile, or the mean, says"), 0, 100, 4, joint);
  number(&Recipe::validated_depths, QStringLiteral("validated_depths"), tr("Validate at depths"),
         tr("At so many depths the proxies are compared with the discretization error difference that they stand for: the scatter plot with R²"), 0, 1000, 0, joint);
}

void RecipeMore::add_search() {
  heading(tr("Search"));
  number(&Recipe::search_samples, QStringLiteral("search_samples"), tr("Search samples"), tr("Tuples are scored on these; the best again on all samples"), 1, 100000, 0, searches);
  number(&Recipe::rescored_tuples, QStringLiteral("rescored_tuples"), tr("Rescored"), tr("Tuples that are scored again on all samples"), 1, 125, 0, searches);
  choice(&Recipe::clip_refinement, QStringLiteral("clip_refinement"), tr("Refine bounds"), tr("Of quantized activations, behind a block's search, on its own output error"),
         {{tr("no"), ClipRefinement::NONE}, {tr("by coordinates"), ClipRefinement::COORDINATE}, {tr("by gradient"), ClipRefinement::GRADIENT}},
         [](const Recipe& r) { return searches(r) && r.activation_bits < 16; });
  number(&Recipe::activation_group, QStringLiteral("activation_group"), tr("Channels a group"), tr("Of activations quantized per group"), 1, 4096, 0,
         [](const Recipe& r) { return r.activation_bits < 16 && r.activation_mode == ActivationMode::DYNAMIC_GROUP; });
  number(&Recipe::seed, QStringLiteral("seed"), tr("Seed"), tr("Of the samples that are drawn and of random signs"), 0, 1e9, 0);
  number(&Recipe::threads, QStringLiteral("threads"), tr("Threads"), tr("0: all. The same number gives the same result"), 0, 1024, 0);
  auto* grid = new QLineEdit(this);
  grid->setPlaceholderText(tr("as the range means"));
  Field field{QStringLiteral("candidates"), nullptr, grid,
              [grid](Recipe& r) {
                r.candidates.clear();
                for (const QString& part : grid->text().split(QRegularExpression(QStringLiteral("[\\s,;]+")), Qt::SkipEmptyParts)) r.candidates.push_back(part.toFloat());
              },
              [grid](const Recipe& r) { grid->setText(candidates_text(r.candidates)); }, searches};
  connect(grid, &QLineEdit::textChanged, this, &RecipeMore::changed);
  place(std::move(field), tr("Candidates"), tr("Clip ratios or percentiles that the search tries, from 1 downwards, parted by spaces"));
}

void RecipeMore::add_vision() {
  heading(tr("Vision tower"));
  choice(&Recipe::vision_bits, QStringLiteral("vision_bits"), tr("Weights"), tr("Of the tower. 8: a scale a row. 4 saves little and costs accuracy."),
         {{tr("16 bits"), 16}, {tr("8 bits"), 8}, {tr("4 bits"), 4}});
  choice(&Recipe::vision_activation_bits, QStringLiteral("vision_activation_bits"), tr("Activations"), tr("Of the tower"),
         {{tr("16 bits"), 16}, {tr("8 bits"), 8}, {tr("6 bits"), 6}, {tr("4 bits"), 4}});
  choice(&Recipe::projector_bits, QStringLiteral("projector_bits"), tr("Projector"), tr("Weights of what joins tower and decoder"), {{tr("16 bits"), 16}, {tr("8 bits"), 8}});
  flag(&Recipe::veo, QStringLiteral("veo"), tr("Optimise the tower"), tr("By gradient, so that it goes well with the quantized decoder (Q-VLM Eq. 8 to 10)"));
  number(&Recipe::veo_epochs, QStringLiteral("veo_epochs"), tr("Epochs"), tr("Of the tower's optimisation"), 1, 1000, 0, optimises);
}

void RecipeMore::heading(const QString& text) {
  auto* label = new QLabel(text, this);
  label->setObjectName(QStringLiteral("card_title"));
  flow_->add_row(label);
}

void RecipeMore::place(Field field, const QString& caption, const QString& tip) {
  field.editor->setToolTip(tip);
  field.editor->setAccessibleDescription(tip);
  const bool check = qobject_cast<QCheckBox*>(field.editor) != nullptr;
  field.box = check ? field.editor : labelled(caption, field.editor, this);
  if (check || qobject_cast<QLineEdit*>(field.editor) != nullptr) {
    flow_->add_row(field.box);
  } else {
    flow_->add(field.box);
  }
  fields_.push_back(std::move(field));
}

template <class T>
void RecipeMore::number(T Recipe::*member, const QString& key, const QString& caption, const QString& tip, double low, double high, int decimals, Counts counts) {
  auto* box = new QDoubleSpinBox(this);
  box->setDecimals(decimals);
  box->setRange(low, high);
  box->setSingleStep(decimals == 0 ? 1 : std::pow(10, -std::min(decimals, 2)));
  connect(box, &QDoubleSpinBox::valueChanged, this, &RecipeMore::changed);
  // A field that shows fewer digits than the recipe has leaves it as it is until it is changed.
  auto taken = std::make_shared<std::pair<T, double>>();
  place({key, nullptr, box, [box, member, taken](Recipe& r) { r.*member = box->value() == taken->second ? taken->first : static_cast<T>(box->value()); },
         [box, member, taken](const Recipe& r) {
           box->setValue(static_cast<double>(r.*member));
           *taken = {r.*member, box->value()};
         },
         std::move(counts)},
        caption, tip);
}

template <class E>
void RecipeMore::choice(E Recipe::*member, const QString& key, const QString& caption, const QString& tip, const QList<std::pair<QString, E>>& items, Counts counts) {
  auto* box = new QComboBox(this);
  for (const auto& [text, value] : items) box->addItem(text, int(value));
  box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  box->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  connect(box, &QComboBox::currentIndexChanged, this, &RecipeMore::changed);
  place({key, nullptr, box, [box, member](Recipe& r) { r.*member = static_cast<E>(box->currentData().toInt()); },
         [box, member](const Recipe& r) {
           if (box->findData(int(r.*member)) < 0) box->addItem(QString::number(int(r.*member)), int(r.*member));
           box->setCurrentIndex(box->findData(int(r.*member)));
         },
         std::move(counts)},
        caption, tip);
}

void RecipeMore::flag(bool Recipe::*member, const QString& key, const QString& caption, const QString& tip, Counts counts) {
  auto* box = new QCheckBox(caption, this);
  connect(box, &QCheckBox::toggled, this, &RecipeMore::changed);
  place({key, nullptr, box, [box, member](Recipe& r) { r.*member = box->isChecked(); }, [box, member](const Recipe& r) { box->setChecked(r.*member); },
         std::move(counts)},
        caption, tip);
}

void RecipeMore::fill(Recipe& recipe) const {
  for (const Field& field : fields_) field.write(recipe);
}

void RecipeMore::show_recipe(const Recipe& recipe) {
  for (const Field& field : fields_) field.read(recipe);
  grey_out(recipe);
}

void RecipeMore::grey_out(const Recipe& recipe) {
  for (const Field& field : fields_) field.box->setEnabled(!field.counts || field.counts(recipe));
}

QWidget* RecipeMore::field(const QString& key) const {
  const auto found = std::find_if(fields_.begin(), fields_.end(), [&](const Field& field) { return field.key == key; });
  return found == fields_.end() ? nullptr : found->editor;
}

}  // namespace qvlm::studio
