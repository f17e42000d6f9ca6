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

// One row of a plain tensor as float16 bits.
void half_row(const TensorView& view, int64_t row, int64_t columns, std::span<uint16_t> out, const std::string& name) {
  const std::byte* bytes = view.bytes.data() + row * columns * size_of(view.dtype);
  const auto put = [&](int64_t i, float value) {
    if (!(std::fabs(value) <= 65504.0f))
      throw Error(name + ": holds " + std::to_string(value) +
                  ", which float16, the engine's plain format, cannot hold");
    out[static_cast<size_t>(i)] = to_half(value);
  };
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
  const double bytes = double(codes.size()) * 4 + double(scales.size()) * 2 + double(zeros.size());
  return bytes * 8 / (double(layout.rows) * double(layout.columns));
}

bool can_stack(std::span<const Weight* const> parts) {
  const auto* first = std::get_if<QuantizedMatrix>(parts[0]);
  for (const Weight* part : parts) {
    if (columns_of(*part) != columns_of(*parts[0])) return false;
    const auto* q = std::get_if<QuantizedMatrix>(part);
    if ((q == nullptr) != (first == nullptr)) return false;
    if (q && (q->bits != first->bits || q->group != first->group || q->symmetric != first->symmetric)) return false;
  }
  return true;
}

PackedMatrix pack(std::span<const Weight* const> parts, uint32_t interleave, const std::string& name) {
  if (parts.empty() || !can_stack(parts)) throw Error(name + ": weights on unlike grids cannot run as one matrix");
  PackedMatrix packed;
  PackedLayout& l = packed.layout;
  const int64_t columns = columns_of(*parts[0]);
  int64_t rows = 0;
  for (const Weight* part : parts) rows += rows_of(*part);
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
      if (const std::string extra = beyond_integers(matrix); !extra.empty())
        throw Error(name + ": has " + extra + ", which the Vulkan engine does not run; --backend reference does");
    }
    l.format = first->bits <= 4 ? WeightFormat::INT4 : WeightFormat::INT8;
    l.groups = static_cast<uint32_t>(first->groups());
    if (l.groups > 1 && first->group % 32 != 0)
      throw Error::in(name, "group", "32, 64, 128 or the whole row", std::to_string(first->group));
    l.group_steps = l.groups > 1 ? static_cast<uint32_t>(first->group / 32) : l.steps;
    l.has_zeros = !first->symmetric;
    l.zero = l.has_zeros ? 0.0f : static_cast<float>(1 << (first->bits - 1));
  }
  const size_t padded = l.padded_rows();
  packed.codes.assign(padded * l.steps * l.texels_per_step() * 4, 0);
  if (first) packed.scales.assign(padded * l.groups, 0);
  if (l.has_zeros) packed.zeros.assign(padded * l.groups, 0);

  const size_t texels = size_t{l.steps} * l.texels_per_step();  // a row
  const size_t per_texel = l.format == WeightFormat::INT4 ? 32 : l.format == WeightFormat::INT8 ? 16 : 8;
  std::vector<uint16_t> halves(texels * 8);
  size_t row = 0;
  for (const Weight* part : parts) {
    for (int64_t r = 0; r < rows_of(*part); ++r, ++row) {
      const size_t tile = row / interleave, within = row % interleave;
      uint32_t* texel = packed.codes.data() + (tile * texels * interleave + within) * 4;
      const size_t stride = size_t{interleave} * 4;  // words to the row's next texel
      if (const auto* q = std::get_if<QuantizedMatrix>(part)) {
        const uint8_t* codes = q->codes.data() + r * columns;
        const size_t bits = l.format == WeightFormat::INT4 ? 4 : 8, per_word = 32 / bits;
        for (size_t t = 0; t < texels; ++t)
          for (size_t i = 0; i < per_texel; ++i) {
            const size_t c = t * per_texel + i;
            if (c < l.columns) texel[t * stride + i / per_word] |= uint32_t{codes[c]} << (i % per_word * bits);
          }
        for (size_t g = 0; g < l.groups; ++g) {
          const size_t at = (tile * l.groups + g) * interleave + within;
          const uint16_t scale = q->scales[static_cast<size_t>(r) * l.groups + g];
          if ((scale & 0x7c00u) == 0x7c00u)
            throw Error(name + ": a scale in row " + std::to_string(r) + " is not finite");
          packed.scales[at] = scale;
          if (l.has_zeros) packed.zeros[at] = q->zeros[static_cast<size_t>(r) * l.groups + g];
        }
      } else {
        half_row(std::get<TensorView>(*part), r, columns, halves, name);
        for (size_t t = 0; t < texels; ++t) std::memcpy(texel + t * stride, halves.data() + t * 8, 16);
      }
    }
  }
  return packed;
}

PackedMatrix pack(const Weight& weight, uint32_t interleave, const std::string& name) {
  const Weight* part = &weight;
  return pack(std::span(&part, 1), interleave, name);
}

}  // namespace qvlm
