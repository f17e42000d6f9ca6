// The dependency between two sites as a differentiable function of their activations and ranges: Q-VLM's L_ent is a weighted sum of it
// (Eq. 4, 5 and 8; the estimator is that of core/lab/calibration/entropy.h).
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace qvlm::quantization {

/// round(x) with the gradient of x (straight-through estimator; Bengio et al. 2013).
torch::Tensor round_straight_through(const torch::Tensor& x);

/// x on the grid of `bits` between low <= 0 <= high (broadcast to x), as core/model/activation_quantizer.h, differentiable in all three:
/// rounding is straight-through, so a value inside has gradient 1, one outside moves with its bound.
torch::Tensor fake_quantize(const torch::Tensor& x, const torch::Tensor& low, const torch::Tensor& high, int bits);

/// Ranges of x's rows: one for each of `groups` equal groups of channels. [rows, groups]; low <= 0 <= high
struct RowRanges {
  torch::Tensor low, high;
};

/// The rows' own ranges. x [rows, channels]; groups divides the channels. Differentiable.
RowRanges own_ranges(const torch::Tensor& x, int64_t groups);

/// Which positions two neighbouring sites are compared at: evenly spread over the rows, channels by the golden ratio as
/// core/lab/calibration/level_sampler.h. [positions] each, int64
struct SitePairs {
  torch::Tensor rows, channels, paired_channels;
};
SitePairs site_pairs(int64_t rows, int64_t width, int64_t next_width, int64_t positions);

/// Positions that keep the soft assignments of `bits` small beside the decoder's products: 2^16 / levels, within 256 .. 1024.
int64_t veo_positions(int bits);

/// Soft assignment of x[rows, channels] to the levels of the ranges' grid. x [all rows, width] -> [positions, 2^bits]
torch::Tensor soft_levels(const torch::Tensor& x, const RowRanges& ranges, int bits, const torch::Tensor& rows, const torch::Tensor& channels);

/// D = -sum_ab J_ab ln(J_ab / sum_b J_ab) / ln(levels) with J = a^T b / positions. a, b [positions, levels] -> scalar, 0 .. 1
torch::Tensor dependency(const torch::Tensor& a, const torch::Tensor& b);

}  // namespace qvlm::quantization
