// How far two models' next-token distributions are apart.
#pragma once

#include <cstdint>
#include <span>

namespace qvlm {

/// Mean over rows of KL(softmax(reference) || softmax(other)) in nats. Both [rows, vocabulary], row-major. Computed in
/// double. Throws Error where the sizes differ or a logit is not finite.
double mean_kl_divergence(std::span<const float> reference, std::span<const float> other, int64_t vocabulary);

}  // namespace qvlm
