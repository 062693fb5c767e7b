// The scan itself, for vectors of any width; included by one source file per width.
//
// In an unnamed namespace, because each of these files is compiled for another CPU: a function that
// two of them shared could be linked in the version that this CPU lacks.
#pragma once

#include <cstring>

#include "chunking/cut_scan.h"

namespace fenchi::chunking {
namespace {

inline std::uint64_t LoadLe64(const std::uint8_t* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  return word;
}

inline std::int16_t SieveBefore(const CutConstants& constants, const std::uint8_t* place) {
  const std::uint64_t bytes = LoadLe64(place - kSieveBytes);
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < constants.sieve.size(); ++i) {
    sum += std::uint32_t{constants.sieve[i]} * static_cast<std::uint16_t>(bytes >> (16 * i));
  }
  return static_cast<std::int16_t>(sum);
}

inline std::uint64_t HashBefore(const CutConstants& constants, const std::uint8_t* place) {
  std::uint64_t sum = constants.hash_offset;
  for (std::size_t i = 0; i < constants.hash.size(); ++i) {
    sum += constants.hash[i] * LoadLe64(place - kHashBytes + 8 * i);
  }
  return sum;
}

inline const std::uint8_t* ScanPlaces(const CutConstants& constants, const CutLimits& limits,
                                      const std::uint8_t* place, std::size_t count) {
  for (; count != 0; --count, ++place) {
    if (SieveBefore(constants, place) <= limits.sieve &&
        HashBefore(constants, place) <= limits.hash) {
      return place;
    }
  }
  return nullptr;
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

// A vector holds the sums of every second place, since its lanes have two bytes.
//
// kWidth: bytes of a vector, at most 64. kMask turns lanes of 0 and -1 into two bits for each.
template <int kWidth>
struct Lanes {
  using Words [[gnu::vector_size(kWidth)]] = std::uint16_t;
  using Signed [[gnu::vector_size(kWidth)]] = std::int16_t;

  static Words Load(const std::uint8_t* at) {
    Words words;
    std::memcpy(&words, at, sizeof(words));
    return words;
  }

  // The sieve's sums at place, place + 2, ....
  static Signed Sieve(const Words (&factors)[kSieveBytes / 2], const std::uint8_t* place) {
    const std::uint8_t* const at = place - kSieveBytes;
    return reinterpret_cast<Signed>(factors[0] * Load(at) + factors[1] * Load(at + 2) +
                                    (factors[2] * Load(at + 4) + factors[3] * Load(at + 6)));
  }

  static Signed Least(Signed a, Signed b) { return a < b ? a : b; }
};

// 1. Blocks of 8 vectors' places are passed over while none of their sums is within the limit.
// 2. In the others the sums are computed again, and each place that the sieve lets through is
// tried.
// 3. The rest goes place by place.
template <int kWidth, std::uint64_t (*kMask)(typename Lanes<kWidth>::Signed)>
const std::uint8_t* ScanLanes(const CutConstants& constants, const CutLimits& limits,
                              const std::uint8_t* place, std::size_t count) {
  using L = Lanes<kWidth>;
  constexpr int kVectors = 8;
  constexpr std::size_t kBlock = kVectors * kWidth;
  constexpr std::uint64_t kEven = 0x5555555555555555;
  typename L::Words factors[kSieveBytes / 2];
  for (std::size_t i = 0; i < constants.sieve.size(); ++i) {
    factors[i] = typename L::Words{} + constants.sieve[i];
  }
  const typename L::Signed bound = typename L::Signed{} + limits.sieve;

  for (; count >= kBlock; count -= kBlock, place += kBlock) {
    typename L::Signed least = L::Least(L::Sieve(factors, place), L::Sieve(factors, place + 1));
#pragma GCC unroll 8
    for (int i = 1; i < kVectors; ++i) {
      const std::uint8_t* const at = place + i * kWidth;
      least = L::Least(least, L::Least(L::Sieve(factors, at), L::Sieve(factors, at + 1)));
    }
    if (kMask(least <= bound) == 0) [[likely]]
      continue;
    for (int i = 0; i < kVectors; ++i) {
      const std::uint8_t* const at = place + i * kWidth;
      std::uint64_t passed = (kMask(L::Sieve(factors, at) <= bound) & kEven) |
                             (kMask(L::Sieve(factors, at + 1) <= bound) & ~kEven);
      for (; passed != 0; passed &= passed - 1) {
        const std::uint8_t* const found = at + __builtin_ctzll(passed);
        if (HashBefore(constants, found) <= limits.hash) return found;
      }
    }
  }
  return ScanPlaces(constants, limits, place, count);
}

#endif

}  // namespace
}  // namespace fenchi::chunking
