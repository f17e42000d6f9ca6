// Why a recipe cannot run on a model, said before it is tried.
#pragma once

#include <QStringList>
#include <array>
#include <optional>

#include "app/studio/models/model_summary.h"
#include "core/model/sites.h"
#include "core/run/bit_budget.h"
#include "core/run/recipe.h"

namespace qvlm::studio {

/// What of the recipe does not fit: a line for each tensor whose rows the group does not divide, then what contradicts itself. Empty where all
/// is well.
QStringList recipe_problems(const ModelSummary& model, const Recipe& recipe);

/// What the recipe means for whoever takes the result elsewhere, or for how it runs: not problems.
QStringList recipe_notes(const ModelSummary& model, const Recipe& recipe);

/// The linears that read each kind of site; none where `inspect` did not tell all of them.
std::optional<std::array<SiteShape, kSitesPerLayer>> site_shapes(const ModelSummary& model);

}  // namespace qvlm::studio
