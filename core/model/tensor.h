// Tensors as they lie in files: a type, a shape and bytes that somebody else owns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qvlm {

enum class DType { F32, F16, BF16, F64, I64, I32, I16, I8, U8, BOOL };

/// Bytes of one element.
int64_t size_of(DType dtype);
/// "F16" and so on, as safetensors spells them.
std::string_view name_of(DType dtype);

using Shape = std::vector<int64_t>;  // outermost first, as in PyTorch

/// "[256, 512]"
std::string to_string(const Shape& shape);
/// Product of the dimensions. Throws Error (naming `origin`) if it overflows or a dimension is negative.
int64_t element_count(const Shape& shape, std::string_view origin);

/// A tensor inside a mapped file or a buffer. Valid while its owner lives. Row-major, contiguous, little-endian.
struct TensorView {
  DType dtype = DType::F32;
  Shape shape;
  std::span<const std::byte> bytes;
  std::string origin;  // "FILE: tensor NAME", for messages
};

/// The elements as float32, row-major. Takes F32, F16, BF16, F64; throws Error for integer types.
std::vector<float> to_float(const TensorView& view);

}  // namespace qvlm
