// Sums and products of numbers that a file gave: an overflow is an Error, never a wrapped size.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace qvlm {

/// a * b and a + b. Throws Error naming `what` if the result does not fit.
template <std::integral T>
T checked_multiply(T a, T b, std::string_view what) {
  T result;
  if (__builtin_mul_overflow(a, b, &result))
    throw Error(std::string(what) + ": the size overflows (" + std::to_string(a) + " x " + std::to_string(b) + ")");
  return result;
}

template <std::integral T>
T checked_add(T a, T b, std::string_view what) {
  T result;
  if (__builtin_add_overflow(a, b, &result))
    throw Error(std::string(what) + ": the size overflows (" + std::to_string(a) + " + " + std::to_string(b) + ")");
  return result;
}

}  // namespace qvlm
