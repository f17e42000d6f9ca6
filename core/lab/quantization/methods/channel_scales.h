// Static activation ranges a channel in a form that any runtime with one static range a tensor can run (algorithms.md 1.2, consequence b).
//
// Q-VLM's tables quantize each input channel c of a linear on its own range. An integer product cannot apply a scale that varies along the
// axis it sums over; but with x_c = s_c x'_c the scale belongs to the weights, y_o = sum_c (s_c W_oc) x'_c, and x' = x / s is what the
// producer gives when the scale is folded into it. So one static quantizer of x' is one a channel of x.
//
// Ranges are symmetric about zero. An asymmetric one a channel is also a shift, x_c = s_c (q_c - z_c); a shift folds into a bias of the
// producer, and RMSNorm, mlp.up and attention.value of these models have none to fold it into. What can differ from channel to channel is
// therefore the scale alone; the quantizer of the folded site may still have a zero point, common to all its channels.
#pragma once

#include <array>

#include "core/lab/quantization/methods/weight_method.h"

namespace qvlm::quantization {

/// The layer of the same function whose sites read x / scales: the inverse goes into attention_norm, mlp_norm, value's rows and bias and up's
/// rows, the scales into the columns of the linears that read each site. scales [width of the site], as calibration::channel_scales gives
/// them. Not for a decoder with an online transform before mlp.down.
reference::DecoderLayer fold_channel_scales(const DecoderConfig& config, const reference::DecoderLayer& layer,
                                            const std::array<torch::Tensor, kSitesPerLayer>& scales);

/// Folds the scales of the statistics' largest magnitudes, then prepares and rounds as `method` does.
class WithChannelScales : public WeightMethod {
 public:
  explicit WithChannelScales(std::unique_ptr<WeightMethod> method) : method_(std::move(method)) {}
  PreparedLayer prepare(const reference::DecoderLayer& layer, const LayerCalibration& calibration) const override;
  std::vector<RoundedSite> round(const PreparedLayer& prepared, const SiteInputs& inputs, std::span<const float> percentiles) const override {
    return method_->round(prepared, inputs, percentiles);
  }
  bool couples_sites() const override { return method_->couples_sites(); }
  bool needs_quantized_inputs() const override { return method_->needs_quantized_inputs(); }

 private:
  std::unique_ptr<WeightMethod> method_;
};

}  // namespace qvlm::quantization
