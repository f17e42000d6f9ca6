// Bulk conversions of half-precision numbers.
#include "core/base/half.h"

#include <stdexcept>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define QVLM_F16C 1
#endif

namespace qvlm {

namespace {

#ifdef QVLM_F16C
// Eight at a time where the processor has the instructions; they round and keep subnormals as the portable code does.
// Both return how many were converted, a multiple of eight.
__attribute__((target("avx,f16c"))) size_t to_half_f16c(const float* from, uint16_t* to, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i),
                     _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT));
  return i;
}
__attribute__((target("avx,f16c"))) size_t from_half_f16c(const uint16_t* from, float* to, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8)
    _mm256_storeu_ps(to + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i))));
  return i;
}
bool has_f16c() {
  return __builtin_cpu_supports("avx") && __builtin_cpu_supports("f16c");
}
#endif

void check_lengths(size_t from, size_t to) {
  if (from != to) throw std::invalid_argument("half: the two ranges differ in length");
}

}  // namespace

void to_half(std::span<const float> from, std::span<uint16_t> to) {
  check_lengths(from.size(), to.size());
  size_t i = 0;
#ifdef QVLM_F16C
  if (has_f16c()) i = to_half_f16c(from.data(), to.data(), from.size());
#endif
  for (; i < from.size(); ++i) to[i] = to_half(from[i]);
}
void from_half(std::span<const uint16_t> from, std::span<float> to) {
  check_lengths(from.size(), to.size());
  size_t i = 0;
#ifdef QVLM_F16C
  if (has_f16c()) i = from_half_f16c(from.data(), to.data(), from.size());
#endif
  for (; i < from.size(); ++i) to[i] = from_half(from[i]);
}
void to_bfloat16(std::span<const float> from, std::span<uint16_t> to) {
  check_lengths(from.size(), to.size());
  for (size_t i = 0; i < from.size(); ++i) to[i] = to_bfloat16(from[i]);
}
void from_bfloat16(std::span<const uint16_t> from, std::span<float> to) {
  check_lengths(from.size(), to.size());
  for (size_t i = 0; i < from.size(); ++i) to[i] = from_bfloat16(from[i]);
}

}  // namespace qvlm
