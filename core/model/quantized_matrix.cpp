// Checks and dequantization of QuantizedMatrix.
#include "core/model/quantized_matrix.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/checked_math.h"
#include "core/base/half.h"

namespace qvlm {

std::vector<int64_t> legal_groups(int64_t columns) {
  std::vector<int64_t> result;
  for (int64_t group : {int64_t{32}, int64_t{64}, int64_t{128}})
    if (columns > group && columns % group == 0) result.push_back(group);
  if (columns > 0) result.push_back(columns);
  return result;
}

double QuantizedMatrix::bits_per_weight() const {
  if (group <= 0) return 0;
  // Planes: codes packed by `bits`, a scale of 16 bits (8 where it is quantized itself), and an 8-bit zero a group where the zeros differ;
  // float32 where scales or minimums are.
  const bool twice = !double_scales.empty();
  const double scale = twice ? 8 : wide_scales.empty() ? 16 : 32, zero = !minimums.empty() ? 32 : symmetric ? 0 : 8;
  const double grid = bits + (scale + zero) / static_cast<double>(group);
  double extra = 32.0 * static_cast<double>(codebook.size());
  extra += 16.0 * static_cast<double>(residual.left.size() + residual.right.size());
  if (twice) extra += 32.0 * static_cast<double>(double_scales.maxima.size() + 1);
  return grid + extra / (static_cast<double>(rows) * static_cast<double>(columns));
}

std::string beyond_integers(const QuantizedMatrix& matrix) {
  std::vector<std::string> parts;
  if (!matrix.codebook.empty()) parts.push_back(fmt::format("a codebook of {} values", matrix.codebook.size()));
  if (!matrix.double_scales.empty()) parts.emplace_back("doubly quantized scales");
  if (!matrix.wide_scales.empty()) parts.emplace_back("float32 scales");
  if (!matrix.minimums.empty()) parts.emplace_back("real minimums");
  if (matrix.residual.rank > 0) parts.push_back(fmt::format("a low-rank residual of rank {}", matrix.residual.rank));
  return fmt::format("{}", fmt::join(parts, " and "));
}

std::vector<float> QuantizedMatrix::scale_values() const {
  if (!double_scales.empty()) return values_of(double_scales);
  if (!wide_scales.empty()) return wide_scales;
  std::vector<float> values(scales.size());
  for (size_t i = 0; i < values.size(); ++i) values[i] = from_half(scales[i]);
  return values;
}

std::vector<float> QuantizedMatrix::dequantize() const {
  std::vector<float> result(codes.size());
  const int64_t count = groups();
  const std::vector<float> of_groups = scale_values();
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t g = 0; g < count; ++g) {
      const auto at = static_cast<size_t>(row * count + g);
      const float scale = of_groups[at], minimum = minimums.empty() ? 0 : minimums[at];
      const int zero = minimums.empty() ? zeros[at] : 0;
      const size_t begin = static_cast<size_t>(row * columns + g * group);
      for (size_t i = begin; i < begin + static_cast<size_t>(group); ++i) {
        if (!codebook.empty())
          result[i] = codebook[codes[i]] * scale;
        else if (minimums.empty())
          result[i] = static_cast<float>(codes[i] - zero) * scale;
        else
          result[i] = static_cast<float>(codes[i]) * scale + minimum;
      }
    }
  if (residual.rank == 0) return result;
  std::vector<float> right(residual.right.size());
  for (size_t i = 0; i < right.size(); ++i) right[i] = from_half(residual.right[i]);
  const auto width = static_cast<size_t>(columns), rank = static_cast<size_t>(residual.rank);
  std::vector<float> sum(width);  // of the products first, as a matrix product has it
  for (size_t row = 0; row < static_cast<size_t>(rows); ++row) {
    std::fill(sum.begin(), sum.end(), 0.0f);
    for (size_t k = 0; k < rank; ++k) {
      const float left = from_half(residual.left[row * rank + k]);
      for (size_t c = 0; c < width; ++c) sum[c] += left * right[k * width + c];
    }
    for (size_t c = 0; c < width; ++c) result[row * width + c] += sum[c];
  }
  return result;
}

