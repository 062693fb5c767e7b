// GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1 (0x11d), by tables, for the erasure code's matrices.
//
// 2 (the polynomial x) generates all 255 nonzero elements. Table-driven: matrix coefficients are
// public, secrets belong to field_11b.h.
#pragma once

#include <array>
#include <cstdint>

namespace fenchi::field_11d {

struct LogTables {
  std::array<std::uint8_t, 510>
      power{};                          // power[e] = 2^e; twice round, so that log sums need no mod
  std::array<std::uint8_t, 256> log{};  // log[2^e] = e; log[0] is not used

  constexpr LogTables() {
    unsigned value = 1;
    for (unsigned e = 0; e < 255; ++e) {
      power[e] = power[e + 255] = static_cast<std::uint8_t>(value);
      log[value] = static_cast<std::uint8_t>(e);
      value <<= 1;
      if (value > 255) value ^= 0x11d;
    }
  }
};
inline constexpr LogTables kTables;

// 2^exponent for any exponent, negative ones included.
constexpr std::uint8_t PowerOfTwo(int exponent) {
  return kTables.power[static_cast<unsigned>((exponent % 255 + 255) % 255)];
}

constexpr std::uint8_t Multiply(std::uint8_t a, std::uint8_t b) {
  if (a == 0 || b == 0) return 0;
  return kTables.power[kTables.log[a] + kTables.log[b]];
}

// 1/a. `a` is not 0.
constexpr std::uint8_t Inverse(std::uint8_t a) { return kTables.power[255 - kTables.log[a]]; }

}  // namespace fenchi::field_11d
