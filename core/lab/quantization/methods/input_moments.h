// Second moments of what a site's linears read, over the calibration set: the Hessian of a linear's squared output error.
#pragma once

#include <torch/types.h>

#include "core/lab/quantization/methods/weight_method.h"

namespace qvlm::quantization {

inline constexpr double kDampingStep = 0.01, kMostDamping = 0.2;

/// X: the quantized path's inputs where SiteInputs has them, else the float path's; X~: the float path's. Tokens by their weights.
struct InputMoments {
  torch::Tensor hessian;  // [width, width], float32: 2 / N sum x x^T
  torch::Tensor shift;    // [width, width], float32: 2 / N sum (x~ - x) x^T; undefined unless asked for
};
/// Throws Error naming the site if a value is not finite.
InputMoments input_moments(const SiteInputs& inputs, bool with_shift);

/// How much of the shift that is measured on some samples is found on others. Of each sample but every fourth, the least squares answer
/// B = shift (hessian + damping)^-1 to x~ - x = B x; of every fourth, what part of it lessens the outputs' error, weight [rows, width]:
///   share = sum <W (x~ - x), W B x> / sum |W B x|^2, within 0 and 1; 0 where there are no four samples or nothing shifts.
struct ValidatedMoments {
  InputMoments moments;  // of all samples, with the shift
  double share = 0;
};
ValidatedMoments validated_moments(const SiteInputs& inputs, const torch::Tensor& weight, double damping);

/// E[x^2] a channel of the float path, tokens by their weights. [width]
torch::Tensor mean_square(const SiteInputs& inputs);

/// Lower L with L L^T = H + d mean(diag H) I, where d is `damping` raised by kDampingStep until there is a factor, to kMostDamping.
/// Undefined if there is none. Dead columns (H_jj = 0) count as the mean of the others. [n, n]
torch::Tensor damped_cholesky(const torch::Tensor& hessian, double damping);

}  // namespace qvlm::quantization
