#include "crypto/p256.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace fenchi {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kSeed = 20261129;

Bytes Hex(std::string_view text) { return FromHex(text).value(); }

SealContext Context(std::string_view context = "") {
  return {Suite::kAes256Gcm, SealType::kChildKey, VaultId{}, AsBytes(context)};
}

// What a token would answer for a box.
SecretBytes Agreed(const P256KeyPair& pair, ByteView box) {
  const P256PublicKey ephemeral = EphemeralKeyOfBox(box).value();
  return P256Secret(pair.secret_key.view(), ephemeral.view()).value();
}

// Draws bytes written down beforehand.
class ScriptedRandom final : public Random {
 public:
  explicit ScriptedRandom(Bytes script) : script_(std::move(script)) {}
  void Fill(MutableBytes out) override {
    ASSERT_LE(at_ + out.size(), script_.size());
    std::copy_n(script_.begin() + static_cast<std::ptrdiff_t>(at_), out.size(), out.begin());
    at_ += out.size();
  }

 private:
  Bytes script_;
  std::size_t at_ = 0;
};

constexpr std::string_view kOrder =
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

// Source: RFC 5903 section 8.1.
TEST(P256, BothSidesOfThePublishedExampleGetItsSecret) {
  const Bytes i = Hex("c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433");
  const Bytes r = Hex("c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53");
  const P256KeyPair one = P256KeyPair::FromSecretKey(i).value();
  const P256KeyPair two = P256KeyPair::FromSecretKey(r).value();
  EXPECT_EQ(one.public_key.hex(),
            "04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
            "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3");
  EXPECT_EQ(two.public_key.hex(),
            "04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
            "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab");
  const Bytes agreed = Hex("d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de");
  EXPECT_TRUE(P256Secret(i, two.public_key.view()).value().Equals(agreed));
  EXPECT_TRUE(P256Secret(r, one.public_key.view()).value().Equals(agreed));
}

TEST(P256, OnlyWhoHoldsTheSecretKeyCanAgreeOnWhatOpensABox) {
  auto random = SeededRandom(kSeed);
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  const P256KeyPair token = P256KeyPair::Generate(*random), other = P256KeyPair::Generate(*random);
  for (std::size_t size : {0, 1, 32, 1000}) {
    const SecretBytes plain = SecretBytes::Random(size, *random);
    const Bytes box =
        SealToP256Key(Context(), token.public_key.view(), plain.view(), *random).value();
    EXPECT_EQ(box.size(), size + kP256SealOverhead);
    const SecretBytes right = Agreed(token, box), wrong = Agreed(other, box);
    const auto open = [&](std::string_view context, const P256KeyPair& pair,
                          const SecretBytes& agreed) {
      return OpenWithAgreedSecret(Context(context), pair.public_key.view(), agreed.view(), box);
    };
    EXPECT_TRUE(open("", token, right).value().Equals(plain.view()));
    EXPECT_EQ(open("", token, wrong).status().code(), StatusCode::kWrongKey);
    EXPECT_EQ(open("", other, right).status().code(), StatusCode::kWrongKey);
    EXPECT_EQ(open("other", token, right).status().code(), StatusCode::kWrongKey);
  }
}

TEST(P256, EveryFlippedBitAndTruncationOfABoxIsRefused) {
  auto random = SeededRandom(kSeed + 1);
  const P256KeyPair token = P256KeyPair::Generate(*random);
  const Bytes box =
      SealToP256Key(Context(), token.public_key.view(), AsBytes("child key"), *random).value();
  const SecretBytes agreed = Agreed(token, box);
  const auto opens = [&](ByteView bad) {
    return OpenWithAgreedSecret(Context(), token.public_key.view(), agreed.view(), bad).ok();
  };
  ASSERT_TRUE(opens(box));
  for (std::size_t bit = 0; bit < box.size() * 8; ++bit) {
    Bytes bad = box;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(opens(bad)) << "bit " << bit;
  }
  for (std::size_t size = 0; size < box.size(); ++size) {
    EXPECT_FALSE(opens(ByteView(box).first(size))) << size;
  }
}

