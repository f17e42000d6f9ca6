// What the kernels' calls share: how their arguments name memory, and how many workgroups cover something. For kernels.cpp and
// matrix_kernels.cpp alone.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "gpu/recorder.h"

namespace qvlm {

inline uint32_t ceil_div(uint32_t a, uint32_t b) {
  return (a + b - 1) / b;
}

// A device address, or the first element inside a bound texel buffer.
struct Place {
  uint32_t low = 0, high = 0;
  static Place address(const Span& span) {
    return {static_cast<uint32_t>(span.address()), static_cast<uint32_t>(span.address() >> 32)};
  }
  static Place element(const Span& span, uint32_t bytes) { return {static_cast<uint32_t>(span.offset / bytes), 0}; }
};

inline Dispatch start_call(std::string kernel, PipelineKey key) {
  Dispatch d;
  d.kernel = std::move(kernel);
  d.pipeline = std::move(key);
  return d;
}

}  // namespace qvlm
