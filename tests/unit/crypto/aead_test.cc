#include "fenchi/aead.h"

#include <gtest/gtest.h>

#include <string>

#include "fenchi/random.h"

namespace fenchi {
namespace {

constexpr Suite kSuites[] = {Suite::kAes256Gcm, Suite::kChaCha20Poly1305};

Bytes Hex(std::string_view text) { return FromHex(text).value(); }

Bytes RandomBytes(Random& random, std::size_t size) {
  Bytes out(size);
  random.Fill(out);
  return out;
}

class AeadOfEachSuite : public testing::TestWithParam<Suite> {
 protected:
  const Bytes key_ = Bytes(kAeadKeySize, 0x42);
  const Bytes nonce_ = Bytes(kAeadNonceSize, 0x24);
};
INSTANTIATE_TEST_SUITE_P(Suites, AeadOfEachSuite, testing::ValuesIn(kSuites),
                         [](const auto& param) { return std::string(SuiteName(param.param)); });

// Source: McGrew and Viega, The Galois/Counter Mode of Operation, test cases 13 and 14.
TEST(Aead, Aes256GcmMatchesThePublishedVectors) {
  Aead aead = Aead::Create(Suite::kAes256Gcm, Bytes(32)).value();
  Bytes out(16);
  ASSERT_TRUE(aead.Encrypt(Bytes(12), {}, {}, out).ok());
  EXPECT_EQ(ToHex(out), "530f8afbc74536b9a963b4f1c4cb738b");
  out.resize(32);
  ASSERT_TRUE(aead.Encrypt(Bytes(12), {}, Bytes(16), out).ok());
  EXPECT_EQ(ToHex(out), "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
}

// Source: RFC 8439 section 2.8.2; the end of the ciphertext and the tag.
TEST(Aead, ChaCha20Poly1305MatchesTheRfcVector) {
  Bytes key(32);
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(0x80 + i);
  const std::string text =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
      "sunscreen would be it.";
  Aead aead = Aead::Create(Suite::kChaCha20Poly1305, key).value();
  Bytes out(text.size() + kAeadTagSize);
  ASSERT_TRUE(aead.Encrypt(Hex("070000004041424344454647"), Hex("50515253c0c1c2c3c4c5c6c7"),
                           AsBytes(text), out)
                  .ok());
  EXPECT_EQ(ToHex(ByteView(out).last(18)), "61161ae10b594f09e26a7e902ecbd0600691");
}

TEST_P(AeadOfEachSuite, EveryLengthRoundTripsInPlaceAndApart) {
  const std::uint64_t seed = 77;
  SCOPED_TRACE("seed " + std::to_string(seed));
  auto random = SeededRandom(seed);
  Aead aead = Aead::Create(GetParam(), key_).value();
  for (std::size_t size = 0; size < 300; ++size) {
    const Bytes plain = RandomBytes(*random, size);
    const Bytes aad = RandomBytes(*random, size % 40);
    const Bytes nonce = RandomBytes(*random, kAeadNonceSize);
    Bytes apart(size + kAeadTagSize);
    ASSERT_TRUE(aead.Encrypt(nonce, aad, plain, apart).ok());
    Bytes in_place = plain;
    in_place.resize(size + kAeadTagSize);
    ASSERT_TRUE(aead.Encrypt(nonce, aad, ByteView(in_place).first(size), in_place).ok());
    EXPECT_EQ(apart, in_place);
    Bytes back(size);
    ASSERT_TRUE(aead.Decrypt(nonce, aad, apart, back).ok());
    EXPECT_EQ(back, plain);
    ASSERT_TRUE(aead.Decrypt(nonce, aad, in_place, MutableBytes(in_place).first(size)).ok());
    EXPECT_TRUE(std::equal(plain.begin(), plain.end(), in_place.begin()));
  }
}

TEST_P(AeadOfEachSuite, EveryFlippedBitIsRefusedAndLeavesNoPlaintext) {
  Aead aead = Aead::Create(GetParam(), key_).value();
  const Bytes plain(50, 0x77);
  const Bytes aad(20, 0x11);
  Bytes sealed(plain.size() + kAeadTagSize);
  ASSERT_TRUE(aead.Encrypt(nonce_, aad, plain, sealed).ok());
  const auto refused = [&](const Bytes& nonce, const Bytes& other_aad, const Bytes& box) {
    Bytes out(plain.size(), 0xee);
    EXPECT_EQ(aead.Decrypt(nonce, other_aad, box, out).code(), StatusCode::kDamaged);
    EXPECT_EQ(out, Bytes(plain.size(), 0));
  };
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes box = sealed;
    box[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    refused(nonce_, aad, box);
  }
  for (std::size_t bit = 0; bit < aad.size() * 8; ++bit) {
    Bytes other = aad;
    other[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    refused(nonce_, other, sealed);
  }
  for (std::size_t bit = 0; bit < nonce_.size() * 8; ++bit) {
    Bytes other = nonce_;
    other[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    refused(other, aad, sealed);
  }
}

TEST_P(AeadOfEachSuite, EveryTruncationIsRefused) {
  Aead aead = Aead::Create(GetParam(), key_).value();
  Bytes sealed(40 + kAeadTagSize);
  ASSERT_TRUE(aead.Encrypt(nonce_, {}, Bytes(40, 1), sealed).ok());
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    Bytes out(size < kAeadTagSize ? 0 : size - kAeadTagSize);
    const Status status = aead.Decrypt(nonce_, {}, ByteView(sealed).first(size), out);
    EXPECT_EQ(status.code(),
              size < kAeadTagSize ? StatusCode::kInvalidArgument : StatusCode::kDamaged);
  }
}

TEST_P(AeadOfEachSuite, RekeyingGivesTheSameAsANewCipher) {
  Aead kept = Aead::Create(GetParam(), key_).value();
  for (std::uint8_t round = 0; round < 20; ++round) {
    const Bytes key(kAeadKeySize, round);
    ASSERT_TRUE(kept.Rekey(key).ok());
    Aead fresh = Aead::Create(GetParam(), key).value();
    Bytes a(10 + kAeadTagSize), b(10 + kAeadTagSize), back(10);
    ASSERT_TRUE(kept.Encrypt(nonce_, {}, Bytes(10, 5), a).ok());
    ASSERT_TRUE(fresh.Encrypt(nonce_, {}, Bytes(10, 5), b).ok());
    EXPECT_EQ(a, b);
    EXPECT_TRUE(kept.Decrypt(nonce_, {}, b, back).ok());
  }
}

TEST_P(AeadOfEachSuite, ARefusedKeyLeavesTheOldOne) {
  Aead aead = Aead::Create(GetParam(), key_).value();
  Bytes before(kAeadTagSize), after(kAeadTagSize);
  ASSERT_TRUE(aead.Tag(nonce_, AsBytes("m"), before).ok());
  EXPECT_EQ(aead.Rekey(Bytes(16)).code(), StatusCode::kInvalidArgument);
  ASSERT_TRUE(aead.Tag(nonce_, AsBytes("m"), after).ok());
  EXPECT_EQ(before, after);
}

TEST_P(AeadOfEachSuite, TagsAreTheAeadOfNothingAndCatchEveryFlip) {
  Aead aead = Aead::Create(GetParam(), key_).value();
  const Bytes message(100, 9);
  Bytes tag(kAeadTagSize), same(kAeadTagSize);
  ASSERT_TRUE(aead.Tag(nonce_, message, tag).ok());
  ASSERT_TRUE(aead.Encrypt(nonce_, message, {}, same).ok());
  EXPECT_EQ(tag, same);
  EXPECT_TRUE(aead.CheckTag(nonce_, message, tag).ok());
  for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
    Bytes other = message;
    other[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_EQ(aead.CheckTag(nonce_, other, tag).code(), StatusCode::kDamaged);
  }
  for (std::size_t bit = 0; bit < tag.size() * 8; ++bit) {
    Bytes other = tag;
    other[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_EQ(aead.CheckTag(nonce_, message, other).code(), StatusCode::kDamaged);
  }
  EXPECT_EQ(aead.CheckTag(nonce_, message, ByteView(tag).first(15)).code(),
            StatusCode::kInvalidArgument);
}

TEST_P(AeadOfEachSuite, WrongSizesAreRefused) {
  EXPECT_EQ(Aead::Create(GetParam(), Bytes(31)).status().code(), StatusCode::kInvalidArgument);
  Aead aead = Aead::Create(GetParam(), key_).value();
  Bytes out(20);
  EXPECT_EQ(aead.Encrypt(Bytes(11), {}, Bytes(4), out).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(aead.Encrypt(nonce_, {}, Bytes(5), out).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(aead.Decrypt(nonce_, {}, Bytes(20), out).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(aead.Tag(nonce_, {}, out).code(), StatusCode::kInvalidArgument);
}

TEST(Aead, UnknownSuitesAreRefused) {
  EXPECT_EQ(Aead::Create(static_cast<Suite>(3), Bytes(32)).status().code(),
            StatusCode::kUnsupported);
  EXPECT_EQ(SuiteFromNumber(0).status().code(), StatusCode::kUnsupported);
  EXPECT_EQ(SuiteFromName("rot13").status().code(), StatusCode::kUnsupported);
  for (Suite suite : kSuites) EXPECT_EQ(SuiteFromName(SuiteName(suite)).value(), suite);
}

TEST(Aead, TheDefaultSuiteFollowsTheProcessor) {
  EXPECT_EQ(DefaultSuite(), HostHasAes() ? Suite::kAes256Gcm : Suite::kChaCha20Poly1305);
}

TEST_P(AeadOfEachSuite, SegmentsOpenOnlyWhereTheyStand) {
  SegmentCipher cipher = SegmentCipher::Create(GetParam(), key_).value();
  constexpr std::uint64_t kCount = 6;
  std::vector<Bytes> sealed;
  for (std::uint64_t i = 0; i < kCount; ++i) {
    sealed.emplace_back(8 + kAeadTagSize);
    ASSERT_TRUE(cipher.SealSegment(i, i + 1 == kCount, Bytes(8, 1), sealed.back()).ok());
  }
  for (std::uint64_t stored = 0; stored < kCount; ++stored) {
    for (std::uint64_t asked = 0; asked < kCount; ++asked) {
      for (bool final : {false, true}) {
        Bytes out(8);
        const bool right = stored == asked && final == (stored + 1 == kCount);
        EXPECT_EQ(cipher.OpenSegment(asked, final, sealed[stored], out).code(),
                  right ? StatusCode::kOk : StatusCode::kDamaged)
            << stored << " opened as " << asked << " final " << final;
      }
    }
  }
}

TEST(SegmentNonce, HasTheLayoutOfTheFormat) {
  EXPECT_EQ(ToHex(SegmentNonce(0x0102030405060708, true)), "000000010102030405060708");
  EXPECT_EQ(ToHex(SegmentNonce(5, false)), "000000000000000000000005");
}

TEST(StreamKeys, DependOnSecretSaltAndInfo) {
  const Bytes secret(32, 1);
  const StreamKeys keys = DeriveStreamKeys(secret, AsBytes("salt"), AsBytes("info")).value();
  EXPECT_EQ(keys.key.size(), kAeadKeySize);
  EXPECT_FALSE(keys.key.Equals(keys.commitment.view()));
  const auto differs = [&](ByteView other_secret, const char* salt, const char* info) {
    const StreamKeys other = DeriveStreamKeys(other_secret, AsBytes(salt), AsBytes(info)).value();
    EXPECT_FALSE(other.key.Equals(keys.key.view()));
    EXPECT_NE(other.commitment, keys.commitment);
  };
  differs(Bytes(32, 2), "salt", "info");
  differs(secret, "salT", "info");
  differs(secret, "salt", "infO");
  EXPECT_EQ(DeriveStreamKeys(Bytes(31), {}, {}).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace fenchi
