// The scans that need a CPU feature, for the table in cut_scan.cc only.
#pragma once

#include "chunking/cut_scan.h"

namespace fenchi::chunking {

const std::uint8_t* CutScanAvx2(const CutConstants& constants, const CutLimits& limits,
                                const std::uint8_t* place, std::size_t count);

}  // namespace fenchi::chunking
