// Kronecker transforms of what a site's linears read (FlatQuant, arXiv 2410.09426): their shapes and names in a model, and the plain loop
// that other implementations are tested against.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/model/sites.h"

namespace qvlm {

/// width = left * right, left <= right, as square as the width allows.
struct KroneckerShape {
  int64_t left = 1, right = 1;
};

/// 576 -> 24 x 24, 1536 -> 32 x 48, a prime p -> 1 x p. Throws Error for a width below 1.
KroneckerShape kronecker_shape(int64_t width);

/// The wider factor that a transform may have: beyond it (a width with a large prime factor) the online product costs more than it gives.
inline constexpr int64_t kLargestKroneckerFactor = 1024;

/// The canonical name's end of one half ("left" or "right") of a site's transform: "transform.down.left" (sites.h's short names).
std::string transform_part(SiteKind kind, std::string_view half);

/// x <- x (A (x) B) on each run of left * right numbers: y[k, l] = sum over i, j of x[i, j] A[i, k] B[j, l]. a [left, left],
/// b [right, right]. Throws Error where the sizes do not fit.
void apply_kronecker(std::span<float> x, std::span<const float> a, int64_t left, std::span<const float> b, int64_t right);

}  // namespace qvlm
