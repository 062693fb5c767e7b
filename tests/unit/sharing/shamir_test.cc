#include "sharing/shamir.h"

#include <gtest/gtest.h>

#include <bitset>
#include <vector>

#include "sharing/field_11b.h"
#include "unit/sharing/sharing_testing.h"

namespace fenchi {
namespace {

constexpr std::uint64_t kSeed = 20260102;

// Source: FIPS 197 section 4.2 and 4.2.1.
TEST(Field11b, MatchesTheFipsExamples) {
  EXPECT_EQ(field_11b::Add(0x57, 0x83), 0xd4);
  EXPECT_EQ(field_11b::Multiply(0x57, 0x83), 0xc1);
  EXPECT_EQ(field_11b::Multiply(0x57, 0x13), 0xfe);
  EXPECT_EQ(field_11b::Multiply(0x57, 0x02), 0xae);
}

TEST(Field11b, MultipliesLikeLongMultiplicationAndInverts) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      int product = 0;
      for (int bit = 7; bit >= 0; --bit) {
        product <<= 1;
        if (product & 0x100) product ^= 0x11b;
        if (b >> bit & 1) product ^= a;
      }
      ASSERT_EQ(field_11b::Multiply(static_cast<std::uint8_t>(a), static_cast<std::uint8_t>(b)),
                product)
          << a << " * " << b;
    }
    const auto element = static_cast<std::uint8_t>(a);
    ASSERT_EQ(field_11b::Multiply(element, field_11b::Inverse(element)), a == 0 ? 0 : 1) << a;
  }
}

// m = 2: whatever the secret and the index, each value of one share comes from exactly one coin.
TEST(Shamir, OneShareOfTwoIsUniformWhateverTheSecret) {
  for (int secret = 0; secret < 256; ++secret) {
    for (int index = 1; index < 256; ++index) {
      std::bitset<256> seen;
      for (int coin = 0; coin < 256; ++coin) {
        const std::uint8_t secret_byte[] = {static_cast<std::uint8_t>(secret)};
        const std::uint8_t coin_byte[] = {static_cast<std::uint8_t>(coin)};
        std::uint8_t value[1];
        ShamirEvaluate(secret_byte, coin_byte, static_cast<std::uint8_t>(index), value);
        seen.set(value[0]);
      }
      ASSERT_TRUE(seen.all()) << "secret " << secret << " index " << index;
    }
  }
}

// m = 3: each pair of values of two shares comes from exactly one pair of coins.
TEST(Shamir, TwoSharesOfThreeAreUniformWhateverTheSecret) {
  for (const int secret : {0, 1, 0x9f}) {
    std::bitset<65536> seen;
    const std::uint8_t secret_byte[] = {static_cast<std::uint8_t>(secret)};
    for (int coins = 0; coins < 65536; ++coins) {
      const std::uint8_t coin_bytes[] = {static_cast<std::uint8_t>(coins >> 8),
                                         static_cast<std::uint8_t>(coins)};
      std::uint8_t first[1];
      std::uint8_t second[1];
      ShamirEvaluate(secret_byte, coin_bytes, 3, first);
      ShamirEvaluate(secret_byte, coin_bytes, 250, second);
      seen.set(static_cast<std::size_t>(first[0] << 8 | second[0]));
    }
    EXPECT_TRUE(seen.all()) << "secret " << secret;
  }
}

TEST(Shamir, AnyThresholdOfPointsGivesSecretAndAllOtherPoints) {
  Dice dice(kSeed);
  SCOPED_TRACE(dice.Seed());
  const auto random = SeededRandom(kSeed);
  std::vector<int> all_indexes;
  for (int index = 1; index < 256; ++index) all_indexes.push_back(index);
  for (int round = 0; round < 300; ++round) {
    const int threshold = round == 0 ? 255 : dice.Between(1, 20);
    const auto size = static_cast<std::size_t>(dice.Between(1, 40));
    Bytes secret(size);
    Bytes coins(size * static_cast<std::size_t>(threshold - 1));
    random->Fill(secret);
    random->Fill(coins);
    std::vector<std::uint8_t> indexes;
    std::vector<Bytes> points;
    for (const int index : dice.Choose(all_indexes, threshold)) {
      indexes.push_back(static_cast<std::uint8_t>(index));
      points.emplace_back(size);
      ShamirEvaluate(secret, coins, indexes.back(), points.back());
    }
    const std::vector<ByteView> values(points.begin(), points.end());
    Bytes back(size);
    ShamirInterpolate(indexes, values, 0, back);
    ASSERT_EQ(back, secret) << threshold;
    const auto other = static_cast<std::uint8_t>(dice.Between(1, 255));
    Bytes expected(size);
    ShamirEvaluate(secret, coins, other, expected);
    ShamirInterpolate(indexes, values, other, back);
    ASSERT_EQ(back, expected) << threshold;
  }
}

TEST(Shamir, OnePointFewerGivesAnotherSecret) {
  const Bytes secret = {1, 2, 3, 4};
  const Bytes coins = {9, 9, 9, 9, 7, 7, 7, 7};
  Bytes first(4);
  Bytes second(4);
  ShamirEvaluate(secret, coins, 1, first);
  ShamirEvaluate(secret, coins, 2, second);
  const std::uint8_t indexes[] = {1, 2};
  const ByteView values[] = {first, second};
  Bytes back(4);
  ShamirInterpolate(indexes, values, 0, back);
  EXPECT_NE(back, secret);
}

}  // namespace
}  // namespace fenchi