namespace {

void validate_codebook(const QuantizedMatrix& matrix, const std::string& name) {
  const std::vector<float>& codebook = matrix.codebook;
  if (codebook.empty()) return;
  if (codebook.size() != size_t{1} << matrix.bits)
    throw Error::in(name, "codebook", fmt::format("{} values", 1 << matrix.bits), std::to_string(codebook.size()));
  if (!matrix.symmetric) throw Error::in(name, "zeros beside a codebook", "none", "zero points");
  for (size_t i = 0; i < codebook.size(); ++i)
    if (!std::isfinite(codebook[i]) || (i > 0 && codebook[i] <= codebook[i - 1]))
      throw Error::in(name, "codebook", "finite values that ascend", fmt::format("{} at {}", codebook[i], i));
}

void validate_residual(const QuantizedMatrix& matrix, const std::string& name) {
  const LowRankResidual& residual = matrix.residual;
  if (residual.rank < 0 || residual.rank > std::min(matrix.rows, matrix.columns))
    throw Error::in(name, "residual's rank", fmt::format("0 to {}", std::min(matrix.rows, matrix.columns)),
                    std::to_string(residual.rank));
  const auto demand = [&](const std::vector<uint16_t>& values, int64_t other, const char* what) {
    if (values.size() != static_cast<size_t>(residual.rank * other))
      throw Error::in(name, what, std::to_string(residual.rank * other), std::to_string(values.size()));
    for (const uint16_t value : values)
      if ((value & 0x7c00u) == 0x7c00u) throw Error::in(name, what, "finite numbers", "infinity or NaN");
  };
  demand(residual.left, matrix.rows, "residual's left factor");
  demand(residual.right, matrix.columns, "residual's right factor");
}

void validate_floats(const QuantizedMatrix& matrix, size_t groups, const std::string& name) {
  const auto demand = [&](const std::vector<float>& values, const char* what) {
    if (values.empty()) return;
    if (values.size() != groups) throw Error::in(name, what, std::to_string(groups), std::to_string(values.size()));
    for (const float value : values)
      if (!std::isfinite(value)) throw Error::in(name, what, "finite numbers", std::to_string(value));
  };
  demand(matrix.wide_scales, "float32 scales");
  demand(matrix.minimums, "minimums");
  if (!matrix.wide_scales.empty() && !matrix.double_scales.empty()) throw Error::in(name, "scales", "one kind of them", "float32 and doubly quantized ones");
  if (!matrix.minimums.empty() && (matrix.symmetric || !matrix.codebook.empty()))
    throw Error::in(name, "minimums", "none on a symmetric grid or beside a codebook", "minimums");
}

}  // namespace

void validate(const QuantizedMatrix& matrix, const std::string& name) {
  if (matrix.bits < 2 || matrix.bits > 8) throw Error::in(name, "bits", "2 to 8", std::to_string(matrix.bits));
  if (matrix.rows <= 0 || matrix.columns <= 0)
    throw Error::in(name, "shape", "positive dimensions", fmt::format("[{}, {}]", matrix.rows, matrix.columns));
  if (matrix.group <= 0 || matrix.group > matrix.columns || matrix.columns % matrix.group != 0)
    throw Error::in(name, "group size",
                    fmt::format("a divisor of the row's {} columns ({})", matrix.columns,
                                fmt::join(legal_groups(matrix.columns), ", ")),
                    std::to_string(matrix.group));
  const auto weights = static_cast<size_t>(checked_multiply(matrix.rows, matrix.columns, name));
  const auto groups = static_cast<size_t>(matrix.rows * matrix.groups());
  if (matrix.codes.size() != weights)
    throw Error::in(name, "codes", std::to_string(weights), std::to_string(matrix.codes.size()));
  const size_t halves = matrix.double_scales.empty() && matrix.wide_scales.empty() ? groups : 0;
  if (matrix.scales.size() != halves)
    throw Error::in(name, "scales", std::to_string(halves), std::to_string(matrix.scales.size()));
  if (!matrix.double_scales.empty()) validate(matrix.double_scales, static_cast<int64_t>(groups), name);
  validate_floats(matrix, groups, name);
  const size_t zeros = matrix.minimums.empty() ? groups : 0;
  if (matrix.zeros.size() != zeros)
    throw Error::in(name, "zeros", std::to_string(zeros), std::to_string(matrix.zeros.size()));
  const int top = (1 << matrix.bits) - 1;
  const auto range = [&](const std::vector<uint8_t>& values, const char* what) {
    if (const int most = values.empty() ? 0 : *std::max_element(values.begin(), values.end()); most > top)
      throw Error::in(name, what, fmt::format("0 to {}", top), std::to_string(most));
  };
  range(matrix.codes, "codes");
  range(matrix.zeros, "zeros");
  if (matrix.symmetric)
    for (uint8_t zero : matrix.zeros)
      if (zero != 1 << (matrix.bits - 1))
        throw Error::in(name, "zero of a symmetric matrix", std::to_string(1 << (matrix.bits - 1)),
                        std::to_string(zero));
  for (uint16_t scale : matrix.scales)
    if ((scale & 0x7c00u) == 0x7c00u) throw Error::in(name, "scale", "a finite number", "infinity or NaN");
  validate_codebook(matrix, name);
  validate_residual(matrix, name);
}

}  // namespace qvlm
