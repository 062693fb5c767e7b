// Shamir's scheme on byte strings, in GF(2^8)/0x11b: the arithmetic under key sharing.
//
// Each byte of a secret has a polynomial of its own, whose constant term is that byte; a share is
// the polynomials' values at the share's index. Fewer points than coefficients tell nothing of the
// constant term when the other coefficients are uniform. Nothing here branches or looks up on a
// secret; indexes and counts are public.
#pragma once

#include <cstdint>
#include <span>

#include "fenchi/bytes.h"

namespace fenchi {

// The values at `index` (1..255) of polynomials with constant terms `secret`. coins: the further
// coefficients, degree 1 first, as many bytes for each degree as `secret` has (none: constants).
// out: as long as `secret`.
void ShamirEvaluate(ByteView secret, ByteView coins, std::uint8_t index, MutableBytes out);

// The values at `at` (0 gives the secret) of the polynomials of the lowest degree through all
// points. indexes: distinct; values: one for each index, all as long as `out`.
void ShamirInterpolate(std::span<const std::uint8_t> indexes, std::span<const ByteView> values,
                       std::uint8_t at, MutableBytes out);

}  // namespace fenchi
