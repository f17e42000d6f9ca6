// Asks the system for large pages under memory that is read in long streams.
#pragma once

#include <cstddef>
#include <span>

namespace qvlm {

/// A wish about memory of this process, best before its first use: fewer pages to look up while it is read. Linux' madvise(MADV_HUGEPAGE); elsewhere
/// nothing. Never fails: whether it is granted shows in speed alone.
void wish_huge_pages(std::span<std::byte> memory) noexcept;

}  // namespace qvlm
