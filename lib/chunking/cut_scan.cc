#include "chunking/cut_scan.h"

#include <sodium.h>

#include <string_view>
#include <vector>

#include "base/coding.h"
#include "chunking/cut_scan_kernel.h"
#include "chunking/cut_scan_levels.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace fenchi::chunking {
namespace {

#if defined(__SSE2__)

std::uint64_t Mask(Lanes<16>::Signed lanes) {
  return static_cast<std::uint32_t>(_mm_movemask_epi8(reinterpret_cast<__m128i>(lanes)));
}

const std::uint8_t* CutScanSse2(const CutConstants& constants, const CutLimits& limits,
                                const std::uint8_t* place, std::size_t count) {
  return ScanLanes<16, Mask>(constants, limits, place, count);
}

#endif

const std::uint8_t* CutScanPlain(const CutConstants& constants, const CutLimits& limits,
                                 const std::uint8_t* place, std::size_t count) {
  return ScanPlaces(constants, limits, place, count);
}

std::vector<NamedCutScan> FindScans() {
  std::vector<NamedCutScan> scans = {{"plain", CutScanPlain}};
#if defined(__SSE2__)
  scans.push_back({"sse2", CutScanSse2});
  if (__builtin_cpu_supports("avx2")) scans.push_back({"avx2", CutScanAvx2});
#endif
  return scans;
}

}  // namespace

CutConstants DeriveCutConstants(std::span<const std::uint8_t, 32> key) {
  Bytes words;
  for (std::uint8_t i = 0; i < 3; ++i) {
    Bytes input;
    Append(input, AsBytes("fenchi/1/cut"));
    Append(input, key);
    input.push_back(i);
    std::array<std::uint8_t, crypto_hash_sha256_BYTES> digest;
    crypto_hash_sha256(digest.data(), input.data(), input.size());
    Append(words, digest);
  }
  CutConstants constants;
  constants.hash_offset = LoadLe64(words.data());
  for (std::size_t i = 0; i < constants.hash.size(); ++i) {
    constants.hash[i] = LoadLe64(words.data() + 8 + 8 * i) | 1;
  }
  const std::uint64_t sieve = LoadLe64(words.data() + 72);
  for (std::size_t i = 0; i < constants.sieve.size(); ++i) {
    constants.sieve[i] = static_cast<std::uint16_t>(sieve >> (16 * i) | 1);
  }
  return constants;
}

std::span<const NamedCutScan> AvailableCutScans() {
  static const std::vector<NamedCutScan> scans = FindScans();
  return scans;
}

}  // namespace fenchi::chunking
