#include "chunking/gear_scan.h"

#include "chunking/gear_table.h"

namespace fenchi::chunking {

[[gnu::noinline, gnu::aligned(64)]] const std::uint8_t* GearScan(const std::uint8_t* at,
                                                                 const std::uint8_t* end,
                                                                 std::uint64_t limit,
                                                                 std::uint64_t& hash) {
  constexpr int kUnrolled = 8;
  const std::uint64_t* const table = kGearTable.data();
  std::uint64_t h = hash;  // a copy, so that the loop keeps it in a register
  while (end - at >= kUnrolled) {
#pragma GCC unroll 8
    for (int i = 0; i < kUnrolled; ++i) {
      h = 2 * h + table[at[i]];
      if (h < limit) {
        hash = h;
        return at + i + 1;
      }
    }
    at += kUnrolled;
  }
  while (at != end) {
    h = 2 * h + table[*at++];
    if (h < limit) {
      hash = h;
      return at;
    }
  }
  hash = h;
  return nullptr;
}

}  // namespace fenchi::chunking
