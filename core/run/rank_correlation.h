// Spearman's rank correlation: how well one number orders what another measures.
#pragma once

#include <span>
#include <vector>

namespace qvlm {

/// Ranks from 1; equal values share the mean of their places.
std::vector<double> ranks_of(std::span<const double> values);

/// Pearson's correlation of the ranks, -1..1 (Spearman 1904). NaN where one of them does not vary. Same sizes.
double rank_correlation(std::span<const double> x, std::span<const double> y);

}  // namespace qvlm
