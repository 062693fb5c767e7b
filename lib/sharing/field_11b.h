// GF(2^8) modulo x^8 + x^4 + x^3 + x + 1 (0x11b), without branches and tables, for secrets.
//
// FIPS 197 section 4.2. No branch and no address depends on an operand, so timing tells nothing of
// them on CPUs whose logic and shift instructions take constant time. Slow next to field_11d.h: for
// 32-byte keys that is nothing. The two fields are never shared or mixed, by rule.
#pragma once

#include <cstdint>

namespace fenchi::field_11b {

inline std::uint8_t Add(std::uint8_t a, std::uint8_t b) { return a ^ b; }

// Shift and add, one bit of `b` a step; masks stand where branches would.
inline std::uint8_t Multiply(std::uint8_t a, std::uint8_t b) {
  std::uint32_t product = 0;
  std::uint32_t shifted = a;
  for (int bit = 0; bit < 8; ++bit) {
    product ^= shifted & (0u - ((static_cast<std::uint32_t>(b) >> bit) & 1u));
    shifted = (shifted << 1) ^ (0x11bu & (0u - ((shifted >> 7) & 1u)));
  }
  return static_cast<std::uint8_t>(product);
}

// a^254, which is 1/a; 0 for 0.
inline std::uint8_t Inverse(std::uint8_t a) {
  const std::uint8_t a2 = Multiply(a, a);
  const std::uint8_t a3 = Multiply(a2, a);
  const std::uint8_t a6 = Multiply(a3, a3);
  const std::uint8_t a12 = Multiply(a6, a6);
  const std::uint8_t a15 = Multiply(a12, a3);
  const std::uint8_t a30 = Multiply(a15, a15);
  const std::uint8_t a60 = Multiply(a30, a30);
  const std::uint8_t a120 = Multiply(a60, a60);
  const std::uint8_t a126 = Multiply(a120, a6);
  const std::uint8_t a127 = Multiply(a126, a);
  return Multiply(a127, a127);
}

}  // namespace fenchi::field_11b
