#include "input.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>

#include "fenchi/random.h"

namespace fenchi::bench {

Buffer RandomBuffer(std::size_t size_bytes, std::uint64_t seed) {
  Buffer buffer(size_bytes);
  SeededRandom(seed)->Fill(buffer.bytes());
  return buffer;
}

Buffer TextBuffer(std::size_t size_bytes) {
  constexpr std::array<std::string_view, 12> kWords = {"harbour", "lantern", "copper", "meadow",
                                                       "ferry",   "granite", "willow", "beacon",
                                                       "timber",  "orchid",  "saddle", "quarry"};
  Buffer buffer(size_bytes);
  const auto random = SeededRandom(2);
  std::uint32_t drawn[4];
  char line[160];
  std::size_t at = 0;
  for (unsigned row = 1; at < size_bytes; ++row) {
    random->Fill({reinterpret_cast<std::uint8_t*>(drawn), sizeof(drawn)});
    const int length = std::snprintf(
        line, sizeof(line), "INSERT INTO ledger VALUES (%u, '%s %s', %u.%02u, '2026-%02u-%02u');\n",
        row, kWords[drawn[0] % kWords.size()].data(), kWords[drawn[1] % kWords.size()].data(),
        drawn[2] % 100000, drawn[2] % 97, 1 + drawn[3] % 12, 1 + drawn[3] % 28);
    const std::size_t size = std::min(static_cast<std::size_t>(length), size_bytes - at);
    std::copy_n(line, size, buffer.bytes().begin() + static_cast<std::ptrdiff_t>(at));
    at += size;
  }
  return buffer;
}

}  // namespace fenchi::bench
