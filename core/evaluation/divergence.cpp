// Kullback-Leibler divergence of next-token distributions; likelihood of tokens.
#include "core/evaluation/divergence.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/error.h"

namespace qvlm {

namespace {

void check_finite(std::span<const float> logits, const char* what) {
  // A sum is not finite where one of its terms is not; that of finite float32 values cannot overflow a double.
  double sum = 0;
  for (const float value : logits) sum += value;
  if (!std::isfinite(sum)) throw Error(std::string(what) + ": a logit is not finite");
}

/// log of the sum of exponentials of one row, without overflow.
double log_sum_exp(std::span<const float> row) {
  const double top = *std::max_element(row.begin(), row.end());
  double sum = 0;
  for (const float value : row) sum += std::exp(double(value) - top);
  return top + std::log(sum);
}

}  // namespace

RowComparison compare_rows(std::span<const float> reference, std::span<const float> other, int64_t vocabulary) {
  if (reference.size() != other.size() || vocabulary <= 0 || reference.size() % static_cast<size_t>(vocabulary) != 0) {
    throw Error("comparing two models: their logits have different sizes (" + std::to_string(reference.size()) +
                " and " + std::to_string(other.size()) + ")");
  }
  check_finite(reference, "comparing two models");
  check_finite(other, "comparing two models");
  const size_t width = static_cast<size_t>(vocabulary);
  RowComparison result;
  for (size_t first = 0; first < reference.size(); first += width) {
    const auto p = reference.subspan(first, width), q = other.subspan(first, width);
    const auto top_p = std::max_element(p.begin(), p.end()), top_q = std::max_element(q.begin(), q.end());
    // KL = sum_i P_i (p_i - q_i) - log Z_p + log Z_q, with P = exp(p) / Z_p.
    double mass = 0, weighted = 0;
    for (size_t i = 0; i < width; ++i) {
      const double e = std::exp(double(p[i]) - *top_p);
      mass += e;
      weighted += e * (double(p[i]) - double(q[i]));
    }
    const double kl = weighted / mass - (*top_p + std::log(mass)) + log_sum_exp(q);
    result.kl += std::max(0.0, kl);  // rounding alone makes it negative
    result.same_top += (top_p - p.begin()) == (top_q - q.begin()) ? 1 : 0;
    ++result.rows;
  }
  return result;
}

double negative_log_likelihood(std::span<const float> logits, std::span<const int32_t> tokens, int64_t vocabulary) {
  const size_t width = static_cast<size_t>(std::max<int64_t>(vocabulary, 0));
  if (logits.size() != tokens.size() * width) {
    throw Error::in("likelihood", "logits", std::to_string(tokens.size() * width), std::to_string(logits.size()));
  }
  check_finite(logits, "likelihood");
  double sum = 0;
  for (size_t row = 0; row < tokens.size(); ++row) {
    if (tokens[row] < 0 || tokens[row] >= vocabulary) {
      throw Error::in("likelihood", "token id", "0 .. " + std::to_string(vocabulary - 1), std::to_string(tokens[row]));
    }
    const auto here = logits.subspan(row * width, width);
    sum += log_sum_exp(here) - here[static_cast<size_t>(tokens[row])];
  }
  return sum;
}

}  // namespace qvlm
