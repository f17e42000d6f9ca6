// GPTQ (Frantar et al. 2023; algorithms.md 2.4): weights are rounded column by column, and each column's error is made good by the
// columns still to come, as the inputs' second moments say. GPTAQ (Li et al. 2025; 3.2) lets them also follow the float path's inputs.
#pragma once

#include <optional>

#include "core/lab/quantization/methods/weight_method.h"

namespace qvlm::quantization {

class HessianRounding : public WeightMethod {
 public:
  /// damping: of the Hessian's mean diagonal. alpha: GPTAQ's share of the float path's inputs; none: GPTQ. validated: alpha is multiplied by
  /// validated_moments()'s share.
  explicit HessianRounding(double damping, std::optional<double> alpha = {}, bool validated = false)
      : damping_(damping), alpha_(alpha), validated_(validated) {}

  /// The Hessian is that of the quantized path's inputs. Columns go by descending diagonal; their groups' grids are fixed beforehand, on
  /// the original weights at the percentile. A site whose Hessian has no factor at the greatest damping is rounded to nearest, and said.
  std::vector<RoundedSite> round(const PreparedLayer& prepared, const SiteInputs& inputs, std::span<const float> percentiles) const override;
  bool needs_quantized_inputs() const override { return true; }

 private:
  double damping_;
  std::optional<double> alpha_;
  bool validated_;
};

/// Upper U with U^T U = (H + damping)^-1. Undefined if H has no factor (damped_cholesky). [n, n]
torch::Tensor inverse_root(const torch::Tensor& hessian, double damping);

/// Codes of `weight` [rows, columns] on given grids, [rows, columns] uint8; undefined if the Hessian [columns, columns] has no factor.
/// For the columns j in order, with P = alpha triu(shift U^T, 1) U (shift undefined: P = 0):
///   e = (w_j - Q(w_j)) / U_jj, W_{j+1..} <- W_{j+1..} - e U_{j, j+1..} + w_j P_{j, j+1..}
/// Rows do not depend on each other; the workers share them. A dead column (H_jj = 0) is rounded to nearest: nothing depends on it in the
/// calibration set, where GPTQ's own code zeroes it.
torch::Tensor gptq_codes(const torch::Tensor& weight, const GroupScales& scales, const WeightGrid& grid, const torch::Tensor& hessian,
                         double damping, const torch::Tensor& shift = {}, double alpha = 0, const reference::Workers* workers = nullptr);

}  // namespace qvlm::quantization
