// float16 and bfloat16 as bits, to and from float32. Exact upwards; downwards rounded to nearest, ties to even.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

namespace qvlm {

/// IEEE 754 binary16. Overflow gives infinity, NaN stays a quiet NaN, subnormals are kept.
inline uint16_t to_half(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = (bits >> 16) & 0x8000u;
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00u | ((magnitude >> 13) & 0x3ffu));
  if (magnitude >= 0x477ff000u) return static_cast<uint16_t>(sign | 0x7c00u);  // rounds to 65536 or more
  if (magnitude < 0x38800000u) {                                               // below 2^-14: subnormal or zero
    // Adding 0.5 aligns the wanted bits to the end of the significand, and the addition rounds to even.
    const float aligned = std::bit_cast<float>(magnitude) + 0.5f;
    return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(aligned) - 0x3f000000u));
  }
  const uint32_t odd = (magnitude >> 13) & 1u;
  return static_cast<uint16_t>(sign | ((magnitude + 0xfffu + odd - 0x38000000u) >> 13));
}

inline float from_half(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t exponent = (half >> 10) & 0x1fu;
  const uint32_t significand = half & 0x3ffu;
  if (exponent == 0) {
    const float value = static_cast<float>(significand) * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<uint32_t>(value) | sign);
  }
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | (significand << 13));
  return std::bit_cast<float>(sign | ((exponent + 112u) << 23) | (significand << 13));
}

inline uint16_t to_bfloat16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((bits >> 16) | 0x40u);
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

inline float from_bfloat16(uint16_t value) { return std::bit_cast<float>(static_cast<uint32_t>(value) << 16); }

/// Bulk conversions; both spans have the same length, else std::invalid_argument.
void to_half(std::span<const float> from, std::span<uint16_t> to);
void from_half(std::span<const uint16_t> from, std::span<float> to);
void to_bfloat16(std::span<const float> from, std::span<uint16_t> to);
void from_bfloat16(std::span<const uint16_t> from, std::span<float> to);

}  // namespace qvlm
