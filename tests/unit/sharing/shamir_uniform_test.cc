// The Shamir layer hides information-theoretically: for m <= 3, every m - 1 shares take every value
// equally often, whatever the secret is. Exhaustively over GF(2^8): all coins and all indexes.
//
// Built from shamir.cc itself, optimised: it is some 3,000,000,000 evaluations and look-ups.
#include <gtest/gtest.h>

#include <algorithm>
#include <bitset>
#include <cstdlib>
#include <vector>

#include "sharing/shamir.h"

namespace fenchi {
namespace {

constexpr std::size_t kPairs = 65536;  // of coins

// The shares at `index` of `secret` for each value of one coin, or each pair of two, or each
// `step`th.
Bytes SharesAt(int index, int secret, std::size_t coin_count, std::size_t step = 1) {
  const std::size_t size = (coin_count == 1 ? 256 : kPairs) / step;
  const Bytes secrets(size, static_cast<std::uint8_t>(secret));
  Bytes coins(coin_count * size), shares(size);
  for (std::size_t i = 0; i < size; ++i) {
    // Odd, so that each value of both coins is among the pairs.
    const std::size_t pair = step == 1 ? i : i * (step + 1) % kPairs;
    coins[i] = static_cast<std::uint8_t>(pair);
    if (coin_count == 2) coins[size + i] = static_cast<std::uint8_t>(pair >> 8);
  }
  ShamirEvaluate(secrets, coins, static_cast<std::uint8_t>(index), shares);
  return shares;
}

bool Reduced() { return std::getenv("FENCHI_TEST_REDUCED") != nullptr; }

TEST(ShamirIsUniform, OneOfOneHasNoShareToHideAndItsShareIsTheSecret) {
  for (int secret = 0; secret < 256; ++secret) {
    for (int index = 1; index < 256; ++index) {
      const std::uint8_t byte = static_cast<std::uint8_t>(secret);
      std::uint8_t share = 0;
      ShamirEvaluate({&byte, 1}, {}, static_cast<std::uint8_t>(index), {&share, 1});
      ASSERT_EQ(share, secret);
    }
  }
}

// m = 2: for each secret and index, the 256 coins give 256 different shares.
TEST(ShamirIsUniform, OneShareOfTwoTakesEachValueOnceWhateverTheSecret) {
  for (int index = 1; index < 256; ++index) {
    for (int secret = 0; secret < 256; ++secret) {
      std::bitset<256> seen;
      for (const std::uint8_t share : SharesAt(index, secret, 1)) seen.set(share);
      ASSERT_TRUE(seen.all()) << "index " << index << " secret " << secret;
    }
  }
}

// m = 3, the secret 0: for each pair of indexes, the 65,536 pairs of coins give 65,536 different
// pairs of shares.
TEST(ShamirIsUniform, TwoSharesOfThreeTakeEachPairOfValuesOnce) {
  std::vector<Bytes> at(256);
  for (int index = 1; index < 256; ++index)
    at[static_cast<std::size_t>(index)] = SharesAt(index, 0, 2);
  const std::size_t step = Reduced() ? 16 : 1;
  std::vector<std::uint64_t> seen(kPairs / 64);  // one bit for each pair of values
  for (std::size_t a = 1; a < 256; a += step) {
    for (std::size_t b = a + 1; b < 256; ++b) {
      std::ranges::fill(seen, 0u);
      for (std::size_t coins = 0; coins < kPairs; ++coins) {
        const unsigned pair = static_cast<unsigned>(at[a][coins]) << 8 | at[b][coins];
        seen[pair / 64] |= std::uint64_t{1} << pair % 64;
      }
      ASSERT_TRUE(std::ranges::all_of(seen, [](std::uint64_t bits) { return ~bits == 0; }))
          << "indexes " << a << " and " << b;
    }
  }
}

// m = 3, the other secrets: each shifts all shares by itself, which moves no value's count, so that
// what holds for the secret 0 holds for all. Single bits with all pairs of coins, every secret with
// each 16th.
TEST(ShamirIsUniform, AnotherSecretShiftsAllSharesOfThreeByItself) {
  const auto expect_shift = [](ByteView of_zero, ByteView shares, int secret) {
    int odd = 0;
    for (std::size_t i = 0; i < of_zero.size(); ++i) odd |= shares[i] ^ of_zero[i] ^ secret;
    ASSERT_EQ(odd, 0) << "secret " << secret;
  };
  const int step = Reduced() ? 16 : 1;
  for (int index = 1; index < 256; index += step) {
    SCOPED_TRACE(index);
    const Bytes all = SharesAt(index, 0, 2), some = SharesAt(index, 0, 2, 16);
    for (int bit = 0; bit < 8; ++bit) expect_shift(all, SharesAt(index, 1 << bit, 2), 1 << bit);
    for (int secret = 1; secret < 256; ++secret) {
      expect_shift(some, SharesAt(index, secret, 2, 16), secret);
    }
    ASSERT_FALSE(HasFailure());
  }
}

}  // namespace
}  // namespace fenchi
