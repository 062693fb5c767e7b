// The chunker's inner loop, alone in its file.
//
// Every byte of every backup passes through GearScan, and what the compiler makes of it decides:
// the same loop ran at 1.65 and at 3.2 GB/s when it was inlined into different callers. So it is a
// function of its own that nothing is inlined into and that is inlined into nothing, compiled at
// one optimisation level in every build type (CMakeLists.txt). Two bytes a step, interleaved
// lanes and AVX2 gathers were all slower than this plain loop. Change it only with a benchmark.
#pragma once

#include <cstdint>

namespace fenchi::chunking {

// Absorbs the bytes from `at` to `end` into `hash`: hash = 2 * hash + kGearTable[byte] mod 2^64, so
// that it depends on the last 64 bytes only. Stops behind the first byte after which
// hash < `limit` and returns that place; returns nullptr when there is none. A limit of 0 never
// stops. Empty input absorbs nothing and returns nullptr.
const std::uint8_t* GearScan(const std::uint8_t* at, const std::uint8_t* end, std::uint64_t limit,
                             std::uint64_t& hash);

}  // namespace fenchi::chunking
