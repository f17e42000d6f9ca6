// Soft level assignment, entropy and conditional entropy of quantized activations: Q-VLM's proxy for the dependency between sites
// (Q-VLM Eq. 4 and 5; the choices that the paper leaves open are explained at each function).
#pragma once

#include <torch/types.h>

namespace qvlm::calibration {

/// Activations of one site at sampled positions, on the grid of their quantizer: level m stands at coordinate m. [positions] each, float32.
struct LevelSamples {
  torch::Tensor coordinate;  // x / s + z: 0 .. levels - 1 inside the grid
  torch::Tensor step;        // s, in units of x
};

enum class Softness {
  UNIT_FREE,     // exponent -tau (x - q_m)^2 / s^2: does not depend on the units of x
  PAPER_LITERAL  // exponent -(x - q_m)^2 / s, as Eq. 5 is printed
};

/// p(x = q_m) = softmax over m of the exponent. -> [positions, levels]
torch::Tensor soft_assignment(const LevelSamples& samples, int levels, Softness softness = Softness::UNIT_FREE, double tau = 1);

/// J = S_a^T S_b / positions: the joint distribution of two sites' levels. a, b [positions, levels] -> [levels, levels]
torch::Tensor joint_distribution(const torch::Tensor& a, const torch::Tensor& b);

/// H = -sum p ln p / ln(levels), 0 .. 1. p [levels], sums to 1.
double normalised_entropy(const torch::Tensor& p);

/// D = -sum_ab J_ab ln(J_ab / sum_b J_ab) / ln(levels), 0 .. 1: the entropy of the second site's level given the first one's.
double normalised_conditional_entropy(const torch::Tensor& joint);

}  // namespace qvlm::calibration
