// Running sums of an evaluation.
#pragma once

#include <map>
#include <string>

#include "core/evaluation/divergence.h"
#include "core/evaluation/evaluation_events.h"

namespace qvlm {

/// A running accuracy with its soft mean.
class AccuracyTally {
 public:
  void add(bool right, std::optional<double> soft = {});
  Accuracy result() const;

 private:
  Accuracy accuracy_;
  double soft_ = 0;
  int soft_count_ = 0;
};

/// Sums by context: everything counts under "all" too.
class TokenTally {
 public:
  void add_likelihood(const std::string& context, int64_t tokens, double nll);
  void add_comparison(const std::string& context, const RowComparison& rows);
  std::map<std::string, Likelihood> likelihood() const;
  std::map<std::string, Divergence> divergence() const;

 private:
  struct Sums {
    int64_t scored = 0;
    double nll = 0;
    RowComparison compared;
  };
  std::map<std::string, Sums> sums_;
};

/// The divergence's KL over all tokens; 0 where there is none.
double mean_kl_of(const std::map<std::string, Divergence>& divergence);

}  // namespace qvlm
