// Proxies of what rounding the linears of one site at one width costs, from weights, activations and gradients in float.
#pragma once

#include <functional>
#include <vector>

#include "core/lab/calibration/batches.h"
#include "core/lab/calibration/statistics.h"
#include "core/lab/reference/threads.h"
#include "core/model/model.h"
#include "core/run/recipe.h"

namespace qvlm::quantization {

/// dW = Q(W) - W to nearest on the recipe's grid, summed over the site's linears.
struct RoundingCost {
  double weight_error = 0;      // ||dW||^2
  double relative_error = 0;    // ||dW||^2 / ||W||^2
  double hessian_error = 0;     // tr(H) / width * ||dW||^2
  double activation_error = 0;  // sum over channels of E[x_c^2] ||dW_c||^2
  double fisher_error = 0;      // sum of F dW^2
};

/// Of every site at every one of `widths`: [sites][widths]. statistics: of the sites in float. F is the mean over rows of the squared gradient
/// of log p(y), y drawn from the model's own distribution by the recipe's seed (the diagonal Fisher information; one draw a row, gradients of
/// a batch's rows added before they are squared, which leaves the mean as it is). Over the batches' search part; one layer is resident, its
/// inputs are kept. `on_layer` is called twice a layer; may throw Cancelled.
std::vector<std::vector<RoundingCost>> rounding_costs(const Model& model, const calibration::Batches& batches, const Recipe& recipe,
                                                      const std::vector<calibration::SiteStatistics>& statistics, const std::vector<int>& widths,
                                                      const reference::Workers& workers, const std::function<void()>& on_layer);

}  // namespace qvlm::quantization
