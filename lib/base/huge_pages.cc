#include "base/huge_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace fenchi {

void ResizeInHugePages(Bytes& bytes, std::size_t size) {
#ifdef MADV_HUGEPAGE
  if (size > bytes.capacity()) {
    bytes.reserve(size);
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
    // Whole pages of its own only: what lies beside it is somebody else's.
    const std::uintptr_t begin = (address + page - 1) / page * page;
    const std::uintptr_t end = (address + bytes.capacity()) / page * page;
    // Advice: a system that does not take it gives pages as always.
    if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
  }
#endif
  bytes.resize(size);
}

}  // namespace fenchi
