#include "crypto/signing.h"

#include <gtest/gtest.h>

#include <string>

namespace fenchi {
namespace {

Bytes Hex(std::string_view text) { return FromHex(text).value(); }

// Source: RFC 8032 section 7.1, test 1.
TEST(Signing, MatchesTheRfcVector) {
  const SigningKey key = SigningKey::FromSeed(Hex("9d61b19deffd5a60ba844af492ec2cc4"
                                                  "4449c5697b326919703bac031cae7f60"))
                             .value();
  EXPECT_EQ(key.public_key().hex(),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  EXPECT_EQ(key.Sign({}).hex(),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
            "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
}

TEST(Signing, TheSeedIsAllThereIsToKeep) {
  auto random = SeededRandom(5);
  const SigningKey key = SigningKey::Generate(*random);
  const SigningKey again = SigningKey::FromSeed(key.seed()).value();
  EXPECT_EQ(key.public_key(), again.public_key());
  EXPECT_EQ(key.Sign(AsBytes("m")), again.Sign(AsBytes("m")));
  EXPECT_NE(SigningKey::Generate(*random).public_key(), key.public_key());
  EXPECT_EQ(SigningKey::FromSeed(Bytes(31)).status().code(), StatusCode::kInvalidArgument);
}

TEST(Signing, EveryLengthVerifiesUnderItsKeyOnly) {
  const std::uint64_t seed = 99;
  SCOPED_TRACE("seed " + std::to_string(seed));
  auto random = SeededRandom(seed);
  const SigningKey key = SigningKey::Generate(*random);
  const SigningKey other = SigningKey::Generate(*random);
  for (std::size_t size = 0; size < 200; ++size) {
    Bytes message(size);
    random->Fill(message);
    const Signature signature = key.Sign(message);
    EXPECT_TRUE(VerifySignature(key.public_key().view(), message, signature.view()).ok());
    EXPECT_EQ(VerifySignature(other.public_key().view(), message, signature.view()).code(),
              StatusCode::kDamaged);
  }
}

TEST(Signing, EveryFlippedBitIsRefused) {
  auto random = SeededRandom(6);
  const SigningKey key = SigningKey::Generate(*random);
  const Bytes message(33, 4);
  const Signature signature = key.Sign(message);
  const ByteView public_key = key.public_key().view();
  for (std::size_t bit = 0; bit < Signature::kSize * 8; ++bit) {
    Signature bad = signature;
    bad.bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_EQ(VerifySignature(public_key, message, bad.view()).code(), StatusCode::kDamaged);
  }
  for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
    Bytes bad = message;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_EQ(VerifySignature(public_key, bad, signature.view()).code(), StatusCode::kDamaged);
  }
  for (std::size_t size = 0; size < Signature::kSize; ++size) {
    EXPECT_EQ(VerifySignature(public_key, message, signature.view().first(size)).code(),
              StatusCode::kDamaged);
  }
  EXPECT_EQ(VerifySignature(public_key.first(31), message, signature.view()).code(),
            StatusCode::kInvalidArgument);
}

// Source: the eight points of small order, as listed in RFC 7748's and libsodium's discussions, in
// canonical form, and encodings that are no point or not canonical.
TEST(Signing, UnsafePublicKeysAreRefused) {
  const char* const kUnsafe[] = {
      "0100000000000000000000000000000000000000000000000000000000000000",  // neutral element
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // order 2
      "0000000000000000000000000000000000000000000000000000000000000000",  // order 4
      "0000000000000000000000000000000000000000000000000000000000000080",  // order 4
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",  // order 8
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",  // order 8
      "0200000000000000000000000000000000000000000000000000000000000000",  // no point
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // 1, not canonical
  };
  for (const char* key : kUnsafe) {
    EXPECT_EQ(CheckPublicKey(Hex(key)).code(), StatusCode::kInvalidArgument) << key;
  }
  EXPECT_EQ(CheckPublicKey(Bytes(31)).code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(CheckPublicKey(SigningKey::Generate(*SeededRandom(1)).public_key().view()).ok());
}

}  // namespace
}  // namespace fenchi
