// The chunker's inner loop, alone in its file.
//
// Every byte of every backup passes through GearScan, and what the compiler makes of it decides:
// the same line of C++ ran at 1.0 to 2.8 GB/s on one CPU. Two causes, and what is done about them:
//   - where the loop lies: branches that touch a 32-byte boundary cost up to half of the speed on
//     Intel's Skylake to Cascade Lake (their erratum on jumps), so the assembler moves them, and
//     the function starts on a cache line of its own;
//   - what it is merged with: it is a function of its own that is inlined into nothing, unrolled
//     eight times, compiled at one optimisation level in every build type (CMakeLists.txt).
// Two bytes a step, interleaved lanes and AVX2 gathers were all slower than this scalar loop.
// Change it only with a benchmark, and compare several variants inside one process.
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
