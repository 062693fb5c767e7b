// One ciphertext that two keys open: possible with AES-GCM alone, refused by Seal's commitment.
// Source of the attack: Dodis, Grubbs, Ristenpart, Woodage, CRYPTO 2018 ("invisible salamanders").
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <array>
#include <cstring>

#include "base/coding.h"
#include "fenchi/aead.h"
#include "fenchi/hash.h"

namespace fenchi {
namespace {

// An element of GHASH's field GF(2^128): bit 0 is the most significant bit of byte 0.
using Block = std::array<std::uint8_t, 16>;

Block Xor(Block a, const Block& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] ^= b[i];
  return a;
}

Block Multiply(const Block& x, Block y) {
  Block sum{};
  for (std::size_t bit = 0; bit < 128; ++bit) {
    if (x[bit / 8] >> (7 - bit % 8) & 1) sum = Xor(sum, y);
    const bool carry = (y[15] & 1) != 0;
    for (std::size_t i = 15; i > 0; --i) {
      y[i] = static_cast<std::uint8_t>(y[i] >> 1 | y[i - 1] << 7);
    }
    y[0] >>= 1;
    if (carry) y[0] ^= 0xe1;
  }
  return sum;
}

// x to the power 2^128 - 2.
Block Inverse(Block x) {
  Block product{0x80};
  for (int i = 1; i < 128; ++i) {
    x = Multiply(x, x);
    product = Multiply(product, x);
  }
  return product;
}

Block Aes(ByteView key, const Block& in) {
  Block out{};
  int size = 0;
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  EXPECT_EQ(EVP_EncryptInit_ex(context, EVP_aes_256_ecb(), nullptr, key.data(), nullptr), 1);
  EXPECT_EQ(EVP_EncryptUpdate(context, out.data(), &size, in.data(), 16), 1);
  EVP_CIPHER_CTX_free(context);
  return out;
}

struct GcmKey {
  Block h, mask;  // E(0) and E(nonce | 1)
  GcmKey(ByteView key, const AeadNonce& nonce) : h(Aes(key, Block{})) {
    Block counter{};
    std::memcpy(counter.data(), nonce.data(), nonce.size());
    counter[15] = 1;
    mask = Aes(key, counter);
  }
  // The tag of two ciphertext blocks c, d without AAD: c h^3 + d h^2 + lengths h + mask.
  Block TagWithoutD(const Block& c, const Block& lengths) const {
    const Block h2 = Multiply(h, h);
    return Xor(Xor(Multiply(c, Multiply(h2, h)), Multiply(lengths, h)), mask);
  }
};

// Two blocks and a tag that both keys accept: the second block is solved for.
Bytes CiphertextOfTwoKeys(ByteView key_a, ByteView key_b, const AeadNonce& nonce) {
  const GcmKey a(key_a, nonce), b(key_b, nonce);
  Block lengths{}, c{};
  PutBe64(MutableBytes(lengths).subspan(8), 256);
  c.fill(0x5a);
  const Block left = Xor(a.TagWithoutD(c, lengths), b.TagWithoutD(c, lengths));
  const Block d = Multiply(left, Inverse(Xor(Multiply(a.h, a.h), Multiply(b.h, b.h))));
  const Block tag = Xor(a.TagWithoutD(c, lengths), Multiply(d, Multiply(a.h, a.h)));
  Bytes out;
  Append(out, c);
  Append(out, d);
  Append(out, tag);
  return out;
}

TEST(Salamander, TheBareCipherOpensOneCiphertextUnderTwoKeys) {
  const Bytes key_a(32, 1), key_b(32, 2);
  const AeadNonce nonce = SegmentNonce(0, true);
  const Bytes both = CiphertextOfTwoKeys(key_a, key_b, nonce);
  Bytes plain_a(32), plain_b(32);
  EXPECT_TRUE(
      Aead::Create(Suite::kAes256Gcm, key_a).value().Decrypt(nonce, {}, both, plain_a).ok());
  EXPECT_TRUE(
      Aead::Create(Suite::kAes256Gcm, key_b).value().Decrypt(nonce, {}, both, plain_b).ok());
  EXPECT_NE(plain_a, plain_b);
}

// The attacker knows both keys and writes the box by hand: whichever commitment stands in it, only
// the key of that commitment opens it.
TEST(Salamander, SealRefusesASecondKey) {
  const Bytes key_a(32, 1), key_b(32, 2), salt(32, 3);
  const SealContext context{Suite::kAes256Gcm, SealType::kSlot, {}, {}};
  Bytes info;
  Append(info, AsBytes("fenchi/1/seal"));
  const std::uint8_t head[] = {0, 1, 1, 7};
  Append(info, head);
  Append(info, context.vault.view());
  AppendBe32(info, 0);
  const StreamKeys a = DeriveStreamKeys(key_a, salt, info).value();
  const StreamKeys b = DeriveStreamKeys(key_b, salt, info).value();
  const Bytes both = CiphertextOfTwoKeys(a.key.view(), b.key.view(), SegmentNonce(0, true));
  for (const StreamKeys* committed : {&a, &b}) {
    Bytes box = {1, 1, 7, 0};
    Append(box, salt);
    Append(box, committed->commitment.view());
    Append(box, both);
    const bool is_a = committed == &a;
    EXPECT_TRUE(OpenSealed(context, is_a ? key_a : key_b, box).ok());
    EXPECT_EQ(OpenSealed(context, is_a ? key_b : key_a, box).status().code(),
              StatusCode::kWrongKey);
  }
}

}  // namespace
}  // namespace fenchi
