// How far two models' next-token distributions are apart, and how likely a model finds given tokens.
#pragma once

#include <cstdint>
#include <span>

namespace qvlm {

/// Sums over rows of logits.
struct RowComparison {
  int64_t rows = 0;
  double kl = 0;         // sum of KL(softmax(reference) || softmax(other)), nats
  int64_t same_top = 0;  // rows where both have their largest logit at the same (lowest) place
};

/// Both [rows, vocabulary], row-major. Computed in double. Throws Error where the sizes differ or a logit is not
/// finite.
RowComparison compare_rows(std::span<const float> reference, std::span<const float> other, int64_t vocabulary);

/// Sum over rows of -log softmax(logits[row])[tokens[row]], nats. logits [tokens, vocabulary]. Throws Error where the
/// sizes differ, a token is outside the vocabulary, or a logit is not finite.
double negative_log_likelihood(std::span<const float> logits, std::span<const int32_t> tokens, int64_t vocabulary);

}  // namespace qvlm
