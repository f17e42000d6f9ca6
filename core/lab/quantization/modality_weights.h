// Modality balance (MBQ, Li et al. 2025; algorithms.md 3.1): how much a picture's tokens count beside text tokens in a weight method's
// losses, by how far the answers' loss depends on each.
#pragma once

#include <torch/types.h>

#include <functional>
#include <vector>

#include "core/lab/calibration/batches.h"
#include "core/lab/calibration/prepare.h"
#include "core/lab/quantization/methods/weight_method.h"
#include "core/model/model.h"

namespace qvlm::quantization {

/// The token id of each of a prompt's decoder rows, -1 on the rows of a picture.
using RowTokens = std::vector<int64_t>;
std::vector<RowTokens> row_tokens(const VlmConfig& config, const std::vector<calibration::CalibrationPrompt>& prompts);

/// Per sublayer ([2 * layers]: attention, MLP of each layer) the mean |gradient| of the next-token loss over text rows, at the sublayer's
/// output, on picture rows over that on text rows; not less than the median of its kind. 1 where either kind of row is absent. One forward
/// and one backward of the float model over the search's batches, a layer at a time; `on_layer` may throw Cancelled.
std::vector<double> modality_ratios(const Model& model, const calibration::Batches& batches, const std::vector<RowTokens>& tokens,
                                    const std::function<void()>& on_layer);

/// Text rows 1, picture rows the ratio, padding 0. [2 * layers] of one tensor a batch
std::vector<TokenWeights> modality_weights(const std::vector<double>& ratios, const calibration::Batches& batches,
                                           const std::vector<RowTokens>& tokens);

}  // namespace qvlm::quantization
