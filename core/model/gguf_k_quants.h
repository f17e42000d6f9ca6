// GGUF's K-quants: blocks of 256 whose groups' scales are themselves integers times a float16 (algorithms.md 4.1; ggml).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/model/gguf_types.h"
#include "core/model/quantized_matrix.h"

namespace qvlm {

inline bool is_k_quant(GgufType type) { return type == GgufType::Q4_K || type == GgufType::Q5_K || type == GgufType::Q6_K; }

/// Q4_K and Q5_K in groups of 32 with real minimums, Q6_K symmetric in groups of 16; scales in float32, as the products are exact. `bytes` is
/// rows * columns / 256 blocks (the caller has checked). Nothing where a block's factors are not finite.
std::optional<QuantizedMatrix> read_k_quants(GgufType type, std::span<const std::byte> bytes, int64_t rows, int64_t columns);

}  // namespace qvlm
