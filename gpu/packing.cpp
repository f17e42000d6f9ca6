// Rearranges weights for the kernels.
#include "gpu/packing.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/error.h"
#include "core/base/half.h"

namespace qvlm {
namespace {

int64_t rows_of(const Weight& w) {
  if (const auto* q = std::get_if<QuantizedMatrix>(&w)) return q->rows;
  const auto& view = std::get<TensorView>(w);
  return view.shape.empty() ? 0 : view.shape[0];
}

int64_t columns_of(const Weight& w) {
  if (const auto* q = std::get_if<QuantizedMatrix>(&w)) return q->columns;
  const auto& view = std::get<TensorView>(w);
  int64_t columns = 1;
  for (size_t i = 1; i < view.shape.size(); ++i) columns *= view.shape[i];
  return columns;
}

uint16_t half_of(float value, const std::string& name) {
  if (!(std::fabs(value) <= 65504.0f))
    throw Error(name + ": holds " + std::to_string(value) + ", which float16, the engine's plain format, cannot hold");
  return to_half(value);
}

// What no kernel runs.
std::string refused(const QuantizedMatrix& matrix) {
  if (matrix.codebook.empty() && matrix.double_scales.empty() && matrix.residual.rank == 0) return {};
  return beyond_integers(matrix);
}

// One row of a plain tensor as float16 bits.
void half_row(const TensorView& view, int64_t row, int64_t columns, std::span<uint16_t> out, const std::string& name) {
  const std::byte* bytes = view.bytes.data() + row * columns * size_of(view.dtype);
  const auto put = [&](int64_t i, float value) { out[static_cast<size_t>(i)] = half_of(value, name); };
  for (int64_t i = 0; i < columns; ++i) {
    if (view.dtype == DType::F16) {
      std::memcpy(&out[static_cast<size_t>(i)], bytes + i * 2, 2);
      if ((out[static_cast<size_t>(i)] & 0x7c00u) == 0x7c00u) put(i, from_half(out[static_cast<size_t>(i)]));
    } else if (view.dtype == DType::BF16) {
      uint16_t bits;
      std::memcpy(&bits, bytes + i * 2, 2);
      put(i, from_bfloat16(bits));
    } else if (view.dtype == DType::F32) {
      float value;
      std::memcpy(&value, bytes + i * 4, 4);
      put(i, value);
    } else if (view.dtype == DType::F64) {
      double value;
      std::memcpy(&value, bytes + i * 8, 8);
      put(i, static_cast<float>(value));
    } else {
      throw Error::in(name, "element type", "F16, BF16, F32 or F64", name_of(view.dtype));
    }
  }
}

}  // namespace

double PackedMatrix::bits_per_weight() const {
  return double(bytes()) * 8 / (double(layout.rows) * double(layout.columns));
}

bool can_stack(std::span<const Weight* const> parts) {
  const auto* first = std::get_if<QuantizedMatrix>(parts[0]);
  for (const Weight* part : parts) {
    if (columns_of(*part) != columns_of(*parts[0])) return false;
    const auto* q = std::get_if<QuantizedMatrix>(part);
    if ((q == nullptr) != (first == nullptr)) return false;
    if (q && (q->bits != first->bits || q->group != first->group || q->symmetric != first->symmetric ||
              q->minimums.empty() != first->minimums.empty()))
      return false;
  }
  return true;
}

PackedMatrix pack(std::span<const Weight* const> parts, uint32_t interleave, const std::string& name, uint32_t pair) {
  if (parts.empty() || !can_stack(parts)) throw Error(name + ": weights on unlike grids cannot run as one matrix");
  if (pair > 0 && (parts.size() != 2 || rows_of(*parts[0]) != rows_of(*parts[1])))
    throw Error(name + ": expected two matrices of as many rows to run in pairs");
  PackedMatrix packed;
  PackedLayout& l = packed.layout;
  const int64_t columns = columns_of(*parts[0]);
  int64_t rows = 0;
  for (const Weight* part : parts) rows += rows_of(*part);
  l.pair = pair;
  l.outputs = static_cast<uint32_t>(pair > 0 ? rows / 2 : rows);
  if (pair > 0) rows = (rows / 2 + pair - 1) / pair * pair * 2;
  if (rows <= 0 || columns <= 0 || rows > INT32_MAX || columns > INT32_MAX)
    throw Error(name + ": a matrix without rows or columns, or too large");
  l.rows = static_cast<uint32_t>(rows);
  l.columns = static_cast<uint32_t>(columns);
  l.steps = (l.columns + 31) / 32;
  l.interleave = interleave;
  const auto* first = std::get_if<QuantizedMatrix>(parts[0]);
  if (first) {
    for (const Weight* part : parts) {
      const auto& matrix = std::get<QuantizedMatrix>(*part);
      validate(matrix, name);
      if (const std::string extra = refused(matrix); !extra.empty())
        throw Error(name + ": has " + extra + ", which the Vulkan engine does not run; --backend reference does");
    }
    l.format = first->bits <= 4 ? WeightFormat::INT4 : WeightFormat::INT8;
    l.groups = static_cast<uint32_t>(first->groups());
    const bool half_step = l.format == WeightFormat::INT8 && first->group == 16;
    if (half_step) l.format = WeightFormat::INT8_HALF;
    if (l.groups > 1 && first->group % 32 != 0 && !half_step)
      throw Error::in(name, "group", "32, 64, 128 or the whole row", std::to_string(first->group));
    l.group_steps = half_step ? 1 : l.groups > 1 ? static_cast<uint32_t>(first->group / 32) : l.steps;
    l.has_minimums = !first->minimums.empty();
    l.has_zeros = !first->symmetric && !l.has_minimums;
    l.zero = first->symmetric ? static_cast<float>(1 << (first->bits - 1)) : 0.0f;
  }
  const size_t padded = l.padded_rows();
  packed.codes.assign(padded * l.steps * l.texels_per_step() * 4, 0);
  const size_t per_group = l.has_minimums ? 2 : 1;  // halves
  if (first) packed.scales.assign(padded * l.groups * per_group, 0);
  if (l.has_zeros) packed.zeros.assign(padded * l.groups, 0);

  const size_t texels = size_t{l.steps} * l.texels_per_step();  // a row
  const size_t per_texel = 32 / l.texels_per_step();
  std::vector<uint16_t> halves(texels * 8);
  size_t first_row = 0;
  for (const Weight* part : parts) {
    for (int64_t r = 0; r < rows_of(*part); ++r) {
      const size_t place = static_cast<size_t>(r);
      const size_t row = pair == 0 ? first_row + place : place / pair * 2 * pair + (part == parts[1] ? pair : 0) + place % pair;
      const size_t tile = row / interleave, within = row % interleave;
      uint32_t* texel = packed.codes.data() + (tile * texels * interleave + within) * 4;
      const size_t stride = size_t{interleave} * 4;  // words to the row's next texel
      if (const auto* q = std::get_if<QuantizedMatrix>(part)) {
        const uint8_t* codes = q->codes.data() + r * columns;
        const bool int4 = l.format == WeightFormat::INT4;
        const size_t per_word = int4 ? 8 : 4;
        for (size_t t = 0; t < texels; ++t)
          for (size_t i = 0; i < per_texel; ++i) {
            const size_t c = t * per_texel + i;
            if (c < l.columns) texel[t * stride + i / per_word] |= uint32_t{codes[c]} << (int4 ? int4_place(i % per_word) : i % per_word * 8);
          }
        for (size_t g = 0; g < l.groups; ++g) {
          const size_t at = (tile * l.groups + g) * interleave + within;
          const size_t from = static_cast<size_t>(r) * l.groups + g;
          packed.scales[at * per_group] = q->wide_scales.empty() ? q->scales[from] : half_of(q->wide_scales[from], name);
          if (l.has_minimums) packed.scales[at * 2 + 1] = half_of(q->minimums[from], name);
          if (l.has_zeros) packed.zeros[at] = q->zeros[from];
        }
      } else {
        half_row(std::get<TensorView>(*part), r, columns, halves, name);
        for (size_t t = 0; t < texels; ++t) std::memcpy(texel + t * stride, halves.data() + t * 8, 16);
      }
    }
    first_row += static_cast<size_t>(rows_of(*part));
  }
  return packed;
}

PackedMatrix pack(const Weight& weight, uint32_t interleave, const std::string& name) {
  const Weight* part = &weight;
  return pack(std::span(&part, 1), interleave, name);
}

}  // namespace qvlm
