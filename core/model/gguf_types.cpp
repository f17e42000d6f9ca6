// Block sizes and dequantization (algorithms.md 4.1).
#include "core/model/gguf_types.h"

#include <cstring>
#include <map>

#include "core/base/error.h"
#include "core/base/half.h"

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
    case GgufType::Q6_K:
      return GgufBlock{256, 210};
  }
  return std::nullopt;
}

std::string name_of(GgufType type) {
  static const std::map<GgufType, std::string> names{
      {GgufType::F32, "F32"},   {GgufType::F16, "F16"},   {GgufType::Q4_0, "Q4_0"}, {GgufType::Q4_1, "Q4_1"},
      {GgufType::Q5_0, "Q5_0"}, {GgufType::Q5_1, "Q5_1"}, {GgufType::Q8_0, "Q8_0"}, {GgufType::Q4_K, "Q4_K"},
      {GgufType::Q6_K, "Q6_K"}, {GgufType::I8, "I8"},     {GgufType::I16, "I16"},   {GgufType::I32, "I32"},
      {GgufType::I64, "I64"},   {GgufType::F64, "F64"},   {GgufType::BF16, "BF16"}};
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

namespace {

float half_at(const uint8_t* block) {
  return from_half(static_cast<uint16_t>(block[0] | block[1] << 8));
}

// Element e of a block's 16 bytes of nibbles: elements 0-15 low, 16-31 high.
int nibble(const uint8_t* bytes, int e) {
  return e < 16 ? bytes[e] & 15 : bytes[e - 16] >> 4;
}

// The same with the fifth bits of qh.
int five_bits(const uint8_t* high, const uint8_t* low, int e) {
  return nibble(low, e) | ((high[e / 8] >> (e % 8)) & 1) << 4;
}

void dequantize_q4_k(const uint8_t* block, float* out) {
  const float d = half_at(block), dmin = half_at(block + 2);
  const uint8_t* scales = block + 4;
  const uint8_t* codes = block + 16;
  for (int b = 0; b < 8; ++b) {  // sub-blocks of 32
    const int scale = b < 4 ? scales[b] & 63 : (scales[b + 4] & 15) | (scales[b - 4] >> 6) << 4;
    const int minimum = b < 4 ? scales[b + 4] & 63 : scales[b + 4] >> 4 | (scales[b] >> 6) << 4;
    const uint8_t* run = codes + 32 * (b / 2);
    for (int l = 0; l < 32; ++l) {
      const int code = b % 2 == 0 ? run[l] & 15 : run[l] >> 4;
      out[32 * b + l] = d * static_cast<float>(scale) * static_cast<float>(code) - dmin * static_cast<float>(minimum);
    }
  }
}

// Two halves of 128; in each, four runs of 32 share 64 bytes of low nibbles and 32 bytes of upper two bits.
void dequantize_q6_k(const uint8_t* block, float* out) {
  const float d = half_at(block + 208);
  for (int half = 0; half < 2; ++half) {
    const uint8_t* low = block + 64 * half;
    const uint8_t* high = block + 128 + 32 * half;
    const auto* scales = reinterpret_cast<const int8_t*>(block + 192 + 8 * half);
    for (int run = 0; run < 4; ++run)
      for (int l = 0; l < 32; ++l) {
        const uint8_t byte = low[32 * (run % 2) + l];
        const int code = (run < 2 ? byte & 15 : byte >> 4) | ((high[l] >> (2 * run)) & 3) << 4;
        out[128 * half + 32 * run + l] =
            d * static_cast<float>(scales[2 * run + l / 16]) * static_cast<float>(code - 32);
      }
  }
}

void dequantize_block(GgufType type, const uint8_t* block, float* out) {
  const float d = half_at(block);
  for (int e = 0; e < 32; ++e) switch (type) {
      case GgufType::Q4_0:
        out[e] = d * static_cast<float>(nibble(block + 2, e) - 8);
        break;
      case GgufType::Q4_1:
        out[e] = d * static_cast<float>(nibble(block + 4, e)) + half_at(block + 2);
        break;
      case GgufType::Q5_0:
        out[e] = d * static_cast<float>(five_bits(block + 2, block + 6, e) - 16);
        break;
      case GgufType::Q5_1:
        out[e] = d * static_cast<float>(five_bits(block + 4, block + 8, e)) + half_at(block + 2);
        break;
      default:
        out[e] = d * static_cast<float>(static_cast<int8_t>(block[2 + e]));
        break;  // Q8_0
    }
}

}  // namespace

std::vector<float> dequantize_blocks(GgufType type, std::span<const std::byte> bytes, const std::string& origin) {
  const auto block = block_of(type);
  if (!block) throw Error::in(origin, "type", "a type that is known here", name_of(type));
  const size_t count = bytes.size() / static_cast<size_t>(block->bytes);
  if (const auto dtype = dtype_of(type)) return to_float({*dtype, {static_cast<int64_t>(count)}, bytes, origin});
  std::vector<float> result(count * static_cast<size_t>(block->elements));
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* in = data + i * static_cast<size_t>(block->bytes);
    float* out = result.data() + i * static_cast<size_t>(block->elements);
    if (type == GgufType::Q4_K)
      dequantize_q4_k(in, out);
    else if (type == GgufType::Q6_K)
      dequantize_q6_k(in, out);
    else
      dequantize_block(type, in, out);
  }
  return result;
}

}  // namespace qvlm
