// Block sizes and names (algorithms.md 4.1); the formulas are gguf_matrix.cpp's.
#include "core/model/gguf_types.h"

#include <map>

#include "core/base/error.h"

namespace qvlm {

std::optional<GgufBlock> block_of(GgufType type) {
  switch (type) {
    case GgufType::F32:
    case GgufType::I32:
      return GgufBlock{1, 4};
    case GgufType::F16:
    case GgufType::BF16:
    case GgufType::I16:
      return GgufBlock{1, 2};
    case GgufType::I8:
      return GgufBlock{1, 1};
    case GgufType::I64:
    case GgufType::F64:
      return GgufBlock{1, 8};
    case GgufType::Q4_0:
      return GgufBlock{32, 18};
    case GgufType::Q4_1:
      return GgufBlock{32, 20};
    case GgufType::Q5_0:
      return GgufBlock{32, 22};
    case GgufType::Q5_1:
      return GgufBlock{32, 24};
    case GgufType::Q8_0:
      return GgufBlock{32, 34};
    case GgufType::Q4_K:
      return GgufBlock{256, 144};
    case GgufType::Q5_K:
      return GgufBlock{256, 176};
    case GgufType::Q6_K:
      return GgufBlock{256, 210};
  }
  return std::nullopt;
}

std::string name_of(GgufType type) {
  static const std::map<GgufType, std::string> names{
      {GgufType::F32, "F32"},   {GgufType::F16, "F16"},   {GgufType::Q4_0, "Q4_0"}, {GgufType::Q4_1, "Q4_1"},
      {GgufType::Q5_0, "Q5_0"}, {GgufType::Q5_1, "Q5_1"}, {GgufType::Q8_0, "Q8_0"}, {GgufType::Q4_K, "Q4_K"},
      {GgufType::Q5_K, "Q5_K"}, {GgufType::Q6_K, "Q6_K"}, {GgufType::I8, "I8"},     {GgufType::I16, "I16"},
      {GgufType::I32, "I32"},   {GgufType::I64, "I64"},   {GgufType::F64, "F64"},   {GgufType::BF16, "BF16"}};
  const auto found = names.find(type);
  return found != names.end() ? found->second : "type " + std::to_string(static_cast<uint32_t>(type));
}

std::optional<DType> dtype_of(GgufType type) {
  switch (type) {
    case GgufType::F32:
      return DType::F32;
    case GgufType::F16:
      return DType::F16;
    case GgufType::BF16:
      return DType::BF16;
    case GgufType::F64:
      return DType::F64;
    case GgufType::I8:
      return DType::I8;
    case GgufType::I16:
      return DType::I16;
    case GgufType::I32:
      return DType::I32;
    case GgufType::I64:
      return DType::I64;
    default:
      return std::nullopt;
  }
}

GgufType gguf_type_of(DType dtype) {
  switch (dtype) {
    case DType::F32:
      return GgufType::F32;
    case DType::F16:
      return GgufType::F16;
    case DType::BF16:
      return GgufType::BF16;
    case DType::F64:
      return GgufType::F64;
    case DType::I64:
      return GgufType::I64;
    case DType::I32:
      return GgufType::I32;
    case DType::I16:
      return GgufType::I16;
    case DType::I8:
    case DType::U8:
    case DType::BOOL:
      return GgufType::I8;
  }
  throw Error("unknown element type");
}

std::vector<float> dequantize_blocks(GgufType type, std::span<const std::byte> bytes, const std::string& origin) {
  const auto block = block_of(type);
  if (!block) throw Error::in(origin, "type", "a type that is known here", name_of(type));
  const size_t count = bytes.size() / static_cast<size_t>(block->bytes);
  if (const auto dtype = dtype_of(type)) return to_float({*dtype, {static_cast<int64_t>(count)}, bytes, origin});
  const auto elements = static_cast<int64_t>(count) * block->elements;
  const auto matrix = count == 0 ? std::nullopt : read_as_matrix(type, bytes, 1, elements);
  if (matrix) return matrix->dequantize();
  if (count > 0) throw Error::in(origin, "scales of " + name_of(type), "finite numbers", "infinity or NaN");
  return {};
}

}  // namespace qvlm
