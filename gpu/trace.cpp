// The checker of barriers.
#include "gpu/trace.h"

namespace qvlm {
namespace {

bool any_overlap(const std::vector<AddressRange>& a, const std::vector<AddressRange>& b) {
  for (const auto& x : a)
    for (const auto& y : b)
      if (x.overlaps(y)) return true;
  return false;
}

}  // namespace

std::string Hazard::describe(const Trace& trace) const {
  return trace[earlier].kernel + " (step " + std::to_string(earlier) + ") and " + trace[later].kernel + " (step " +
         std::to_string(later) + ") touch the same bytes with no barrier between";
}

std::optional<Hazard> find_hazard(const Trace& trace) {
  size_t since = 0;  // first step after the last barrier
  for (size_t i = 0; i < trace.size(); ++i) {
    if (trace[i].kind == TraceStep::Kind::BARRIER) {
      since = i + 1;
      continue;
    }
    for (size_t j = since; j < i; ++j) {
      const TraceStep &earlier = trace[j], &later = trace[i];
      if (any_overlap(earlier.writes, later.reads) || any_overlap(earlier.writes, later.writes) ||
          any_overlap(earlier.reads, later.writes))
        return Hazard{j, i};
    }
  }
  return std::nullopt;
}

}  // namespace qvlm
