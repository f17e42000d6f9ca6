// Between QuantizedMatrix and GGUF's blocks of 32, exactly or not at all (algorithms.md 4.5).
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/half.h"
#include "core/model/gguf_k_quants.h"
#include "core/model/gguf_types.h"

namespace qvlm {

namespace {

constexpr int64_t kBlock = 32;

uint16_t u16_at(const uint8_t* at) {
  return static_cast<uint16_t>(at[0] | at[1] << 8);
}

struct Layout {
  int bits, header, high;  // bytes before the nibbles' or the codes' part, and where the fifth bits lie (0: none)
};

Layout layout_of(GgufType type) {
  switch (type) {
    case GgufType::Q4_0:
      return {4, 2, 0};
    case GgufType::Q4_1:
      return {4, 4, 0};
    case GgufType::Q5_0:
      return {5, 6, 2};
    case GgufType::Q5_1:
      return {5, 8, 4};
    case GgufType::Q8_0:
      return {8, 2, 0};
    default:
      return {0, 0, 0};
  }
}

bool has_minimum(GgufType type) {
  return type == GgufType::Q4_1 || type == GgufType::Q5_1;
}

bool is_finite_half(uint16_t bits) { return (bits & 0x7c00u) != 0x7c00u; }

// The zero point z in 0..top with minimum = -z * scale, exactly; -1 where there is none.
int zero_of(uint16_t scale_bits, uint16_t minimum_bits, int top) {
  const float scale = from_half(scale_bits), minimum = from_half(minimum_bits);
  if (minimum == 0) return 0;
  if (scale == 0) return -1;
  const float zero = std::nearbyint(-minimum / scale);
  if (!(zero >= 0 && zero <= static_cast<float>(top)) || -zero * scale != minimum) return -1;
  return static_cast<int>(zero);
}

// As zero points where all of them are such, else as they are.
void set_minimums(QuantizedMatrix& matrix, const std::vector<uint16_t>& minimums) {
  for (size_t b = 0; b < minimums.size(); ++b) {
    const int zero = zero_of(matrix.scales[b], minimums[b], (1 << matrix.bits) - 1);
    if (zero < 0) {
      matrix.zeros.clear();
      for (const uint16_t bits : minimums) matrix.minimums.push_back(from_half(bits));
      return;
    }
    matrix.zeros.push_back(static_cast<uint8_t>(zero));
  }
}

// What a block of `type` stores for (code - zero) of a matrix: an offset that the type's own zero point undoes.
struct Offset {
  int zero, top;
};
Offset offset_of(GgufType type) {
  switch (type) {
    case GgufType::Q4_0:
      return {8, 15};
    case GgufType::Q5_0:
      return {16, 31};
    default:
      return {128, 255};  // Q8_0, whose int8 is this less 128
  }
}

bool holds(const QuantizedMatrix& matrix, GgufType type) {
  if (!beyond_integers(matrix).empty()) return false;
  const int64_t groups = matrix.groups();
  for (int64_t row = 0; row < matrix.rows; ++row)
    for (int64_t g = 0; g < groups; ++g) {
      const auto at = static_cast<size_t>(row * groups + g);
      const auto begin = matrix.codes.begin() + row * matrix.columns + g * matrix.group;
      const auto [least, most] = std::minmax_element(begin, begin + matrix.group);
      if (type == GgufType::Q4_1) {
        const float minimum = -static_cast<float>(matrix.zeros[at]) * from_half(matrix.scales[at]);
        if (*most > 15 || from_half(to_half(minimum)) != minimum) return false;
        continue;
      }
      const Offset offset = offset_of(type);
      if (*least - matrix.zeros[at] + offset.zero < 0 || *most - matrix.zeros[at] + offset.zero > offset.top)
        return false;
    }
  return true;
}

}  // namespace

std::optional<QuantizedMatrix> read_as_matrix(GgufType type, std::span<const std::byte> bytes, int64_t rows,
                                              int64_t columns) {
  const auto block_size = block_of(type);
  if (!block_size || dtype_of(type) || rows <= 0 || columns <= 0 || columns % block_size->elements != 0) return std::nullopt;
  const int64_t block_bytes = block_size->bytes;
  const auto blocks = static_cast<size_t>(rows * (columns / block_size->elements));
  if (bytes.size() != blocks * static_cast<size_t>(block_bytes)) return std::nullopt;
  if (is_k_quant(type)) return read_k_quants(type, bytes, rows, columns);

  const Layout layout = layout_of(type);
  QuantizedMatrix matrix;
  matrix.rows = rows;
  matrix.columns = columns;
  matrix.bits = layout.bits;
  matrix.group = kBlock;
  matrix.symmetric = !has_minimum(type);
  matrix.codes.resize(static_cast<size_t>(rows * columns));
  matrix.scales.resize(blocks);
  std::vector<uint16_t> minimums(matrix.symmetric ? 0 : blocks);
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  for (size_t b = 0; b < blocks; ++b) {
    const uint8_t* block = data + b * static_cast<size_t>(block_bytes);
    uint8_t* codes = matrix.codes.data() + b * kBlock;
    matrix.scales[b] = u16_at(block);
    if (!is_finite_half(matrix.scales[b])) return std::nullopt;
    if (!minimums.empty() && !is_finite_half(minimums[b] = u16_at(block + 2))) return std::nullopt;
    const uint8_t* low = block + layout.header;
    for (int e = 0; e < kBlock; ++e) {
      if (type == GgufType::Q8_0) {
        codes[e] = static_cast<uint8_t>(low[e] ^ 0x80);  // int8 + 128
        continue;
      }
      codes[e] = e < 16 ? low[e] & 15 : low[e - 16] >> 4;
      if (layout.high > 0)
        codes[e] = static_cast<uint8_t>(codes[e] | ((block[layout.high + e / 8] >> (e % 8)) & 1) << 4);
    }
  }
  if (matrix.symmetric)
    matrix.zeros.assign(blocks, static_cast<uint8_t>(1 << (layout.bits - 1)));
  else
    set_minimums(matrix, minimums);
  return matrix;
}

std::vector<GgufType> exact_types(const QuantizedMatrix& matrix) {
  std::vector<GgufType> result;
  if (matrix.columns % kBlock != 0 || matrix.group % kBlock != 0) return result;
  for (GgufType type : {GgufType::Q4_0, GgufType::Q4_1, GgufType::Q5_0, GgufType::Q8_0})
    if (holds(matrix, type)) result.push_back(type);
  return result;
}

std::optional<GgufType> storage_type_for(const QuantizedMatrix& matrix) {
  if (!matrix.symmetric || matrix.group != kBlock || matrix.columns % kBlock != 0 || !beyond_integers(matrix).empty())
    return std::nullopt;
  switch (matrix.bits) {
    case 4:
      return GgufType::Q4_0;
    case 5:
      return GgufType::Q5_0;
    case 8:
      return GgufType::Q8_0;
    default:
      return std::nullopt;
  }
}

std::vector<std::byte> write_blocks(const QuantizedMatrix& matrix, GgufType type, const std::string& name) {
  validate(matrix, name);
  const Layout layout = layout_of(type);
  if (layout.bits == 0 || type == GgufType::Q5_1)
    throw Error::in(name, "type", "Q4_0, Q4_1, Q5_0 or Q8_0", name_of(type));
  if (matrix.group % kBlock != 0)
    throw Error::in(name, "group size", "a multiple of 32 for " + name_of(type), std::to_string(matrix.group));
  if (!holds(matrix, type)) throw Error(fmt::format("{}: {} does not hold this grid exactly", name, name_of(type)));

  const int64_t block_bytes = block_of(type)->bytes, per_row = matrix.columns / kBlock, groups = matrix.groups();
  std::vector<std::byte> result(static_cast<size_t>(matrix.rows * per_row * block_bytes));
  auto* data = reinterpret_cast<uint8_t*>(result.data());
  for (int64_t row = 0; row < matrix.rows; ++row)
    for (int64_t b = 0; b < per_row; ++b) {
      uint8_t* block = data + (row * per_row + b) * block_bytes;
      const auto group = static_cast<size_t>(row * groups + b * kBlock / matrix.group);
      const uint8_t* codes = matrix.codes.data() + row * matrix.columns + b * kBlock;
      const uint16_t scale = matrix.scales[group];
      block[0] = static_cast<uint8_t>(scale);
      block[1] = static_cast<uint8_t>(scale >> 8);
      int shift = 0;  // added to a code
      if (type == GgufType::Q4_1) {
        const uint16_t minimum = to_half(-static_cast<float>(matrix.zeros[group]) * from_half(scale));
        block[2] = static_cast<uint8_t>(minimum);
        block[3] = static_cast<uint8_t>(minimum >> 8);
      } else {
        shift = offset_of(type).zero - matrix.zeros[group];
      }
      uint8_t* low = block + layout.header;
      for (int e = 0; e < kBlock; ++e) {
        const int code = codes[e] + shift;
        if (type == GgufType::Q8_0) {
          low[e] = static_cast<uint8_t>(code ^ 0x80);
          continue;
        }
        low[e % 16] = static_cast<uint8_t>(low[e % 16] | (code & 15) << (e < 16 ? 0 : 4));
        if (layout.high > 0)
          block[layout.high + e / 8] = static_cast<uint8_t>(block[layout.high + e / 8] | (code >> 4) << (e % 8));
      }
    }
  return result;
}

}  // namespace qvlm
