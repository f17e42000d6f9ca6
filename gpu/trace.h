// What a recorder wrote down: dispatches with the address ranges that they touch, and barriers; and the checker of
// barriers. Neither synchronization validation nor a CPU device sees a missing barrier between accesses by address, so
// this stands in for both.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace qvlm {

/// Device addresses [first, first + size).
struct AddressRange {
  uint64_t first = 0;
  uint64_t size = 0;
  bool overlaps(const AddressRange& other) const {
    return first < other.first + other.size && other.first < first + size;
  }
};

struct TraceStep {
  enum class Kind { DISPATCH, BARRIER } kind = Kind::DISPATCH;
  std::string kernel;
  std::vector<AddressRange> reads;
  std::vector<AddressRange> writes;
};
using Trace = std::vector<TraceStep>;

/// Two dispatches that touch the same bytes, at least one writing, with no barrier between.
struct Hazard {
  size_t earlier = 0;  // indices into the trace
  size_t later = 0;
  std::string describe(const Trace& trace) const;
};

/// The first hazard of a trace, if there is one.
std::optional<Hazard> find_hazard(const Trace& trace);

}  // namespace qvlm
