// Two-stage chunkers: a cheap hash of few bytes that vector lanes evaluate at 32 places at once
// (the sieve) lets one place in 2^kBits through; a 64-byte hash, computed there only, decides. Both
// depend on the last 64 bytes alone, so cuts find each other again as those of Gear do.
#include <immintrin.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "algorithm.h"

namespace chunking_study {
namespace {

constexpr std::size_t kWindow = 64;
using Byte = const std::uint8_t;

struct Constants {
  std::uint16_t sieve[4];
  std::uint64_t hash[8];
  std::uint64_t hash_offset;
};
Constants constants;

// Sum of key * (16-bit word) over the 2 * kWords bytes at `at`, as a signed number.
template <int kWords>
std::int16_t SieveAt(Byte* at) {
  std::uint16_t sum = 0;
  for (int i = 0; i < kWords; ++i) {
    const unsigned word = at[2 * i] | unsigned{at[2 * i + 1]} << 8;
    sum = static_cast<std::uint16_t>(sum + constants.sieve[i] * word);
  }
  return static_cast<std::int16_t>(sum);
}

// The sieve passes the smallest signed values.
template <int kBits>
constexpr std::int16_t kSieveLimit = INT16_MIN + (1 << (16 - kBits));

std::uint64_t HashAt(Byte* end) {
  std::uint64_t sum = constants.hash_offset;
  for (std::uint64_t i = 0; i < kWindow / 8; ++i) {
    std::uint64_t word;
    std::memcpy(&word, end - kWindow + 8 * i, sizeof(word));
    sum += constants.hash[i] * word;
  }
  return sum;
}

// The first length in (from, to] at which both hashes cut, or 0.
using Scan = std::size_t (*)(Byte* data, std::size_t from, std::size_t to, std::uint64_t limit);

template <int kWords, int kBits>
std::size_t ScanScalar(Byte* data, std::size_t from, std::size_t to, std::uint64_t limit) {
  for (std::size_t length = from + 1; length <= to; ++length) {
    Byte* const end = data + length;
    if (SieveAt<kWords>(end - 2 * kWords) < kSieveLimit<kBits> && HashAt(end) < limit) {
      return length;
    }
  }
  return 0;
}

// The sums at 32 places: `even` those of places 0, 2, ..., `odd` those of 1, 3, ....
template <int kWords>
[[gnu::target("avx2"), gnu::always_inline]] inline void Sums(Byte* at, __m256i& even,
                                                             __m256i& odd) {
  even = odd = _mm256_setzero_si256();
#pragma GCC unroll 4
  for (int i = 0; i < kWords; ++i) {
    const __m256i key = _mm256_set1_epi16(static_cast<std::int16_t>(constants.sieve[i]));
    const auto* const from = reinterpret_cast<const __m256i*>(at + 2 * i);
    const auto* const from_odd = reinterpret_cast<const __m256i*>(at + 2 * i + 1);
    even = _mm256_add_epi16(even, _mm256_mullo_epi16(key, _mm256_loadu_si256(from)));
    odd = _mm256_add_epi16(odd, _mm256_mullo_epi16(key, _mm256_loadu_si256(from_odd)));
  }
}

// Blocks of 32 * kVectors places are passed over when their least sum does not pass the sieve.
template <int kWords, int kBits, int kVectors>
[[gnu::target("avx2,bmi"), gnu::noinline]] std::size_t ScanAvx2(Byte* data, std::size_t from,
                                                                std::size_t to,
                                                                std::uint64_t limit) {
  constexpr std::size_t kBlock = 32 * kVectors;
  const __m256i bound = _mm256_set1_epi16(kSieveLimit<kBits>);
  std::size_t length = from + 1;
  for (; length + kBlock <= to + 1; length += kBlock) {
    Byte* const at = data + length - 2 * kWords;
    __m256i least = bound;
#pragma GCC unroll 8
    for (int i = 0; i < kVectors; ++i) {
      __m256i even, odd;
      Sums<kWords>(at + 32 * i, even, odd);
      least = _mm256_min_epi16(least, _mm256_min_epi16(even, odd));
    }
    const __m256i none = _mm256_cmpeq_epi16(least, bound);
    if (_mm256_movemask_epi8(none) == -1) [[likely]]
      continue;
    for (int i = 0; i < kVectors; ++i) {
      __m256i even, odd;
      Sums<kWords>(at + 32 * i, even, odd);
      const auto mask_even =
          static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpgt_epi16(bound, even)));
      const auto mask_odd =
          static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpgt_epi16(bound, odd)));
      unsigned mask = (mask_even & 0x55555555u) | (mask_odd & 0xaaaaaaaau);
      for (; mask != 0; mask &= mask - 1) {
        const std::size_t place = length + 32 * static_cast<std::size_t>(i) +
                                  static_cast<std::size_t>(std::countr_zero(mask));
        if (HashAt(data + place) < limit) return place;
      }
    }
  }
  return ScanScalar<kWords, kBits>(data, length - 1, to, limit);
}

template <int kBits, Scan kScan>
std::size_t CutSieve(const Sizes& sizes, const std::uint8_t* data, std::size_t size) {
  const int bits = std::countr_zero(sizes.average_bytes) - kBits;
  const std::size_t longest = std::min(size, sizes.max_bytes);
  const std::size_t normal = std::min(longest, sizes.average_bytes - 1);
  if (longest < sizes.min_bytes) return longest;
  std::size_t hit = kScan(data, sizes.min_bytes - 1, normal, LimitFor(bits + 2));
  if (hit == 0) hit = kScan(data, normal, longest, LimitFor(bits - 2));
  return hit == 0 ? longest : hit;
}

template <int kWords, int kBits>
void AddPair(std::vector<Algorithm>& algorithms) {
  const std::string name =
      "sieve-" + std::to_string(2 * kWords) + "-bytes-" + std::to_string(kBits) + "-bits";
  algorithms.push_back({name, CutSieve<kBits, ScanScalar<kWords, kBits>>, ""});
  if (__builtin_cpu_supports("avx2")) {
    algorithms.push_back({name + "-avx2", CutSieve<kBits, ScanAvx2<kWords, kBits, 4>>, name});
    algorithms.push_back({name + "-avx2-wide", CutSieve<kBits, ScanAvx2<kWords, kBits, 8>>, name});
  }
}

}  // namespace

void SeedSieve(std::uint64_t seed) {
  for (std::uint64_t i = 0; i < 4; ++i) {
    constants.sieve[i] = static_cast<std::uint16_t>(Constant(1000 + 16 * seed + i) | 1);
  }
  for (std::uint64_t i = 0; i < 8; ++i) constants.hash[i] = Constant(1004 + 16 * seed + i) | 1;
  constants.hash_offset = Constant(1012 + 16 * seed);
}

void AddSieve(std::vector<Algorithm>& algorithms) {
  AddPair<2, 10>(algorithms);
  AddPair<4, 10>(algorithms);
}

}  // namespace chunking_study
