// The scales by which a site's channels are brought to one range.
#pragma once

#include <torch/types.h>

#include "core/model/sites.h"
#include "core/model/vlm_config.h"

namespace qvlm::calibration {

/// A channel is never scaled up to more than this part of the widest one: what it holds does not count, and its scale must stay a number
/// that weights and norms can carry.
inline constexpr double kNarrowestChannel = 1e-4;

/// s_c = max(|x_c|, 1e-4 max over c) / m, where m = sqrt(largest * least) of the channels that are not all zero, so that weights keep their
/// magnitude; an all-zero channel has scale 1. Behind attention, channels that come from one value channel (query heads that share a
/// key-value head) have one scale, the largest of theirs. `largest` [width]: max |x| a channel. [width], float32
torch::Tensor channel_scales(const DecoderConfig& config, SiteKind kind, const torch::Tensor& largest);

/// Of channels behind attention, the value channels that they come from. [heads * head_dim] -> [kv_heads * head_dim]
torch::Tensor of_value_channels(const DecoderConfig& config, const torch::Tensor& scales);

}  // namespace qvlm::calibration
