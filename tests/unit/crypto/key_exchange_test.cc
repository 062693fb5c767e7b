#include "crypto/key_exchange.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace fenchi {
namespace {

Bytes Hex(std::string_view text) { return FromHex(text).value(); }

Bytes CountingFrom(std::uint8_t first) {
  Bytes out(32);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(first + i);
  return out;
}

// Gives out bytes written down beforehand.
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

SealContext Context(std::string_view context = "") {
  return {Suite::kAes256Gcm, SealType::kWrappedDataKey, VaultId::From(CountingFrom(64)).value(),
          AsBytes(context)};
}

// Source: computed from FORMAT.md section "Seal" with Python's `cryptography`.
TEST(KeyExchange, BoxesAreTheBytesOfTheFormat) {
  Bytes script = CountingFrom(0x80);
  const Bytes salt = CountingFrom(32);
  script.insert(script.end(), salt.begin(), salt.end());
  ScriptedRandom random(script);
  const KeyPair recipient = KeyPair::FromSecretKey(CountingFrom(0x60)).value();
  const Bytes box =
      SealToPublicKey(Context(), recipient.public_key.view(), AsBytes("data key"), random).value();
  EXPECT_EQ(ToHex(box), "493e82fc74464a59268817623d2053c5eb8e2cc4a988b4fee179ec6b010d531d01010800" +
                            ToHex(salt) +
                            "4a00238940ab1cc5d88a4cee847fac20f679db021e7cf7c1aa2033b21b00ad91"
                            "64bf42c5599d7c7c4fb3d1a806113fafd20cb614494882b9");
}

TEST(KeyExchange, BothSidesGetTheSameSecret) {
  const std::uint64_t seed = 12;
  SCOPED_TRACE("seed " + std::to_string(seed));
  auto random = SeededRandom(seed);
  for (int round = 0; round < 100; ++round) {
    const KeyPair a = KeyPair::Generate(*random), b = KeyPair::Generate(*random);
    const SecretBytes one = ExchangeSecret(a.secret_key.view(), b.public_key.view()).value();
    EXPECT_TRUE(
        ExchangeSecret(b.secret_key.view(), a.public_key.view()).value().Equals(one.view()));
  }
}

TEST(KeyExchange, OnlyTheRecipientOpensABox) {
  auto random = SeededRandom(13);
  const KeyPair recipient = KeyPair::Generate(*random), other = KeyPair::Generate(*random);
  for (std::size_t size : {0, 1, 32, 1000}) {
    const SecretBytes plain = SecretBytes::Random(size, *random);
    const Bytes box =
        SealToPublicKey(Context(), recipient.public_key.view(), plain.view(), *random).value();
    EXPECT_EQ(box.size(), size + kPublicSealOverhead);
    EXPECT_TRUE(OpenWithSecretKey(Context(), recipient, box).value().Equals(plain.view()));
    EXPECT_EQ(OpenWithSecretKey(Context(), other, box).status().code(), StatusCode::kWrongKey);
    EXPECT_EQ(OpenWithSecretKey(Context("other"), recipient, box).status().code(),
              StatusCode::kWrongKey);
  }
}

// The top bit of the ephemeral key is ignored by X25519, but not by the salt that it is hashed
// into.
TEST(KeyExchange, EveryFlippedBitAndTruncationIsRefused) {
  auto random = SeededRandom(14);
  const KeyPair recipient = KeyPair::Generate(*random);
  const Bytes box =
      SealToPublicKey(Context(), recipient.public_key.view(), AsBytes("data key"), *random).value();
  for (std::size_t bit = 0; bit < box.size() * 8; ++bit) {
    Bytes bad = box;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(OpenWithSecretKey(Context(), recipient, bad).ok()) << "bit " << bit;
  }
  for (std::size_t size = 0; size < box.size(); ++size) {
    EXPECT_FALSE(OpenWithSecretKey(Context(), recipient, ByteView(box).first(size)).ok()) << size;
  }
}

// Source: the points of small order on Curve25519, https://cr.yp.to/ecdh.html#validate.
TEST(KeyExchange, SmallOrderPublicKeysAreRefused) {
  auto random = SeededRandom(15);
  const KeyPair pair = KeyPair::Generate(*random);
  const char* const kSmallOrder[] = {
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};
  for (const char* text : kSmallOrder) {
    const Bytes point = Hex(text);
    EXPECT_EQ(ExchangeSecret(pair.secret_key.view(), point).status().code(),
              StatusCode::kInvalidArgument);
    EXPECT_EQ(SealToPublicKey(Context(), point, AsBytes("x"), *random).status().code(),
              StatusCode::kInvalidArgument);
    Bytes box = SealToPublicKey(Context(), pair.public_key.view(), AsBytes("x"), *random).value();
    std::copy(point.begin(), point.end(), box.begin());
    EXPECT_EQ(OpenWithSecretKey(Context(), pair, box).status().code(), StatusCode::kDamaged);
  }
}

TEST(KeyExchange, WrongSizesAreRefused) {
  auto random = SeededRandom(16);
  EXPECT_EQ(KeyPair::FromSecretKey(Bytes(31)).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(SealToPublicKey(Context(), Bytes(33, 9), {}, *random).status().code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace fenchi
