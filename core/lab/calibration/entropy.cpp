// Entropies by one matrix product: the soft assignments are rows, their product is the joint distribution.
#include "core/lab/calibration/entropy.h"

#include <cmath>

namespace qvlm::calibration {
namespace {

// -sum p ln p with 0 ln 0 = 0, in double.
torch::Tensor plogp(const torch::Tensor& p) { return -torch::xlogy(p, p); }

}  // namespace

torch::Tensor soft_assignment(const LevelSamples& samples, int levels, Softness softness, double tau) {
  const auto level = torch::arange(levels, torch::kFloat32);                            // [levels]
  auto exponent = (samples.coordinate.unsqueeze(1) - level).square_().neg_();            // [positions, levels]
  if (softness == Softness::UNIT_FREE) {
    if (tau != 1) exponent.mul_(tau);
  } else {
    exponent.mul_(samples.step.unsqueeze(1));  // (x - q)^2 / s = (coordinate - m)^2 s
  }
  return torch::softmax(exponent, 1);
}

torch::Tensor joint_distribution(const torch::Tensor& a, const torch::Tensor& b) {
  return torch::mm(a.t(), b) / static_cast<double>(a.size(0));
}

double normalised_entropy(const torch::Tensor& p) {
  return plogp(p.to(torch::kFloat64)).sum().item<double>() / std::log(static_cast<double>(p.size(0)));
}

double normalised_conditional_entropy(const torch::Tensor& joint) {
  const auto j = joint.to(torch::kFloat64);
  // -sum J ln(J / row) = H(J) - H(row)
  const auto difference = plogp(j).sum() - plogp(j.sum(1)).sum();
  return difference.item<double>() / std::log(static_cast<double>(joint.size(1)));
}

}  // namespace qvlm::calibration
