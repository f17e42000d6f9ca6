// What a run is asked for, looked at before its work: what is refused, the data that it calibrates on, and what it is planned to take.
#pragma once

#include <vector>

#include "core/lab/calibration/prepare.h"
#include "core/lab/quantization/plan.h"
#include "core/lab/quantization/quantize_run.h"

namespace qvlm::quantization {

/// With this machine's threads and library where the recipe names none.
Recipe resolve(Recipe recipe);

/// Throws Error where there is no model (nullptr), or one that is quantized already.
void check_model(const Model* model);

/// Throws Error naming the key: a recipe that contradicts itself, a group that does not divide a row, widths that no learned transform suits, a
/// partition that does not fit model or search, a budget that no partition can keep.
void check_recipe(const QuantizeRequest& request, const Recipe& recipe);

/// The samples that the recipe draws, as the model reads them. Throws Error naming the set or the sample.
std::vector<calibration::CalibrationPrompt> read_prompts(const QuantizeRequest& request, const Recipe& recipe);

/// `recipe`: resolved. Times the machine for about a second; counts what is in memory now.
RunPlan plan_of(const QuantizeRequest& request, const Recipe& recipe, const std::vector<calibration::CalibrationPrompt>& prompts);

}  // namespace qvlm::quantization
