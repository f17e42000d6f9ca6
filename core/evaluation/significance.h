// Whether two models' right answers on the same questions differ by more than chance.
#pragma once

#include "core/evaluation/evaluation_events.h"

namespace qvlm {

/// McNemar's test in its exact form (McNemar 1947; binomial): of the n = only_this + only_against questions that one
/// model alone gets right, each is either's with probability 1/2. p_value = min(1, 2 P(X <= min of the two)),
/// X ~ Binomial(n, 1/2); 1 for n = 0.
McNemar mcnemar_exact(int only_this, int only_against);

}  // namespace qvlm
