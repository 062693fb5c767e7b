#include "sharing/shamir.h"

#include <algorithm>
#include <cassert>

#include "sharing/field_11b.h"

namespace fenchi {

using field_11b::Add;
using field_11b::Inverse;
using field_11b::Multiply;

void ShamirEvaluate(ByteView secret, ByteView coins, std::uint8_t index, MutableBytes out) {
  const std::size_t size = secret.size();
  assert(out.size() == size && (size == 0 || coins.size() % size == 0));
  // Horner's rule, highest degree first.
  for (std::size_t b = 0; b < size; ++b) {
    std::uint8_t value = 0;
    for (std::size_t from = coins.size(); from >= size; from -= size) {
      value = Multiply(Add(value, coins[from - size + b]), index);
    }
    out[b] = Add(value, secret[b]);
  }
}

void ShamirInterpolate(std::span<const std::uint8_t> indexes, std::span<const ByteView> values,
                       std::uint8_t at, MutableBytes out) {
  assert(indexes.size() == values.size());
  std::ranges::fill(out, std::uint8_t{0});
  for (std::size_t i = 0; i < indexes.size(); ++i) {
    assert(values[i].size() == out.size());
    // Lagrange's factor of point i: product over the others of (at - x) / (x_i - x).
    std::uint8_t numerator = 1;
    std::uint8_t denominator = 1;
    for (std::size_t other = 0; other < indexes.size(); ++other) {
      if (other == i) continue;
      numerator = Multiply(numerator, Add(at, indexes[other]));
      denominator = Multiply(denominator, Add(indexes[i], indexes[other]));
    }
    const std::uint8_t factor = Multiply(numerator, Inverse(denominator));
    for (std::size_t b = 0; b < out.size(); ++b) {
      out[b] = Add(out[b], Multiply(factor, values[i][b]));
    }
  }
}

}  // namespace fenchi
