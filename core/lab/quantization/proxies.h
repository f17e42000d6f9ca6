// Proxies of how much neighbouring sites should be searched together, and what they stand for: the discretization error difference (DED),
// by which a joint choice of two sites' rounding parameters beats choosing one after the other.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "core/lab/calibration/batches.h"
#include "core/lab/calibration/float_pass.h"
#include "core/lab/reference/threads.h"
#include "core/model/model.h"
#include "core/run/events.h"
#include "core/run/recipe.h"

namespace qvlm::quantization {

/// The scores of the pairs (k, k + 1) by the recipe's proxy, [sites - 1].
std::vector<double> partition_scores(const Model& model, const Recipe& recipe, const calibration::FloatPassResult& measured);

/// tr(H) / width * sum over the site's linears of ||Q(W) - W||^2, with Q round to nearest on the recipe's grid and H = E[x x^T] of the
/// site's input: the output error that rounding is expected to make if the channels were independent (HAWQ, Dong et al. 2019, 2020). [sites]
std::vector<double> hessian_errors(const Model& model, const Recipe& recipe, const std::vector<calibration::SiteStatistics>& statistics);

/// DED of the pairs (first, first + 1), in ascending order, for every calibration sample on its own: the streams enter in float, weights are
/// rounded to nearest, both sites take each of the recipe's candidates, (e_sequential - e_joint) / ||Y||^2 behind the second (algorithms.md
/// 1.4). Beside it, on the same sample: D(first, first + 1), H and relative quantization error of the second site. One call a pair.
void validate_proxies(const Model& model, const calibration::Batches& batches, const Recipe& recipe, std::span<const int> first_sites,
                      const reference::Workers& workers, const std::function<void(const ProxyValidated&)>& on_pair);

}  // namespace qvlm::quantization
