// Bulk conversions of half-precision numbers.
#include "core/base/half.h"

#include <stdexcept>

namespace qvlm {

namespace {

template <typename From, typename To, typename Convert>
void convert(std::span<const From> from, std::span<To> to, Convert one) {
  if (from.size() != to.size()) throw std::invalid_argument("half: the two ranges differ in length");
  for (size_t i = 0; i < from.size(); ++i) to[i] = one(from[i]);
}

}  // namespace

void to_half(std::span<const float> from, std::span<uint16_t> to) {
  convert(from, to, [](float value) { return to_half(value); });
}
void from_half(std::span<const uint16_t> from, std::span<float> to) {
  convert(from, to, [](uint16_t value) { return from_half(value); });
}
void to_bfloat16(std::span<const float> from, std::span<uint16_t> to) {
  convert(from, to, [](float value) { return to_bfloat16(value); });
}
void from_bfloat16(std::span<const uint16_t> from, std::span<float> to) {
  convert(from, to, [](uint16_t value) { return from_bfloat16(value); });
}

}  // namespace qvlm
