// Why a recipe cannot run on a model, said before it is tried.
#pragma once

#include <QString>
#include <QStringList>
#include <array>
#include <optional>

#include "app/studio/children/quantize_child.h"
#include "app/studio/models/model_summary.h"
#include "core/model/sites.h"
#include "core/run/bit_budget.h"
#include "core/run/recipe.h"

namespace qvlm::studio {

/// What of the recipe does not fit: a line for each tensor whose rows the group does not divide, then what contradicts itself. Empty where all
/// is well.
QStringList recipe_problems(const ModelSummary& model, const Recipe& recipe);

/// Why this run cannot be started, in words for the user: no model, files that are not there, an output in the way, or the recipe's problems.
/// Empty where it can. `model`: the one that is open; null: none.
QString request_problem(const ModelSummary* model, const QuantizeRequest& request);

/// What the recipe means for whoever takes the result elsewhere, or for how it runs: not problems.
QStringList recipe_notes(const ModelSummary& model, const Recipe& recipe);

/// The linears that read each kind of site; none where `inspect` did not tell all of them.
std::optional<std::array<SiteShape, kSitesPerLayer>> site_shapes(const ModelSummary& model);

}  // namespace qvlm::studio
