// The tensor types of GGUF that are read here: sizes of their blocks, and the numbers of the format (algorithms.md 4.1;
// ggml).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/quantized_matrix.h"
#include "core/model/tensor.h"

namespace qvlm {

enum class GgufType : uint32_t {
  F32 = 0,
  F16 = 1,
  Q4_0 = 2,
  Q4_1 = 3,
  Q5_0 = 6,
  Q5_1 = 7,
  Q8_0 = 8,
  Q4_K = 12,
  Q5_K = 13,
  Q6_K = 14,
  I8 = 24,
  I16 = 25,
  I32 = 26,
  I64 = 27,
  F64 = 28,
  BF16 = 30
};

/// Elements and bytes of a block; {1, size} for plain types.
struct GgufBlock {
  int64_t elements, bytes;
};

/// Nothing for types that are not known here.
std::optional<GgufBlock> block_of(GgufType type);
/// "Q4_0"; "type 99" for an unknown one.
std::string name_of(GgufType type);
/// The plain element type, or nothing for a block type.
std::optional<DType> dtype_of(GgufType type);
GgufType gguf_type_of(DType dtype);

/// Blocks as float32. `bytes` is a whole number of blocks (the caller has checked). Throws Error naming `origin` for a
/// type without a formula here.
std::vector<float> dequantize_blocks(GgufType type, std::span<const std::byte> bytes, const std::string& origin);

/// Block types as the grid that they are, in groups of 32 (Q6_K: 16). Q4_1 and Q5_1 have zero points where every minimum is a whole
/// multiple of its scale, else real minimums; the K-quants have float32 scales, Q4_K and Q5_K real minimums. Nothing for plain types, and
/// where a scale is not finite. Dequantizes to exactly the blocks' values.
std::optional<QuantizedMatrix> read_as_matrix(GgufType type, std::span<const std::byte> bytes, int64_t rows,
                                              int64_t columns);

/// The types of {Q4_0, Q4_1, Q5_0, Q8_0} whose blocks give every value of the matrix exactly, smallest first. Any group
/// that is a multiple of 32 will do: its scale is repeated (algorithms.md 4.5).
std::vector<GgufType> exact_types(const QuantizedMatrix& matrix);

/// The type that a quantized model stores the matrix in: symmetric, in groups of 32, with the type's own number of bits
/// (Q4_0, Q5_0, Q8_0), so that reading gives the identical matrix; nothing for any other grid, for which planes are
/// smaller.
std::optional<GgufType> storage_type_for(const QuantizedMatrix& matrix);

/// The matrix's blocks in one of exact_types(). Throws Error naming `name` where a block would not be exact.
std::vector<std::byte> write_blocks(const QuantizedMatrix& matrix, GgufType type, const std::string& name);

}  // namespace qvlm
