// Tensors on the device: float32 activations, and packed weights.
#pragma once

#include <cstdint>

#include "gpu/memory.h"
#include "gpu/packing.h"

namespace qvlm {

/// float32 [rows, columns], rows `stride` elements apart; stride and first column are multiples of 4.
struct DeviceTensor {
  Span span;  // from the first element to past the last
  uint32_t rows = 0;
  uint32_t columns = 0;
  uint32_t stride = 0;

  uint64_t address() const { return span.address(); }
  /// Rows [first, first + count).
  DeviceTensor row_part(uint32_t first, uint32_t count) const {
    return {span.part(uint64_t{first} * stride * 4, count ? (uint64_t{count - 1} * stride + columns) * 4 : 0), count,
            columns, stride};
  }
  /// Columns [first, first + count).
  DeviceTensor column_part(uint32_t first, uint32_t count) const {
    return {span.part(uint64_t{first} * 4, (uint64_t{rows - 1} * stride + count) * 4), rows, count, stride};
  }
};

/// Stride of a row of `columns` elements.
inline uint32_t padded_columns(uint32_t columns) {
  return (columns + 3) / 4 * 4;
}

/// A tensor over all of a span that may be larger.
inline DeviceTensor tensor_in(const Span& span, uint32_t rows, uint32_t columns) {
  const uint32_t stride = padded_columns(columns);
  return {span.part(0, (uint64_t{rows - 1} * stride + columns) * 4), rows, columns, stride};
}

inline uint64_t tensor_bytes(uint32_t rows, uint32_t columns) {
  return uint64_t{rows} * padded_columns(columns) * 4;
}

/// Packed weights on the device.
struct DeviceMatrix {
  PackedLayout layout;
  Span codes, scales, zeros;
  uint64_t bytes() const { return codes.size + scales.size + zeros.size; }
};

/// Rows as the codes of the grid that they were rounded to, of at most 8 bits: value = step (code + offset), a whole offset. int8
/// [rows, stride]; behind the last column stand codes of zero.
struct DeviceCodes {
  Span codes, grids;     // grids: float32 [rows, columns / group, 2], steps and offsets
  uint32_t columns = 0;
  uint32_t group = 0;    // columns that share a grid
  bool present() const { return codes.block != nullptr; }
  uint32_t groups() const { return columns / group; }
  uint32_t stride() const { return code_stride(columns); }
  static uint32_t code_stride(uint32_t columns) { return (columns + 31) / 32 * 32; }
};

/// What a product reads: rows, and where they were rounded, perhaps their codes too.
struct MatrixInput {
  DeviceTensor x;
  DeviceCodes codes;
  MatrixInput(const DeviceTensor& rows, const DeviceCodes& rounded = {}) : x(rows), codes(rounded) {}
};

/// float32 [size]; empty: absent.
struct DeviceVector {
  Span span;
  uint32_t size = 0;
  bool present() const { return size > 0; }
};

}  // namespace qvlm
