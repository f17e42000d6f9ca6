// Codes, scales and minimums out of the K-quants' blocks.
#include "core/model/gguf_k_quants.h"

#include <cmath>

#include "core/base/half.h"

namespace qvlm {
namespace {

float half_at(const uint8_t* at) { return from_half(static_cast<uint16_t>(at[0] | at[1] << 8)); }

// Eight scales and eight minimums of 6 bits in 12 bytes: the last four of each have their upper two bits above the first four.
void read_scales(const uint8_t* block, float* scales, float* minimums) {
  const float d = half_at(block), least = half_at(block + 2);
  const uint8_t* packed = block + 4;
  for (int b = 0; b < 8; ++b) {
    const int scale = b < 4 ? packed[b] & 63 : (packed[b + 4] & 15) | (packed[b - 4] >> 6) << 4;
    const int minimum = b < 4 ? packed[b + 4] & 63 : packed[b + 4] >> 4 | (packed[b] >> 6) << 4;
    scales[b] = d * static_cast<float>(scale);
    minimums[b] = -least * static_cast<float>(minimum);
  }
}

// Groups 2p and 2p + 1 are the low and the high nibbles of 32 bytes; Q5_K's fifth bit of group b is bit b of 32 bytes that all groups share.
void read_q4_or_q5(GgufType type, const uint8_t* block, uint8_t* codes) {
  const uint8_t* high = block + 16;
  const uint8_t* low = type == GgufType::Q5_K ? high + 32 : high;
  for (int b = 0; b < 8; ++b)
    for (int l = 0; l < 32; ++l) {
      const uint8_t byte = low[32 * (b / 2) + l];
      const int fifth = type == GgufType::Q5_K ? ((high[l] >> b) & 1) << 4 : 0;
      codes[32 * b + l] = static_cast<uint8_t>((b % 2 == 0 ? byte & 15 : byte >> 4) | fifth);
    }
}

// Two halves of 128; in each, four runs of 32 share 64 bytes of low nibbles and 32 bytes of upper two bits.
void read_q6(const uint8_t* block, uint8_t* codes, float* scales) {
  const float d = half_at(block + 208);
  for (int half = 0; half < 2; ++half) {
    const uint8_t* low = block + 64 * half;
    const uint8_t* high = block + 128 + 32 * half;
    for (int run = 0; run < 4; ++run)
      for (int l = 0; l < 32; ++l) {
        const uint8_t byte = low[32 * (run % 2) + l];
        codes[128 * half + 32 * run + l] = static_cast<uint8_t>((run < 2 ? byte & 15 : byte >> 4) | ((high[l] >> (2 * run)) & 3) << 4);
      }
  }
  const auto* factors = reinterpret_cast<const int8_t*>(block + 192);
  for (int g = 0; g < 16; ++g) scales[g] = d * static_cast<float>(factors[g]);
}

}  // namespace

std::optional<QuantizedMatrix> read_k_quants(GgufType type, std::span<const std::byte> bytes, int64_t rows, int64_t columns) {
  const GgufBlock block = *block_of(type);
  QuantizedMatrix matrix;
  matrix.rows = rows;
  matrix.columns = columns;
  matrix.bits = type == GgufType::Q4_K ? 4 : type == GgufType::Q5_K ? 5 : 6;
  matrix.symmetric = type == GgufType::Q6_K;
  matrix.group = matrix.symmetric ? 16 : 32;
  const auto groups = static_cast<size_t>(rows * matrix.groups());
  matrix.codes.resize(static_cast<size_t>(rows * columns));
  matrix.wide_scales.resize(groups);
  if (matrix.symmetric)
    matrix.zeros.assign(groups, 32);
  else
    matrix.minimums.resize(groups);
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  const auto per_block = static_cast<size_t>(block.elements / matrix.group);
  for (size_t b = 0; b < matrix.codes.size() / static_cast<size_t>(block.elements); ++b) {
    const uint8_t* at = data + b * static_cast<size_t>(block.bytes);
    uint8_t* codes = matrix.codes.data() + b * static_cast<size_t>(block.elements);
    float* scales = matrix.wide_scales.data() + b * per_block;
    if (matrix.symmetric) {
      read_q6(at, codes, scales);
    } else {
      read_scales(at, scales, matrix.minimums.data() + b * per_block);
      read_q4_or_q5(type, at, codes);
    }
  }
  for (const auto* values : {&matrix.wide_scales, &matrix.minimums})
    for (const float value : *values)
      if (!std::isfinite(value)) return std::nullopt;
  return matrix;
}

}  // namespace qvlm
