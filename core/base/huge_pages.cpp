// Large pages by madvise, where the system has them.
#include "core/base/huge_pages.h"

#include <cstdint>

#ifdef __linux__
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace qvlm {

void wish_huge_pages([[maybe_unused]] std::span<std::byte> memory) noexcept {
#ifdef __linux__
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(memory.data()) + page - 1) / page * page;
  const uintptr_t end = (reinterpret_cast<uintptr_t>(memory.data()) + memory.size()) / page * page;
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

}  // namespace qvlm
