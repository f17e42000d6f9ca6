// The model's shapes against the recipe.
#include "app/studio/models/recipe_check.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <algorithm>

#include "app/studio/models/workbench.h"
#include "core/base/error.h"

namespace qvlm::studio {

namespace {

struct RecipeCheck {
  Q_DECLARE_TR_FUNCTIONS(RecipeCheck)
};

}  // namespace

QStringList recipe_problems(const ModelSummary& model, const Recipe& recipe) {
  QStringList problems;
  if (recipe.weight_group > 0) {
    for (const LegalGroups& row : model.legal_groups) {
      if (row.columns % recipe.weight_group == 0) continue;
      problems << RecipeCheck::tr("%1: a group of %2 does not divide its rows of %3; %4 would")
                      .arg(row.tensor, QString::number(recipe.weight_group), QString::number(row.columns), row.groups);
    }
  }
  if (recipe.activation_bits < 16 && recipe.activation_mode == ActivationMode::DYNAMIC_GROUP) {
    for (const LegalGroups& row : model.legal_groups) {
      if (recipe.activation_group <= 0 || row.columns % recipe.activation_group == 0) continue;
      problems << RecipeCheck::tr("%1: groups of %2 activations do not divide its %3 inputs").arg(row.tensor, QString::number(recipe.activation_group), QString::number(row.columns));
    }
  }
  const bool vision = recipe.vision_bits < 16 || recipe.projector_bits < 16 || recipe.vision_activation_bits < 16 || recipe.veo;
  if (vision && !model.has_vision) problems << RecipeCheck::tr("The model has no vision tower: leave its bits at 16 and its optimisation off");
  try {
    validate(recipe, "");
  } catch (const Error& error) {
    problems << QString::fromUtf8(error.what());
  }
  return problems;
}

QString request_problem(const ModelSummary* model, const QuantizeRequest& request) {
  if (model == nullptr) return RecipeCheck::tr("Open a model first");
  if (!QFileInfo::exists(model->path)) return RecipeCheck::tr("The model is no longer there: %1").arg(model->path);
  if (model->quantized()) return RecipeCheck::tr("The open model is quantized already; open a full-precision one");
  if (request.calibration.isEmpty()) return RecipeCheck::tr("Choose a calibration set");
  if (!QFileInfo::exists(request.calibration)) return RecipeCheck::tr("The calibration set does not exist: %1").arg(request.calibration);
  if (!is_quantized(request.output)) return RecipeCheck::tr("The output's name must end in .qvlm");
  if (QFileInfo::exists(request.output)) return RecipeCheck::tr("The output exists already; choose another name");
  return recipe_problems(*model, request.recipe).join(QLatin1Char('\n'));
}

QStringList recipe_notes(const ModelSummary& model, const Recipe& recipe) {
  QStringList notes;
  if (recipe.weight_method == WeightMethod::NF4) notes << RecipeCheck::tr("NF4 runs on the reference only.");
  if (recipe.transform == TransformMode::LEARNED || recipe.rotation == RotationMode::R1R2R4)
    notes << RecipeCheck::tr("Its online transforms keep other programs from reading the model.");
  if (recipe.vision_bits < 8 && model.has_vision) notes << RecipeCheck::tr("A 4-bit tower saves little and costs accuracy.");
  if (recipe.search == SearchMode::LAYERWISE) notes << RecipeCheck::tr("A layer-wise search has one block a site: the ribbon's partition is not used.");
  return notes;
}

std::optional<std::array<SiteShape, kSitesPerLayer>> site_shapes(const ModelSummary& model) {
  std::array<SiteShape, kSitesPerLayer> shapes;
  for (int kind = 0; kind < kSitesPerLayer; ++kind) {
    SiteShape& shape = shapes[size_t(kind)];
    for (const std::string_view linear : linears_of(static_cast<SiteKind>(kind))) {
      const auto found = std::find_if(model.legal_groups.begin(), model.legal_groups.end(), [&](const LegalGroups& row) {
        return row.tensor == QLatin1String(linear.data(), qsizetype(linear.size()));
      });
      if (found == model.legal_groups.end() || found->rows <= 0) return std::nullopt;
      shape.rows.push_back(found->rows);
      shape.columns = found->columns;
    }
  }
  return shapes;
}

}  // namespace qvlm::studio
