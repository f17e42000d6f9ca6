// Packing of codes, and the plane tensors.
#include "core/model/planes.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "core/base/error.h"

namespace qvlm {

namespace {

int64_t row_bytes(int64_t columns, int bits) {
  return (columns * bits + 7) / 8;
}

}  // namespace

std::vector<uint8_t> pack_codes(const QuantizedMatrix& matrix) {
  const int64_t length = row_bytes(matrix.columns, matrix.bits);
  std::vector<uint8_t> packed(static_cast<size_t>(matrix.rows * length));
  for (int64_t row = 0; row < matrix.rows; ++row) {
    uint8_t* out = packed.data() + row * length;
    const uint8_t* codes = matrix.codes.data() + row * matrix.columns;
    for (int64_t column = 0; column < matrix.columns; ++column) {
      const int64_t bit = column * matrix.bits;
      const unsigned wide = static_cast<unsigned>(codes[column]) << (bit % 8);
      out[bit / 8] = static_cast<uint8_t>(out[bit / 8] | wide);
      if (wide > 0xffu) out[bit / 8 + 1] = static_cast<uint8_t>(out[bit / 8 + 1] | wide >> 8);
    }
  }
  return packed;
}

std::vector<uint8_t> unpack_codes(std::span<const std::byte> packed, int64_t rows, int64_t columns, int bits) {
  const int64_t length = row_bytes(columns, bits);
  const auto* data = reinterpret_cast<const uint8_t*>(packed.data());
  const unsigned mask = (1u << bits) - 1;
  std::vector<uint8_t> codes(static_cast<size_t>(rows * columns));
  for (int64_t row = 0; row < rows; ++row) {
    const uint8_t* in = data + row * length;
    for (int64_t column = 0; column < columns; ++column) {
      const int64_t bit = column * bits, byte = bit / 8;
      const unsigned wide = in[byte] | (byte + 1 < length ? static_cast<unsigned>(in[byte + 1]) << 8 : 0u);
      codes[static_cast<size_t>(row * columns + column)] = static_cast<uint8_t>((wide >> (bit % 8)) & mask);
    }
  }
  return codes;
}

PlaneTable read_plane_table(const GgufFile& file) {
  PlaneTable table;
  if (!file.has_key("qvlm.planes.names")) return table;
  const auto& names = file.texts("qvlm.planes.names");
  const auto bits = file.integers("qvlm.planes.bits"), groups = file.integers("qvlm.planes.groups"),
             symmetric = file.integers("qvlm.planes.symmetric");
  if (bits.size() != names.size() || groups.size() != names.size() || symmetric.size() != names.size())
    throw Error(file.file() + ": the arrays qvlm.planes.* differ in length");
  for (size_t i = 0; i < names.size(); ++i) {
    if (bits[i] < 2 || bits[i] > 8)
      throw Error::in(file.file(), "qvlm.planes.bits of " + names[i], "2 to 8", std::to_string(bits[i]));
    table.entries.push_back({names[i], static_cast<int>(bits[i]), groups[i], symmetric[i] != 0});
  }
  const auto take = [&](const char* key, auto set) {
    if (!file.has_key(key)) return;
    const auto values = file.integers(key);
    if (values.size() != names.size()) throw Error(file.file() + ": the arrays qvlm.planes.* differ in length");
    for (size_t i = 0; i < names.size(); ++i) set(table.entries[i], values[i]);
  };
  take("qvlm.planes.codebooks", [](PlaneTable::Entry& entry, int64_t value) { entry.codebook = value != 0; });
  take("qvlm.planes.double_scales", [](PlaneTable::Entry& entry, int64_t value) { entry.double_scales = value != 0; });
  take("qvlm.planes.ranks", [](PlaneTable::Entry& entry, int64_t value) { entry.rank = value; });
  return table;
}

void write_plane_table(GgufWriter& writer, const PlaneTable& table) {
  if (table.entries.empty()) return;
  std::vector<std::string> names;
  std::vector<int32_t> bits, groups, symmetric, codebooks, ranks, double_scales;
  for (const PlaneTable::Entry& entry : table.entries) {
    names.push_back(entry.name);
    bits.push_back(entry.bits);
    groups.push_back(static_cast<int32_t>(entry.group));
    symmetric.push_back(entry.symmetric ? 1 : 0);
    codebooks.push_back(entry.codebook ? 1 : 0);
    ranks.push_back(static_cast<int32_t>(entry.rank));
    double_scales.push_back(entry.double_scales ? 1 : 0);
  }
  writer.set_texts("qvlm.planes.names", names);
  writer.set_i32s("qvlm.planes.bits", bits);
  writer.set_i32s("qvlm.planes.groups", groups);
  writer.set_i32s("qvlm.planes.symmetric", symmetric);
  const auto any = [](const std::vector<int32_t>& values) { return std::any_of(values.begin(), values.end(), [](int32_t v) { return v != 0; }); };
  if (any(codebooks)) writer.set_i32s("qvlm.planes.codebooks", codebooks);
  if (any(ranks)) writer.set_i32s("qvlm.planes.ranks", ranks);
  if (any(double_scales)) writer.set_i32s("qvlm.planes.double_scales", double_scales);
}

std::vector<std::string> tensors_of(const PlaneTable::Entry& entry) {
  std::vector<std::string> names{entry.name + ".codes"};
  if (entry.double_scales) {
    names.insert(names.end(), {entry.name + ".scales.codes", entry.name + ".scales.maxima", entry.name + ".scales.mean"});
  } else {
    names.push_back(entry.name + ".scales");
  }
  if (!entry.symmetric) names.push_back(entry.name + ".zeros");
  if (entry.codebook) names.push_back(entry.name + ".codebook");
  if (entry.rank != 0) names.insert(names.end(), {entry.name + ".residual.left", entry.name + ".residual.right"});
  return names;
}

void write_planes(GgufWriter& writer, PlaneTable& table, const std::string& name, const QuantizedMatrix& matrix) {
  validate(matrix, name);
  if (!matrix.wide_scales.empty() || !matrix.minimums.empty())
    throw Error(name + ": has " + beyond_integers(matrix) + ", which planes do not hold");
  const auto packed = pack_codes(matrix);
  writer.add(name + ".codes", GgufType::I8, {matrix.rows, row_bytes(matrix.columns, matrix.bits)},
             std::as_bytes(std::span(packed)));
  const DoubleScales& twice = matrix.double_scales;
  if (twice.empty()) {
    writer.add(name + ".scales", GgufType::F16, {matrix.rows, matrix.groups()}, std::as_bytes(std::span(matrix.scales)));
  } else {
    writer.add(name + ".scales.codes", GgufType::I8, {matrix.rows, matrix.groups()}, std::as_bytes(std::span(twice.codes)));
    writer.add(name + ".scales.maxima", GgufType::F32, {static_cast<int64_t>(twice.maxima.size())}, std::as_bytes(std::span(twice.maxima)));
    writer.add(name + ".scales.mean", GgufType::F32, {1}, std::as_bytes(std::span(&twice.mean, 1)));
  }
  if (!matrix.symmetric)
    writer.add(name + ".zeros", GgufType::I8, {matrix.rows, matrix.groups()}, std::as_bytes(std::span(matrix.zeros)));
  if (!matrix.codebook.empty())
    writer.add(name + ".codebook", GgufType::F32, {static_cast<int64_t>(matrix.codebook.size())}, std::as_bytes(std::span(matrix.codebook)));
  const LowRankResidual& residual = matrix.residual;
  if (residual.rank > 0) {
    writer.add(name + ".residual.left", GgufType::F16, {matrix.rows, residual.rank}, std::as_bytes(std::span(residual.left)));
    writer.add(name + ".residual.right", GgufType::F16, {residual.rank, matrix.columns}, std::as_bytes(std::span(residual.right)));
  }
  table.entries.push_back({name, matrix.bits, matrix.group, matrix.symmetric, !matrix.codebook.empty(), residual.rank, !twice.empty()});
}

QuantizedMatrix read_planes(const GgufFile& file, const PlaneTable::Entry& entry, int64_t rows, int64_t columns) {
  const std::string origin = file.file() + ": tensor " + entry.name;
  if (entry.group <= 0 || entry.group > columns || columns % entry.group != 0)
    throw Error::in(origin, "group size", fmt::format("a divisor of {}", columns), std::to_string(entry.group));
  if (entry.rank < 0 || entry.rank > std::min(rows, columns))
    throw Error::in(origin, "residual's rank", fmt::format("0 to {}", std::min(rows, columns)), std::to_string(entry.rank));
  QuantizedMatrix matrix;
  matrix.rows = rows;
  matrix.columns = columns;
  matrix.bits = entry.bits;
  matrix.group = entry.group;
  matrix.symmetric = entry.symmetric;
  const auto plane = [&](const char* suffix, GgufType type, const Shape& shape) -> const GgufTensor& {
    const GgufTensor& tensor = file.tensor(entry.name + suffix);
    if (tensor.type != type || tensor.shape != shape)
      throw Error::in(tensor.origin, "", name_of(type) + " " + to_string(shape),
                      name_of(tensor.type) + " " + to_string(tensor.shape));
    return tensor;
  };
  const auto copy = [](std::span<const std::byte> from, auto& to) {
    to.resize(from.size() / sizeof(to[0]));
    std::memcpy(to.data(), from.data(), from.size());
  };
  matrix.codes = unpack_codes(plane(".codes", GgufType::I8, {rows, row_bytes(columns, entry.bits)}).bytes, rows,
                              columns, entry.bits);
  if (entry.double_scales) {
    const int64_t blocks = (rows * matrix.groups() + kScaleBlock - 1) / kScaleBlock;
    copy(plane(".scales.codes", GgufType::I8, {rows, matrix.groups()}).bytes, matrix.double_scales.codes);
    copy(plane(".scales.maxima", GgufType::F32, {blocks}).bytes, matrix.double_scales.maxima);
    std::memcpy(&matrix.double_scales.mean, plane(".scales.mean", GgufType::F32, {1}).bytes.data(), sizeof(float));
  } else {
    copy(plane(".scales", GgufType::F16, {rows, matrix.groups()}).bytes, matrix.scales);
  }
  if (entry.symmetric)
    matrix.zeros.assign(static_cast<size_t>(rows * matrix.groups()), static_cast<uint8_t>(1 << (entry.bits - 1)));
  else
    copy(plane(".zeros", GgufType::I8, {rows, matrix.groups()}).bytes, matrix.zeros);
  if (entry.codebook) copy(plane(".codebook", GgufType::F32, {int64_t{1} << entry.bits}).bytes, matrix.codebook);
  if (entry.rank > 0) {
    matrix.residual.rank = entry.rank;
    copy(plane(".residual.left", GgufType::F16, {rows, entry.rank}).bytes, matrix.residual.left);
    copy(plane(".residual.right", GgufType::F16, {entry.rank, columns}).bytes, matrix.residual.right);
  }
  validate(matrix, origin);
  return matrix;
}

}  // namespace qvlm
