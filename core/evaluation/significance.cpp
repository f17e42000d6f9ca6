// The exact binomial tail.
#include "core/evaluation/significance.h"

#include <algorithm>
#include <cmath>

namespace qvlm {

McNemar mcnemar_exact(int only_this, int only_against) {
  McNemar test{only_this, only_against, 1};
  const int n = only_this + only_against, less = std::min(only_this, only_against);
  if (n == 0) return test;
  double tail = 0;
  for (int k = 0; k <= less; ++k) {
    tail += std::exp(std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0) - n * std::log(2.0));
  }
  test.p_value = std::min(1.0, 2 * tail);
  return test;
}

}  // namespace qvlm
