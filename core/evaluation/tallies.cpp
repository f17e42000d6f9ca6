// Adding up, and the means.
#include "core/evaluation/tallies.h"

#include "core/evaluation/accuracy.h"

namespace qvlm {

void AccuracyTally::add(bool right, std::optional<double> soft) {
  accuracy_.total += 1;
  accuracy_.right += right ? 1 : 0;
  if (soft) soft_ += *soft;
  soft_count_ += soft ? 1 : 0;
}

Accuracy AccuracyTally::result() const {
  Accuracy accuracy = accuracy_;
  fill_wilson_interval(accuracy);
  if (soft_count_ > 0) accuracy.soft = soft_ / soft_count_;
  return accuracy;
}

void TokenTally::add_likelihood(const std::string& context, int64_t tokens, double nll) {
  if (tokens == 0) return;
  for (const std::string& key : {std::string("all"), context}) {
    sums_[key].scored += tokens;
    sums_[key].nll += nll;
  }
}

void TokenTally::add_comparison(const std::string& context, const RowComparison& rows) {
  if (rows.rows == 0) return;
  for (const std::string& key : {std::string("all"), context}) {
    RowComparison& sum = sums_[key].compared;
    sum.rows += rows.rows;
    sum.kl += rows.kl;
    sum.same_top += rows.same_top;
  }
}

std::map<std::string, Likelihood> TokenTally::likelihood() const {
  std::map<std::string, Likelihood> result;
  for (const auto& [key, sums] : sums_) {
    if (sums.scored > 0) result[key] = {sums.scored, sums.nll / static_cast<double>(sums.scored)};
  }
  return result;
}

std::map<std::string, Divergence> TokenTally::divergence() const {
  std::map<std::string, Divergence> result;
  for (const auto& [key, sums] : sums_) {
    const auto rows = static_cast<double>(sums.compared.rows);
    if (rows > 0) {
      result[key] = {sums.compared.rows, sums.compared.kl / rows, static_cast<double>(sums.compared.same_top) / rows};
    }
  }
  return result;
}

double mean_kl_of(const std::map<std::string, Divergence>& divergence) {
  const auto all = divergence.find("all");
  return all == divergence.end() ? 0 : all->second.kl;
}

}  // namespace qvlm
