// Chunkers that compare bytes and compute no hash: RAM and MAXP (scalar and AVX2, after VectorCDC,
// FAST '25), SeqCDC (Middleware '24), and RAM over keyed 32-bit values in place of bytes.
#include <immintrin.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "algorithm.h"

namespace chunking_study {
namespace {

using Byte = const std::uint8_t;

std::uint8_t MaxScalar(Byte* at, Byte* end) {
  std::uint8_t max = 0;
  for (; at != end; ++at) {
    max = std::max(max, *at);
    asm("" : "+r"(max));  // one byte at a time: the vectors are MaxAvx2's
  }
  return max;
}

// The first byte >= `least`, or `end`.
Byte* FindScalar(Byte* at, Byte* end, std::uint8_t least) {
  while (at != end && *at < least) ++at;
  return at;
}

[[gnu::target("avx2")]] std::uint8_t MaxAvx2(Byte* at, Byte* end) {
  __m256i max[4] = {};
  for (; end - at >= 128; at += 128) {
    for (int i = 0; i < 4; ++i) {
      const auto* const from = reinterpret_cast<const __m256i*>(at) + i;
      max[i] = _mm256_max_epu8(max[i], _mm256_loadu_si256(from));
    }
  }
  alignas(32) std::uint8_t bytes[128];
  std::memcpy(bytes, max, sizeof(bytes));
  return std::max(MaxScalar(bytes, bytes + 128), MaxScalar(at, end));
}

[[gnu::target("avx2")]] Byte* FindAvx2(Byte* at, Byte* end, std::uint8_t least) {
  const __m256i bound = _mm256_set1_epi8(static_cast<char>(least));
  for (; end - at >= 32; at += 32) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    const __m256i reaches = _mm256_cmpeq_epi8(_mm256_max_epu8(bytes, bound), bytes);
    const auto mask = static_cast<unsigned>(_mm256_movemask_epi8(reaches));
    if (mask != 0) return at + std::countr_zero(mask);
  }
  return FindScalar(at, end, least);
}

using MaxOf = std::uint8_t (*)(Byte*, Byte*);
using FindFrom = Byte* (*)(Byte*, Byte*, std::uint8_t);

// RAM: the first byte behind the window that is not below the largest in the window.
template <MaxOf kMax, FindFrom kFind>
std::size_t CutRam(const Sizes& sizes, const std::uint8_t* data, std::size_t size) {
  const std::size_t longest = std::min(size, sizes.max_bytes);
  const std::size_t window = sizes.average_bytes - 256;  // 256 bytes more are waited for 0xff
  if (longest <= window) return longest;
  Byte* const hit = kFind(data + window, data + longest, kMax(data, data + window));
  return hit == data + longest ? longest : static_cast<std::size_t>(hit - data) + 1;
}

// MAXP: a byte above all of the `half` bytes before it and not below any of the `half` behind it.
// The cut is behind the second half, so that it is found in one pass.
template <MaxOf kMax, FindFrom kFind>
std::size_t CutMaxp(const Sizes& sizes, const std::uint8_t* data, std::size_t size) {
  const std::size_t longest = std::min(size, sizes.max_bytes);
  const std::size_t half = sizes.average_bytes / 2;
  if (longest <= 2 * half) return longest;
  Byte* const end = data + longest;
  Byte* at = data + half;
  std::uint8_t before = kMax(data, at);
  while (end - at > static_cast<std::ptrdiff_t>(half)) {
    if (before == 0xff) {  // nothing is above it: wait until it has left the window
      const Byte* last = at - 1;
      while (*last != 0xff) --last;
      at = last + half + 1;
      if (end - at <= static_cast<std::ptrdiff_t>(half)) break;
      before = kMax(at - half, at);
      continue;
    }
    Byte* const peak = kFind(at, end, static_cast<std::uint8_t>(before + 1));
    if (end - peak <= static_cast<std::ptrdiff_t>(half)) break;
    const std::uint8_t behind = kMax(peak + 1, peak + 1 + half);
    if (behind <= *peak) return static_cast<std::size_t>(peak + 1 + half - data);
    at = peak + 1;
    before = kMax(at - half, at);
  }
  return longest;
}

// SeqCDC: the end of a run of rising bytes; after many falling ones it skips.
std::size_t CutSeq(const Sizes& sizes, const std::uint8_t* data, std::size_t size) {
  constexpr int kFallsBeforeSkip = 50;
  constexpr std::size_t kSkip = 256;
  // Only whole numbers are there to choose: with skips, 7 comes to 150 KiB and 8 to 1.3 MiB.
  const int run_wanted = sizes.average_bytes >= (std::size_t{512} << 10) ? 8 : 7;
  const std::size_t longest = std::min(size, sizes.max_bytes);
  int run = 0;
  int falls = 0;
  for (std::size_t i = sizes.min_bytes; i < longest; ++i) {
    if (data[i] > data[i - 1]) {
      if (++run == run_wanted) return i + 1;
    } else {
      run = 0;
      if (data[i] < data[i - 1] && ++falls == kFallsBeforeSkip) {
        i += kSkip;
        falls = 0;
      }
    }
  }
  return longest;
}

constexpr auto kKey = static_cast<std::uint32_t>(Constant(300) | 1);

std::uint32_t ValueAt(Byte* at) {
  std::uint32_t word;
  std::memcpy(&word, at, sizeof(word));
  return word * kKey;
}

// RAM over the keyed values of all four-byte windows; with window = min the mean is
// min (1 + ln(max / min)).
[[gnu::target("avx2")]] std::size_t CutRam32(const Sizes& sizes, const std::uint8_t* data,
                                             std::size_t size) {
  const std::size_t longest = std::min(size, sizes.max_bytes);
  if (longest <= sizes.min_bytes) return longest;
  const __m256i key = _mm256_set1_epi32(static_cast<int>(kKey));
  __m256i max = _mm256_setzero_si256();
  std::uint32_t bound = 0;
  for (std::size_t i = 0; i + 35 <= longest; i += 32) {
    __m256i here = _mm256_setzero_si256();
    for (int j = 0; j < 4; ++j) {
      const auto* const from = reinterpret_cast<const __m256i*>(data + i + j);
      here = _mm256_max_epu32(here, _mm256_mullo_epi32(_mm256_loadu_si256(from), key));
    }
    if (i + 32 <= sizes.min_bytes) {
      max = _mm256_max_epu32(max, here);
      continue;
    }
    if (bound == 0) {
      alignas(32) std::uint32_t lanes[8];
      std::memcpy(lanes, &max, sizeof(lanes));
      bound = std::max(std::uint32_t{1}, *std::max_element(lanes, lanes + 8));
    }
    const __m256i limit = _mm256_set1_epi32(static_cast<int>(bound));
    const __m256i reaches = _mm256_cmpeq_epi32(_mm256_max_epu32(here, limit), here);
    if (_mm256_testz_si256(reaches, reaches)) continue;
    for (std::size_t j = i; j < i + 32; ++j) {
      if (ValueAt(data + j) >= bound) return j + 4;
    }
  }
  return longest;
}

}  // namespace

void AddHashless(std::vector<Algorithm>& algorithms) {
  algorithms.push_back({"ram", CutRam<MaxScalar, FindScalar>, ""});
  algorithms.push_back({"maxp", CutMaxp<MaxScalar, FindScalar>, ""});
  algorithms.push_back({"seq", CutSeq, ""});
  if (__builtin_cpu_supports("avx2")) {
    algorithms.push_back({"ram-avx2", CutRam<MaxAvx2, FindAvx2>, "ram"});
    algorithms.push_back({"maxp-avx2", CutMaxp<MaxAvx2, FindAvx2>, "maxp"});
    algorithms.push_back({"ram32-keyed-avx2", CutRam32, ""});
  }
}

}  // namespace chunking_study
