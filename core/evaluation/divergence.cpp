// Kullback-Leibler divergence of next-token distributions.
#include "core/evaluation/divergence.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/error.h"

namespace qvlm {

namespace {

/// log of the sum of exponentials of one row, without overflow.
double log_sum_exp(std::span<const float> row) {
  const double top = *std::max_element(row.begin(), row.end());
  double sum = 0;
  for (const float value : row) sum += std::exp(double(value) - top);
  return top + std::log(sum);
}

}  // namespace

double mean_kl_divergence(std::span<const float> reference, std::span<const float> other, int64_t vocabulary) {
  if (reference.size() != other.size() || vocabulary <= 0 || reference.size() % static_cast<size_t>(vocabulary) != 0) {
    throw Error("comparing two models: their logits have different sizes (" + std::to_string(reference.size()) +
                " and " + std::to_string(other.size()) + ")");
  }
  const auto finite = [](float value) { return std::isfinite(value); };
  if (!std::all_of(reference.begin(), reference.end(), finite) || !std::all_of(other.begin(), other.end(), finite)) {
    throw Error("comparing two models: a logit is not finite");
  }
  const size_t width = static_cast<size_t>(vocabulary), rows = reference.size() / width;
  double total = 0;
  for (size_t r = 0; r < rows; ++r) {
    const auto p = reference.subspan(r * width, width), q = other.subspan(r * width, width);
    const double log_p = log_sum_exp(p), log_q = log_sum_exp(q);
    for (size_t i = 0; i < width; ++i) {
      const double lp = double(p[i]) - log_p, lq = double(q[i]) - log_q;
      total += std::exp(lp) * (lp - lq);
    }
  }
  return rows == 0 ? 0 : std::max(0.0, total / static_cast<double>(rows));
}

}  // namespace qvlm