TEST(P256, WhatIsNoPointOfTheCurveIsNoPublicKey) {
  auto random = SeededRandom(kSeed + 2);
  const P256KeyPair pair = P256KeyPair::Generate(*random);
  const Bytes good(pair.public_key.bytes.begin(), pair.public_key.bytes.end());
  ASSERT_TRUE(CheckP256Key(good).ok());
  std::vector<Bytes> bad;
  bad.push_back({});
  bad.push_back({0x00});  // infinity
  bad.push_back(Bytes(kP256PointSize, 0));
  bad.push_back(good);
  bad.back()[64] ^= 1;  // beside the curve
  bad.push_back(good);
  bad.back()[0] = 0x06;  // the hybrid form
  bad.push_back(Bytes(good.begin(), good.begin() + 33));
  bad.back()[0] = static_cast<std::uint8_t>(2 + (good[64] & 1));  // compressed
  bad.push_back(good);
  bad.back().push_back(0);
  // x = p, and y of the point with x = 0: a coordinate beyond the field
  bad.push_back(
      Hex("04ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
          "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4"));
  for (const Bytes& point : bad) {
    SCOPED_TRACE(ToHex(point));
    EXPECT_EQ(CheckP256Key(point).code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(P256Secret(pair.secret_key.view(), point).status().code(),
              StatusCode::kInvalidArgument);
    EXPECT_EQ(SealToP256Key(Context(), point, AsBytes("x"), *random).status().code(),
              StatusCode::kInvalidArgument);
    if (point.size() != kP256PointSize) continue;
    Bytes box = SealToP256Key(Context(), good, AsBytes("x"), *random).value();
    std::ranges::copy(point, box.begin());
    EXPECT_EQ(EphemeralKeyOfBox(box).status().code(), StatusCode::kDamaged);
  }
  EXPECT_TRUE(CheckP256Key(Hex("040000000000000000000000000000000000000000000000000000000000000000"
                               "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4"))
                  .ok());
}

// Source of the pair that agrees on zeros: Project Wycheproof, ecdh_secp256r1_ecpoint_test.json
// case 3.
TEST(P256, AnAgreedSecretOfZerosIsRefused) {
  auto random = SeededRandom(kSeed + 3);
  const Bytes point =
      Hex("0458fd4168a87795603e2b04390285bdca6e57de6027fe211dd9d25e2212d29e62"
          "080d36bd224d7405509295eed02a17150e03b314f96da37445b0d1d29377d12c");
  const Bytes secret = Hex("0a0d622a47e48f6bc1038ace438c6f528aa00ad2bd1da5f13ee46bf5f633d71a");
  const auto agreed = P256Secret(secret, point);
  EXPECT_EQ(agreed.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(agreed.status().message(), HasSubstr("all zeros"));
  const P256KeyPair token = P256KeyPair::Generate(*random);
  const Bytes box = SealToP256Key(Context(), token.public_key.view(), {}, *random).value();
  for (const std::size_t size : {0, 31, 32, 33}) {
    EXPECT_EQ(
        OpenWithAgreedSecret(Context(), token.public_key.view(), Bytes(size), box).status().code(),
        StatusCode::kInvalidArgument)
        << size;
  }
}

TEST(P256, SecretKeysAreFromOneToTheOrderLessOne) {
  const Bytes order = Hex(kOrder);
  Bytes last = order, one(32, 0);
  last[31] -= 1;
  one[31] = 1;
  EXPECT_TRUE(P256KeyPair::FromSecretKey(one).ok());
  const Result<P256KeyPair> highest = P256KeyPair::FromSecretKey(last);
  ASSERT_TRUE(highest.ok());
  // -G has the x of G.
  EXPECT_TRUE(
      std::ranges::equal(highest->public_key.view().subspan(1, 32),
                         P256KeyPair::FromSecretKey(one)->public_key.view().subspan(1, 32)));
  for (const Bytes& bad : {Bytes(32, 0), order, Bytes(32, 0xff), Bytes(31, 1), Bytes(33, 1)}) {
    EXPECT_EQ(P256KeyPair::FromSecretKey(bad).status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(P256Secret(bad, highest->public_key.view()).status().code(),
              StatusCode::kInvalidArgument);
  }
}

TEST(P256, ADrawThatIsNoSecretKeyIsDrawnAgain) {
  Bytes script = Hex(kOrder);
  const Bytes zeros(32, 0), good(32, 7);
  script.insert(script.end(), zeros.begin(), zeros.end());
  script.insert(script.end(), good.begin(), good.end());
  ScriptedRandom random(script);
  EXPECT_TRUE(P256KeyPair::Generate(random).secret_key.Equals(good));
}

}  // namespace
}  // namespace fenchi
