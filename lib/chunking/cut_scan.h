// The chunker's inner loop: where, among many places, do two hashes allow a cut?
//
// Every byte of every backup passes through here. Both hashes look at bytes before the place only:
//   - the sieve, 16 bits over the last 8 bytes, is a sum of products that vector lanes compute for
//     16 to 64 places at once; it lets one place in 2^11 through;
//   - the hash, 64 bits over the last 64 bytes, is computed at those places alone and decides.
// So cuts depend on the same 64 bytes as with a rolling hash, at several times its speed.
//
// Variants for more CPU features find the same places; each has a source file of its own, which is
// compiled for those features and runs only where they are.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace fenchi::chunking {

inline constexpr std::size_t kSieveBytes = 8;
inline constexpr std::size_t kHashBytes = 64;

// The factors of both sums. FORMAT.md, "Chunking": other ones move all cuts.
struct CutConstants {
  std::array<std::uint16_t, kSieveBytes / 2> sieve;
  std::array<std::uint64_t, kHashBytes / 8> hash;
  std::uint64_t hash_offset;
};

// Pseudo-random and odd, from the key. They are no secret by themselves to one who sees many cuts.
CutConstants DeriveCutConstants(std::span<const std::uint8_t, 32> key);

// What both sums must not exceed.
struct CutLimits {
  std::int16_t sieve;
  std::uint64_t hash;
};

// The first of the `count` places place, place + 1, ... that is within the limits; nullptr if there
// is none. The 64 bytes before a place are read and none behind: `place` itself may be the end.
using CutScan = const std::uint8_t* (*)(const CutConstants& constants, const CutLimits& limits,
                                        const std::uint8_t* place, std::size_t count);

struct NamedCutScan {
  const char* name;
  CutScan scan;
};

// Those that this CPU can run; the last one is the fastest. Never empty.
std::span<const NamedCutScan> AvailableCutScans();

}  // namespace fenchi::chunking
