// Compiled with AVX-512 BW: nothing but the scan may be here.
#include <immintrin.h>

#include "chunking/cut_scan_kernel.h"
#include "chunking/cut_scan_levels.h"

namespace fenchi::chunking {
namespace {

std::uint64_t Mask(Lanes<64>::Signed lanes) {
  return _mm512_movepi8_mask(reinterpret_cast<__m512i>(lanes));
}

}  // namespace

const std::uint8_t* CutScanAvx512(const CutConstants& constants, const CutLimits& limits,
                                  const std::uint8_t* place, std::size_t count) {
  return ScanLanes<64, Mask>(constants, limits, place, count);
}

}  // namespace fenchi::chunking
