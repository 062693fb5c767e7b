// Compiled with AVX2: nothing but the scan may be here. (Vectors of 64 bytes were slower.)
#include <immintrin.h>

#include "chunking/cut_scan_kernel.h"
#include "chunking/cut_scan_levels.h"

namespace fenchi::chunking {
namespace {

std::uint64_t Mask(Lanes<32>::Signed lanes) {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(reinterpret_cast<__m256i>(lanes)));
}

}  // namespace

const std::uint8_t* CutScanAvx2(const CutConstants& constants, const CutLimits& limits,
                                const std::uint8_t* place, std::size_t count) {
  return ScanLanes<32, Mask>(constants, limits, place, count);
}

}  // namespace fenchi::chunking
