// One ciphertext that two keys open: possible with the bare ciphers, refused by Seal's commitment.
#include <gtest/gtest.h>

#include "base/coding.h"
#include "fenchi/aead.h"
#include "fenchi/hash.h"
#include "unit/crypto/two_key_ciphertext.h"

namespace fenchi {
namespace {

class Salamander : public ::testing::TestWithParam<Suite> {};

TEST_P(Salamander, TheBareCipherOpensOneCiphertextUnderTwoKeys) {
  const Bytes key_a(32, 1), key_b(32, 2);
  const AeadNonce nonce = SegmentNonce(0, true);
  for (const std::size_t size : {32, 48, 4096, 65520}) {
    const Bytes both = CiphertextOfTwoKeys(GetParam(), key_a, key_b, nonce, size);
    ASSERT_EQ(both.size(), size + kAeadTagSize);
    Bytes plain_a(size), plain_b(size);
    EXPECT_TRUE(Aead::Create(GetParam(), key_a).value().Decrypt(nonce, {}, both, plain_a).ok());
    EXPECT_TRUE(Aead::Create(GetParam(), key_b).value().Decrypt(nonce, {}, both, plain_b).ok());
    EXPECT_NE(plain_a, plain_b);
  }
}

// The attacker knows both keys and writes the box by hand: whichever commitment stands in it, only
// the key of that commitment opens it.
TEST_P(Salamander, SealRefusesASecondKey) {
  const Suite suite = GetParam();
  const Bytes key_a(32, 1), key_b(32, 2), salt(32, 3);
  const SealContext context{suite, SealType::kSlot, {}, {}};
  const std::uint8_t number = static_cast<std::uint8_t>(suite);
  Bytes info;
  Append(info, AsBytes("fenchi/1/seal"));
  const std::uint8_t head[] = {0, 1, number, 7};
  Append(info, head);
  Append(info, context.vault.view());
  AppendBe32(info, 0);
  const StreamKeys a = DeriveStreamKeys(key_a, salt, info).value();
  const StreamKeys b = DeriveStreamKeys(key_b, salt, info).value();
  const Bytes both = CiphertextOfTwoKeys(suite, a.key.view(), b.key.view(), SegmentNonce(0, true));
  for (const StreamKeys* committed : {&a, &b}) {
    Bytes box = {1, number, 7, 0};
    Append(box, salt);
    Append(box, committed->commitment.view());
    Append(box, both);
    const bool is_a = committed == &a;
    EXPECT_TRUE(OpenSealed(context, is_a ? key_a : key_b, box).ok());
    EXPECT_EQ(OpenSealed(context, is_a ? key_b : key_a, box).status().code(),
              StatusCode::kWrongKey);
  }
}

INSTANTIATE_TEST_SUITE_P(BothSuites, Salamander,
                         ::testing::Values(Suite::kAes256Gcm, Suite::kChaCha20Poly1305),
                         [](const auto& one) {
                           return one.param == Suite::kAes256Gcm ? "AesGcm" : "ChaCha20Poly1305";
                         });

}  // namespace
}  // namespace fenchi
