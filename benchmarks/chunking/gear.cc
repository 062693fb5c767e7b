// FastCDC over the Gear hash, h = 2h + G[byte], in five ways that cut at the same places.
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <bit>

#include "algorithm.h"

namespace chunking_study {
namespace {

constexpr std::size_t kWindow = 64;
using Byte = const std::uint8_t;

struct Table {
  std::uint64_t word[256];
};
Table gear_table;

inline std::uint64_t Absorb(std::uint64_t hash, Byte* at, Byte* end) {
  while (at != end) hash = 2 * hash + gear_table.word[*at++];
  return hash;
}

// A scan returns the place behind the first byte from `at` on after which the hash is below the
// limit, or nullptr. The 64 bytes before `at` are readable and belong to the window.
using Scan = Byte* (*)(Byte* at, Byte* end, std::uint64_t limit);

[[gnu::noinline, gnu::aligned(64)]] Byte* ScanPlain(Byte* at, Byte* end, std::uint64_t limit) {
  std::uint64_t h = Absorb(0, at - kWindow, at);
  while (end - at >= 8) {
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      h = 2 * h + gear_table.word[at[i]];
      if (h < limit) return at + i + 1;
    }
    at += 8;
  }
  for (; at != end; ++at) {
    h = 2 * h + gear_table.word[*at];
    if (h < limit) return at + 1;
  }
  return nullptr;
}

// The barrier keeps the step an addition and a load with an addition: what GCC makes of it
// otherwise depends on the code around.
[[gnu::noinline, gnu::aligned(64)]] Byte* ScanPinned(Byte* at, Byte* end, std::uint64_t limit) {
  std::uint64_t h = Absorb(0, at - kWindow, at);
  while (end - at >= 8) {
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      h += h;
      asm("" : "+r"(h));
      h += gear_table.word[at[i]];
      asm("" : "+r"(h));
      if (h < limit) [[unlikely]]
        return at + i + 1;
    }
    at += 8;
  }
  for (; at != end; ++at) {
    h = 2 * h + gear_table.word[*at];
    if (h < limit) return at + 1;
  }
  return nullptr;
}

// Two bytes a step: the hash after both comes from the hash before both, which halves the chain.
[[gnu::noinline, gnu::aligned(64)]] Byte* ScanTwoBytes(Byte* at, Byte* end, std::uint64_t limit) {
  std::uint64_t h = Absorb(0, at - kWindow, at);
  while (end - at >= 8) {
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += 2) {
      const std::uint64_t first = gear_table.word[at[i]];
      const std::uint64_t second = gear_table.word[at[i + 1]];
      const std::uint64_t h1 = 2 * h + first;
      h = 4 * h + (2 * first + second);
      if (h1 < limit) [[unlikely]]
        return at + i + 1;
      if (h < limit) [[unlikely]]
        return at + i + 2;
    }
    at += 8;
  }
  for (; at != end; ++at) {
    h = 2 * h + gear_table.word[*at];
    if (h < limit) return at + 1;
  }
  return nullptr;
}

constexpr std::size_t kLaneBytes = 4096;

// Lanes start at different places of a tile and run side by side; the first lane with a hit wins.
template <int kLanes>
[[gnu::noinline, gnu::aligned(64)]] Byte* ScanLanes(Byte* at, Byte* end, std::uint64_t limit) {
  for (; static_cast<std::size_t>(end - at) >= kLanes * kLaneBytes; at += kLanes * kLaneBytes) {
    std::array<std::uint64_t, kLanes> h;
    for (int lane = 0; lane < kLanes; ++lane) {
      Byte* const start = at + lane * kLaneBytes;
      h[lane] = Absorb(0, start - kWindow, start);
    }
    for (std::size_t i = 0; i < kLaneBytes; ++i) {
      bool hit = false;
#pragma GCC unroll 8
      for (int lane = 0; lane < kLanes; ++lane) {
        h[lane] = 2 * h[lane] + gear_table.word[at[lane * kLaneBytes + i]];
        hit |= h[lane] < limit;
      }
      if (hit) [[unlikely]]
        return ScanPlain(at, end, limit);  // wasteful, but once a chunk
    }
  }
  return ScanPlain(at, end, limit);
}

[[gnu::target("avx2"), gnu::noinline, gnu::aligned(64)]] Byte* ScanGather(Byte* at, Byte* end,
                                                                          std::uint64_t limit) {
  const __m256i sign = _mm256_set1_epi64x(INT64_MIN);
  const __m256i bound = _mm256_xor_si256(_mm256_set1_epi64x(static_cast<long long>(limit)), sign);
  const auto* const table = reinterpret_cast<const long long*>(gear_table.word);
  for (; static_cast<std::size_t>(end - at) >= 4 * kLaneBytes; at += 4 * kLaneBytes) {
    alignas(32) std::uint64_t start[4];
    for (int lane = 0; lane < 4; ++lane) {
      Byte* const from = at + lane * kLaneBytes;
      start[lane] = Absorb(0, from - kWindow, from);
    }
    __m256i h = _mm256_load_si256(reinterpret_cast<const __m256i*>(start));
    for (std::size_t i = 0; i < kLaneBytes; ++i) {
      const __m128i bytes =
          _mm_set_epi32(at[3 * kLaneBytes + i], at[2 * kLaneBytes + i], at[kLaneBytes + i], at[i]);
      h = _mm256_add_epi64(_mm256_add_epi64(h, h), _mm256_i32gather_epi64(table, bytes, 8));
      const __m256i hit = _mm256_cmpgt_epi64(bound, _mm256_xor_si256(h, sign));
      if (!_mm256_testz_si256(hit, hit)) [[unlikely]]
        return ScanPlain(at, end, limit);
    }
  }
  return ScanPlain(at, end, limit);
}

template <Scan kScan>
std::size_t CutGear(const Sizes& sizes, const std::uint8_t* data, std::size_t size) {
  const int bits = std::countr_zero(sizes.average_bytes);
  const std::size_t longest = std::min(size, sizes.max_bytes);
  const std::size_t normal = std::min(longest, sizes.average_bytes - 1);
  if (longest < sizes.min_bytes) return longest;
  Byte* hit = kScan(data + sizes.min_bytes - 1, data + normal, LimitFor(bits + 2));
  if (hit == nullptr) hit = kScan(data + normal, data + longest, LimitFor(bits - 2));
  return hit == nullptr ? longest : static_cast<std::size_t>(hit - data);
}

}  // namespace

void SeedGear(std::uint64_t seed) {
  for (std::uint64_t i = 0; i < 256; ++i) gear_table.word[i] = Constant(256 * seed + i);
}

void AddGear(std::vector<Algorithm>& algorithms) {
  algorithms.push_back({"gear", CutGear<ScanPlain>, ""});
  algorithms.push_back({"gear-pinned", CutGear<ScanPinned>, "gear"});
  algorithms.push_back({"gear-2-bytes", CutGear<ScanTwoBytes>, "gear"});
  algorithms.push_back({"gear-4-lanes", CutGear<ScanLanes<4>>, "gear"});
  algorithms.push_back({"gear-8-lanes", CutGear<ScanLanes<8>>, "gear"});
  if (__builtin_cpu_supports("avx2")) {
    algorithms.push_back({"gear-gather-avx2", CutGear<ScanGather>, "gear"});
  }
}

}  // namespace chunking_study
