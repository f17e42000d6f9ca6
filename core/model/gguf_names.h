// GGUF's tensor names for canonical ones, and the order of its rotary rows (peers.md 4.2, 4.3).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/families/name_table.h"
#include "core/model/quantized_matrix.h"
#include "core/model/vlm_config.h"

namespace qvlm {

/// "blk.3.attn_q.weight" for "decoder.3.attention.query.weight", "v.blk.0.ln1.bias" for "vision.0.attention_norm.bias",
/// "mm.0.weight" for "projector.0.weight". Throws Error for a name that is not canonical.
std::string gguf_name(std::string_view canonical);
/// The canonical name, or nothing.
std::optional<std::string> canonical_name(std::string_view gguf_name);

/// Heads whose rows the `llama` architecture has in interleaved rotary order (pairs (2j, 2j + 1)): of queries and keys
/// of the decoder; 0 for every other tensor.
int rotary_heads(std::string_view canonical, const DecoderConfig& decoder);

/// For each row of the file's order, the row of the canonical order that it is: in every head, row 2 j + i of the file
/// is row i * head_dim / 2 + j. [rows]
std::vector<int64_t> rotary_rows(int64_t rows, int heads);
/// The same backwards.
std::vector<int64_t> inverse(const std::vector<int64_t>& order);

/// result row r = source row order[r], for a matrix's codes, scales and zeros together, or for rows of bytes.
/// Throws Error for a matrix with doubly quantized scales.
QuantizedMatrix reorder_rows(const QuantizedMatrix& matrix, const std::vector<int64_t>& order);
std::vector<std::byte> reorder_rows(std::span<const std::byte> bytes, const std::vector<int64_t>& order);

}  // namespace qvlm
