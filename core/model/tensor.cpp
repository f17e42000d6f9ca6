// Types, shapes and conversion of file tensors.
#include "core/model/tensor.h"

#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/checked_math.h"
#include "core/base/half.h"

namespace qvlm {

int64_t size_of(DType dtype) {
  switch (dtype) {
    case DType::F64:
    case DType::I64:
      return 8;
    case DType::F32:
    case DType::I32:
      return 4;
    case DType::F16:
    case DType::BF16:
    case DType::I16:
      return 2;
    case DType::I8:
    case DType::U8:
    case DType::BOOL:
      return 1;
  }
  throw Error("unknown element type");
}

std::string_view name_of(DType dtype) {
  switch (dtype) {
    case DType::F32:
      return "F32";
    case DType::F16:
      return "F16";
    case DType::BF16:
      return "BF16";
    case DType::F64:
      return "F64";
    case DType::I64:
      return "I64";
    case DType::I32:
      return "I32";
    case DType::I16:
      return "I16";
    case DType::I8:
      return "I8";
    case DType::U8:
      return "U8";
    case DType::BOOL:
      return "BOOL";
  }
  throw Error("unknown element type");
}

std::string to_string(const Shape& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

int64_t element_count(const Shape& shape, std::string_view origin) {
  int64_t count = 1;
  for (int64_t dimension : shape) {
    if (dimension < 0) throw Error::in(origin, "shape", "no negative dimension", to_string(shape));
    count = checked_multiply(count, dimension, std::string(origin) + ": shape " + to_string(shape));
  }
  return count;
}

namespace {

// The bytes of a mapped file need not be aligned for T.
template <typename T, typename Convert>
std::vector<float> convert(const TensorView& view, Convert one) {
  std::vector<float> result(view.bytes.size() / sizeof(T));
  for (size_t i = 0; i < result.size(); ++i) {
    T value;
    std::memcpy(&value, view.bytes.data() + i * sizeof(T), sizeof(T));
    result[i] = one(value);
  }
  return result;
}

}  // namespace

std::vector<float> to_float(const TensorView& view) {
  const int64_t expected = checked_multiply(element_count(view.shape, view.origin), size_of(view.dtype), view.origin);
  if (expected != static_cast<int64_t>(view.bytes.size()))
    throw Error::in(view.origin, "bytes", std::to_string(expected), std::to_string(view.bytes.size()));
  switch (view.dtype) {
    case DType::F32: {
      std::vector<float> result(view.bytes.size() / sizeof(float));
      if (!result.empty()) std::memcpy(result.data(), view.bytes.data(), view.bytes.size());
      return result;
    }
    case DType::F16: {
      if (reinterpret_cast<uintptr_t>(view.bytes.data()) % alignof(uint16_t) != 0)
        return convert<uint16_t>(view, [](uint16_t value) { return from_half(value); });
      std::vector<float> result(view.bytes.size() / 2);
      from_half(std::span(reinterpret_cast<const uint16_t*>(view.bytes.data()), result.size()), result);
      return result;
    }
    case DType::BF16:
      return convert<uint16_t>(view, [](uint16_t value) { return from_bfloat16(value); });
    case DType::F64:
      return convert<double>(view, [](double value) { return static_cast<float>(value); });
    default:
      throw Error::in(view.origin, "type", "F32, F16, BF16 or F64", name_of(view.dtype));
  }
}

}  // namespace qvlm
