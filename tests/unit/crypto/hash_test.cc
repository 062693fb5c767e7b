#include "fenchi/hash.h"

#include <gtest/gtest.h>

#include <string>

#include "fenchi/random.h"

namespace fenchi {
namespace {

Bytes Hex(std::string_view text) { return FromHex(text).value(); }

Bytes RandomBytes(Random& random, std::size_t size) {
  Bytes out(size);
  random.Fill(out);
  return out;
}

// Source: FIPS 180-4 examples.
TEST(Sha256, MatchesThePublishedExamples) {
  EXPECT_EQ(Sha256({}).hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256(AsBytes("abc")).hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

// Source: RFC 4231 case 2; case 6 (a key longer than a block).
TEST(HmacSha256, MatchesTheRfcVectors) {
  EXPECT_EQ(HmacSha256(AsBytes("Jefe"), AsBytes("what do ya want for nothing?")).hex(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(HmacSha256(Bytes(131, 0xaa),
                       AsBytes("Test Using Larger Than Block-Size Key - Hash Key First"))
                .hex(),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacSha256, EmptyKeyAndEmptyMessageAreAllowed) {
  EXPECT_EQ(HmacSha256({}, ByteView{}).hex(),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Hashers, HowAMessageIsCutDoesNotMatter) {
  const std::uint64_t seed = 20240601;
  SCOPED_TRACE("seed " + std::to_string(seed));
  auto random = SeededRandom(seed);
  const Bytes key = RandomBytes(*random, 32);
  Sha256Hasher sha;
  HmacSha256Hasher hmac(key);
  for (int round = 0; round < 200; ++round) {
    const Bytes message = RandomBytes(*random, static_cast<std::size_t>(round) * 3);
    ByteView rest = message;
    while (!rest.empty()) {
      std::uint8_t step = 0;
      random->Fill(MutableBytes(&step, 1));
      const ByteView piece = rest.first(std::min<std::size_t>(step, rest.size()));
      sha.Update(piece);
      hmac.Update(piece);
      rest = rest.subspan(piece.size());
    }
    EXPECT_EQ(sha.Finish(), Sha256(message));
    EXPECT_EQ(hmac.Finish(), HmacSha256(key, message));
  }
}

TEST(Hashers, StayUsableAfterAMove) {
  Sha256Hasher sha;
  sha.Update(AsBytes("a"));
  Sha256Hasher moved = std::move(sha);
  moved.Update(AsBytes("bc"));
  EXPECT_EQ(moved.Finish(), Sha256(AsBytes("abc")));
}

TEST(HmacSha256, PartsAreJoined) {
  EXPECT_EQ(HmacSha256(AsBytes("k"), {AsBytes("ab"), ByteView{}, AsBytes("c")}),
            HmacSha256(AsBytes("k"), AsBytes("abc")));
}

TEST(KeyedHash, EqualsHmacUnderItsKeyEveryTime) {
  const Bytes key(32, 7);
  KeyedHash hash = KeyedHash::Create(key).value();
  for (const char* message : {"one", "", "two", "one"}) {
    EXPECT_EQ(hash(AsBytes(message)), HmacSha256(key, AsBytes(message)));
  }
}

TEST(KeyedHash, RefusesAKeyOfAnotherSize) {
  EXPECT_EQ(KeyedHash::Create(Bytes(31)).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(KeyedHash::Create({}).status().code(), StatusCode::kInvalidArgument);
}

// Source: RFC 5869 appendix A, cases 1 and 3.
TEST(Hkdf, MatchesTheRfcVectors) {
  const SecretBytes one = HkdfSha256(Bytes(22, 0x0b), Hex("000102030405060708090a0b0c"),
                                     Hex("f0f1f2f3f4f5f6f7f8f9"), 42);
  EXPECT_EQ(ToHex(one.view()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  EXPECT_EQ(ToHex(HkdfSha256(Bytes(22, 0x0b), {}, {}, 42).view()),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(Hkdf, ShorterOutputIsAPrefixOfLonger) {
  const Bytes ikm(32, 1);
  const SecretBytes longest = HkdfSha512(ikm, {}, AsBytes("info"), 255 * 64);
  for (std::size_t size : {0, 1, 63, 64, 65, 128, 1000}) {
    EXPECT_TRUE(HkdfSha512(ikm, {}, AsBytes("info"), size).Equals(longest.view().first(size)));
  }
}

TEST(Hkdf, EmptyInputsAndLongInfosAreAllowed) {
  EXPECT_EQ(HkdfSha512({}, {}, {}, 32).size(), 32u);
  const Bytes info(5000, 3);
  EXPECT_FALSE(HkdfSha512({}, {}, info, 32).Equals(HkdfSha512({}, {}, {}, 32).view()));
}

TEST(HkdfDeathTest, OutputBeyondTheRfcLimitEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(HkdfSha512(Bytes(32), {}, {}, 255 * 64 + 1), "HKDF output");
  EXPECT_DEATH(HkdfSha256(Bytes(32), {}, {}, 255 * 32 + 1), "HKDF output");
}

}  // namespace
}  // namespace fenchi
