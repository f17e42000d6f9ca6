// From the weights of a file to torch tensors.
#pragma once

#include <torch/types.h>

#include <string_view>

#include "core/model/model.h"

namespace qvlm::reference {

/// A copy of the elements, in `type`. [shape as stored]. Throws Error for integer types.
torch::Tensor to_torch(const TensorView& view, torch::ScalarType type);

/// The matrix's values, codebook and residual included (QuantizedMatrix), computed in float32. [rows, columns]
torch::Tensor dequantize(const QuantizedMatrix& matrix, torch::ScalarType type);

/// A weight by its canonical name (core/model/vlm_config.h), dequantized where it is quantized. Throws Error if it is missing.
torch::Tensor load_tensor(const Model& model, std::string_view canonical, torch::ScalarType type);

/// load_tensor, or an undefined tensor where the model has no such weight.
torch::Tensor load_optional(const Model& model, std::string_view canonical, torch::ScalarType type);

}  // namespace qvlm::reference
