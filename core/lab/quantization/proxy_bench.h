// Which cheap number tells best what an assignment of bits costs? Proxies against measured losses over random assignments, by Spearman's
// rank correlation: the question that EMQ (Dong et al., ICCV 2023) puts to training-free proxies (algorithms.md 2.8). Free of torch.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/data/calibration_set.h"
#include "core/model/model.h"
#include "core/run/recipe.h"

namespace qvlm {

struct ProxyBenchRequest {
  std::shared_ptr<const Model> model;
  std::filesystem::path calibration, calibration_images;         // as in QuantizeRequest
  std::string calibration_prompt = CalibrationOptions{}.prompt;  // for a folder of pictures
  /// Grid (weight_group, weight_symmetric), samples, seed, threads; and weight_bits, the width at which the closed form measures. Where it has
  /// budget_bits_per_weight, all assignments are of that size: then the number of bits tells nothing.
  Recipe recipe;
  int assignments = 200;
};

/// One random assignment: every site draws from {3, 4, 5, 6, 8} bits on its own; with a budget, moved at random until it is just met.
struct RankedAssignment {
  std::vector<int> bits;       // [sites]
  double bits_per_weight = 0;  // as stored
  double hidden = 0;           // measured: relative squared error of the last layer's output
  double divergence = 0;       // measured: KL(float || rounded) of the next token, nats, mean over rows
  std::vector<double> predicted;  // by each proxy
};

struct RankedProxy {
  std::string name;
  double rho_divergence = 0, rho_hidden = 0;  // -1..1; NaN where the proxy does not vary
};

struct ProxyBenchResult {
  int samples = 0;
  std::vector<RankedAssignment> assignments;
  std::vector<RankedProxy> proxies;  // best on the divergence first; RankedAssignment::predicted is in the order of `names`
  std::vector<std::string> names;
};

/// The proxies, each a sum over sites of a number of site and width (dW: the rounding error of a weight W, to nearest):
///   bits               minus the mean bits a weight
///   weight-error       ||dW||^2
///   hessian-error      tr(H) / width * ||dW||^2, H = E[x x^T] of the site's input (HAWQ)
///   activation-error   sum over channels c of E[x_c^2] ||dW_c||^2, the diagonal of H
///   dependency-error   D(k, k + 1) * ||dW||^2 / ||W||^2, with Q-VLM's D (0 at the last site)
///   fisher-error       sum of F dW^2, F the diagonal Fisher information of the model's own next-token distribution, labels drawn from it by seed
///   closed-form        the measured divergence of the site alone at the recipe's weight_bits, by BAQ's law at other widths
///   alone              the measured divergence of the site alone at that width
/// Deterministic for a recipe. Throws Error as quantize() does, Cancelled when stopped.
ProxyBenchResult rank_proxies(const ProxyBenchRequest& request, const std::function<void(const std::string& phase, int done, int total)>& on_progress = {},
                              std::stop_token stop = {});

}  // namespace qvlm
