// Codes in 32-bit words, as AWQ, GPTQ and compressed-tensors have them (algorithms.md 4.2 - 4.4): 32 / bits a word, the lowest bits first.
#pragma once

#include <cstdint>
#include <vector>

#include "core/model/tensor.h"

namespace qvlm {

/// words [rows, columns]: slot i of a word holds code(row, column, i), which is below 2^bits.
template <typename Code>
std::vector<uint32_t> pack_words(int64_t rows, int64_t columns, int bits, Code&& code) {
  std::vector<uint32_t> words;
  words.reserve(static_cast<size_t>(rows * columns));
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column) {
      uint32_t word = 0;
      for (int slot = 0; slot < 32 / bits; ++slot) word |= static_cast<uint32_t>(code(row, column, slot)) << (slot * bits);
      words.push_back(word);
    }
  return words;
}

/// Backwards: put(row, column, slot, code) for every slot. `view` is I32 [rows, columns].
template <typename Put>
void unpack_words(const TensorView& view, int bits, Put&& put) {
  const int64_t columns = view.shape[1];
  for (int64_t row = 0; row < view.shape[0]; ++row)
    for (int64_t column = 0; column < columns; ++column) {
      const size_t at = static_cast<size_t>(row * columns + column) * 4;
      uint32_t word = 0;
      for (size_t byte = 0; byte < 4; ++byte) word |= static_cast<uint32_t>(view.bytes[at + byte]) << (8 * byte);
      for (int slot = 0; slot < 32 / bits; ++slot) put(row, column, slot, static_cast<uint8_t>((word >> (slot * bits)) & ((1u << bits) - 1)));
    }
}

}  // namespace qvlm
