// PIL's separable resampling (Pillow's Image.resize, 8 bits a channel), restated: filter weights in double, rounded to 22-bit fixed point,
// a pass along one axis into 8 bits, then a pass along the other.
#include "core/input/resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <vector>

#include "core/input/preprocess.h"

namespace qvlm {
namespace {

using Resample = PreprocessConfig::Resample;

constexpr int kPrecisionBits = 32 - 8 - 2;  // of the fixed-point weights: 8 bits of pixel, 2 of headroom for negative lobes

double sinc(double x) { return x == 0 ? 1 : std::sin(x * std::numbers::pi) / (x * std::numbers::pi); }

double filter_support(Resample filter) {
  switch (filter) {
    case Resample::BOX: return 0.5;
    case Resample::BILINEAR:
    case Resample::HAMMING: return 1;
    case Resample::BICUBIC: return 2;
    case Resample::LANCZOS: return 3;
    case Resample::NEAREST: break;
  }
  return 0;
}

double filter_value(Resample filter, double x) {
  switch (filter) {
    case Resample::BOX: return x > -0.5 && x <= 0.5 ? 1 : 0;
    case Resample::BILINEAR: return std::max(0.0, 1 - std::abs(x));
    case Resample::HAMMING: {
      x = std::abs(x);
      return x >= 1 ? 0 : sinc(x) * (0.54 + 0.46 * std::cos(x * std::numbers::pi));
    }
    case Resample::BICUBIC: {  // Keys' cubic with a = -0.5
      constexpr double a = -0.5;
      x = std::abs(x);
      if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
    }
    case Resample::LANCZOS: return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
    case Resample::NEAREST: break;
  }
  return 0;
}

/// Where one output coordinate reads: inputs [first, first + count), weights at `offset`.
struct Taps {
  int first = 0, count = 0;
  size_t offset = 0;
};

struct Axis {
  std::vector<Taps> taps;        // [window]
  std::vector<int32_t> weights;  // fixed point
  int first = 0, last = 0;       // inputs that are read at all: [first, last)
};

/// Weights for the outputs [start, start + count) of `out_size` from `in_size` inputs. Downsampling widens the filter (antialiasing).
Axis make_axis(int in_size, int out_size, int start, int count, Resample filter) {
  Axis axis;
  axis.first = in_size;
  const double scale = static_cast<double>(in_size) / out_size;
  const double filter_scale = std::max(scale, 1.0);
  const double support = filter_support(filter) * filter_scale;
  std::vector<double> raw;
  for (int out = start; out < start + count; ++out) {
    const double center = (out + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(center - support + 0.5));
    const int last = std::min(in_size, static_cast<int>(center + support + 0.5));
    raw.resize(static_cast<size_t>(last - first));
    double sum = 0;
    for (int i = first; i < last; ++i) {
      raw[i - first] = filter_value(filter, (i - center + 0.5) * (1.0 / filter_scale));
      sum += raw[i - first];
    }
    axis.taps.push_back({first, last - first, axis.weights.size()});
    for (double weight : raw) {
      if (sum != 0) weight /= sum;
      axis.weights.push_back(static_cast<int32_t>((weight < 0 ? -0.5 : 0.5) + weight * (1 << kPrecisionBits)));
    }
    axis.first = std::min(axis.first, first);
    axis.last = std::max(axis.last, last);
  }
  return axis;
}

uint8_t clip8(int32_t value) { return static_cast<uint8_t>(std::clamp(value >> kPrecisionBits, 0, 255)); }

/// Row y of the canvas: the picture's own where it spans the canvas, else put together in `scratch`, which serves one canvas only.
const uint8_t* canvas_row(const PaddedImage& source, int y, std::vector<uint8_t>& scratch) {
  const Image& image = source.image;
  const bool inside = y >= source.top && y < source.top + image.height;
  const size_t length = static_cast<size_t>(image.width) * 3;
  const uint8_t* row = inside ? image.rgb.data() + static_cast<size_t>(y - source.top) * length : nullptr;
  if (inside && image.width == source.width) return row;
  if (scratch.empty()) {
    scratch.resize(static_cast<size_t>(source.width) * 3);
    for (size_t i = 0; i < scratch.size(); ++i) scratch[i] = source.fill[i % 3];
  }
  uint8_t* middle = scratch.data() + static_cast<size_t>(source.left) * 3;
  if (inside) {
    std::memcpy(middle, row, length);
  } else {
    for (size_t i = 0; i < length; ++i) middle[i] = source.fill[i % 3];
  }
  return scratch.data();
}

constexpr int32_t kHalf = 1 << (kPrecisionBits - 1);

/// The rows [first_row, last_row) of the canvas, resampled to the columns of the axis. `shift`: the axis counts the canvas's columns from there.
/// [last_row - first_row, columns, 3]
Image horizontal_pass(const PaddedImage& source, const Axis& columns, int first_row, int last_row, int shift) {
  Image result{static_cast<int>(columns.taps.size()), last_row - first_row, {}};
  result.rgb.resize(static_cast<size_t>(result.width) * result.height * 3);
  uint8_t* out = result.rgb.data();
  std::vector<uint8_t> scratch;
  for (int y = first_row; y < last_row; ++y) {
    const bool only_fill = y < source.top || y >= source.top + source.image.height;
    const uint8_t* row = only_fill ? nullptr : canvas_row(source, y, scratch);
    for (const Taps& taps : columns.taps) {
      const int first = taps.first - shift;
      // One colour resampled is the same colour: the weights' rounding errors, at most half a unit each, stay far below half a level.
      if (only_fill || first + taps.count <= source.left || first >= source.left + source.image.width) {
        out = std::copy(source.fill.begin(), source.fill.end(), out);
        continue;
      }
      const uint8_t* in = row + static_cast<size_t>(first) * 3;
      const int32_t* weight = columns.weights.data() + taps.offset;
      int32_t red = kHalf, green = kHalf, blue = kHalf;
      for (int i = 0; i < taps.count; ++i, in += 3) {
        red += in[0] * weight[i];
        green += in[1] * weight[i];
        blue += in[2] * weight[i];
      }
      *out++ = clip8(red);
      *out++ = clip8(green);
      *out++ = clip8(blue);
    }
  }
  return result;
}

/// The columns [first_column, last_column) of the canvas, resampled to the rows of the axis. `shift` as above, for rows.
/// [rows, last_column - first_column, 3]
Image vertical_pass(const PaddedImage& source, const Axis& rows, int first_column, int last_column, int shift) {
  Image result{last_column - first_column, static_cast<int>(rows.taps.size()), {}};
  const size_t stride = static_cast<size_t>(result.width) * 3;
  result.rgb.resize(stride * static_cast<size_t>(result.height));
  std::vector<int32_t> sums(stride);
  std::vector<uint8_t> scratch;
  uint8_t* out = result.rgb.data();
  for (const Taps& taps : rows.taps) {
    std::fill(sums.begin(), sums.end(), kHalf);
    for (int i = 0; i < taps.count; ++i) {
      const uint8_t* in = canvas_row(source, taps.first + i - shift, scratch) + static_cast<size_t>(first_column) * 3;
      const int32_t weight = rows.weights[taps.offset + static_cast<size_t>(i)];
      for (size_t x = 0; x < stride; ++x) sums[x] += in[x] * weight;
    }
    for (size_t x = 0; x < stride; ++x) *out++ = clip8(sums[x]);
  }
  return result;
}

PaddedImage unpadded(const Image& image) { return {image, image.width, image.height, 0, 0, {}}; }

Image nearest(const PaddedImage& source, const ResizeWindow& window) {
  // The position is summed up, as PIL's affine transform does, so that its rounding is the same.
  const auto positions = [](int in_size, int out_size, int start, int count) {
    std::vector<int> result;
    const double step = static_cast<double>(in_size) / out_size;
    double position = step * 0.5;
    for (int i = 0; i < start + count; ++i, position += step) {
      if (i >= start) result.push_back(std::min(static_cast<int>(position), in_size - 1));
    }
    return result;
  };
  const auto columns = positions(source.width, window.width, window.left, window.window_width);
  const auto rows = positions(source.height, window.height, window.top, window.window_height);
  Image result{window.window_width, window.window_height, {}};
  result.rgb.reserve(columns.size() * rows.size() * 3);
  std::vector<uint8_t> scratch;
  for (const int y : rows) {
    const uint8_t* row = canvas_row(source, y, scratch);
    for (const int x : columns) result.rgb.insert(result.rgb.end(), row + static_cast<size_t>(x) * 3, row + static_cast<size_t>(x) * 3 + 3);
  }
  return result;
}

}  // namespace

Image resize_window(const PaddedImage& source, const ResizeWindow& window, Resample filter) {
  if (filter == Resample::NEAREST) return nearest(source, window);
  const int out_width = window.window_width, out_height = window.window_height;
  // A pass whose size does not change is a copy; the weights would be a single 1.
  const Axis columns = make_axis(source.width, window.width, window.left, out_width, source.width == window.width ? Resample::BOX : filter);
  const Axis rows = make_axis(source.height, window.height, window.top, out_height, source.height == window.height ? Resample::BOX : filter);
  // Pillow 13 takes the vertical pass first where the height shrinks by more than twice what the width does (found by comparing results; older
  // versions always began with the horizontal one). The results differ, since the picture between the passes has 8 bits.
  const bool vertical_first = window.height < source.height && 2 * (source.width - window.width) < source.height - window.height;
  if (vertical_first) {
    const Image between = vertical_pass(source, rows, columns.first, columns.last, 0);
    return horizontal_pass(unpadded(between), columns, 0, out_height, columns.first);
  }
  const Image between = horizontal_pass(source, columns, rows.first, rows.last, 0);
  return vertical_pass(unpadded(between), rows, 0, out_width, rows.first);
}

Image resize(const Image& image, int width, int height, Resample filter) {
  return resize_window(unpadded(image), {width, height, 0, 0, width, height}, filter);
}

}  // namespace qvlm
