#include "unit/crypto/two_key_ciphertext.h"

#include <openssl/bn.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

#include "base/coding.h"

namespace fenchi {
namespace {

constexpr std::size_t kBlockSize = 16;
constexpr std::uint8_t kFiller = 0x5a;

void Need(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "two-key ciphertext: %s\n", what);
  std::abort();
}

// The first bytes that a cipher makes of zeros or of `in`.
Bytes Encrypted(const EVP_CIPHER* cipher, ByteView key, const std::uint8_t* iv, ByteView in) {
  Bytes out(in.size());
  int size = 0;
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  Need(EVP_EncryptInit_ex(context, cipher, nullptr, key.data(), iv) == 1, "start of the cipher");
  Need(EVP_EncryptUpdate(context, out.data(), &size, in.data(), static_cast<int>(in.size())) == 1,
       "cipher");
  EVP_CIPHER_CTX_free(context);
  return out;
}

// ---- AES-256-GCM

// An element of GHASH's field GF(2^128): bit 0 is the most significant bit of byte 0.
using Block = std::array<std::uint8_t, kBlockSize>;

Block BlockOf(ByteView bytes) {
  Block block{};
  std::memcpy(block.data(), bytes.data(), block.size());
  return block;
}

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

struct GcmKey {
  Block h, mask;  // E(0) and E(nonce | 1)
  GcmKey(ByteView key, const AeadNonce& nonce)
      : h(BlockOf(Encrypted(EVP_aes_256_ecb(), key, nullptr, Block{}))) {
    Block counter{};
    std::memcpy(counter.data(), nonce.data(), nonce.size());
    counter[15] = 1;
    mask = BlockOf(Encrypted(EVP_aes_256_ecb(), key, nullptr, counter));
  }
  // The tag without AAD, were the last block zero.
  Block TagWithoutLast(ByteView blocks) const {
    Block sum{}, lengths{};
    for (std::size_t at = 0; at < blocks.size(); at += kBlockSize) {
      sum = Multiply(Xor(sum, BlockOf(blocks.subspan(at))), h);
    }
    PutBe64(MutableBytes(lengths).subspan(8), 8 * (blocks.size() + kBlockSize));
    return Xor(Multiply(Xor(Multiply(sum, h), lengths), h), mask);
  }
};

Bytes OfTwoGcmKeys(ByteView key_a, ByteView key_b, const AeadNonce& nonce, std::size_t size) {
  const GcmKey a(key_a, nonce), b(key_b, nonce);
  Bytes out(size - kBlockSize, kFiller);
  const Block left = Xor(a.TagWithoutLast(out), b.TagWithoutLast(out));
  const Block squares = Xor(Multiply(a.h, a.h), Multiply(b.h, b.h));
  const Block last = Multiply(left, Inverse(squares));
  const Block tag = Xor(a.TagWithoutLast(out), Multiply(last, Multiply(a.h, a.h)));
  Append(out, last);
  Append(out, tag);
  return out;
}

// ---- ChaCha20-Poly1305

// Numbers modulo 2^130 - 5.
class Number {
 public:
  Number() : value_(BN_new()) {}
  explicit Number(ByteView little_endian) : Number() {
    BN_lebin2bn(little_endian.data(), static_cast<int>(little_endian.size()), value_.get());
  }
  static Number PowerOfTwo(int exponent) {
    Number out;
    BN_set_bit(out.value_.get(), exponent);
    return out;
  }
  static const Number& Prime() {
    static const Number prime = [] {
      Number out = PowerOfTwo(130);
      BN_sub_word(out.value_.get(), 5);
      return out;
    }();
    return prime;
  }
  friend Number operator+(const Number& a, const Number& b) {
    return Made([&](BIGNUM* out) { return BN_mod_add(out, a.get(), b.get(), P(), Scratch()); });
  }
  friend Number operator-(const Number& a, const Number& b) {
    return Made([&](BIGNUM* out) { return BN_mod_sub(out, a.get(), b.get(), P(), Scratch()); });
  }
  friend Number operator*(const Number& a, const Number& b) {
    return Made([&](BIGNUM* out) { return BN_mod_mul(out, a.get(), b.get(), P(), Scratch()); });
  }
  Number Inverted() const {
    return Made(
        [&](BIGNUM* out) { return BN_mod_inverse(out, get(), P(), Scratch()) == nullptr ? 0 : 1; });
  }
  bool HasBits(int count) const { return BN_num_bits(get()) == count; }
  // The lowest 16 bytes.
  Block Low() const {
    std::array<std::uint8_t, 17> all{};
    Need(BN_bn2lebinpad(get(), all.data(), all.size()) > 0, "a number is too large");
    return BlockOf(all);
  }

 private:
  const BIGNUM* get() const { return value_.get(); }
  static const BIGNUM* P() { return Prime().get(); }
  static BN_CTX* Scratch() {
    static BN_CTX* const scratch = BN_CTX_new();
    return scratch;
  }
  template <typename Make>
  static Number Made(Make make) {
    Number out;
    Need(make(out.value_.get()) == 1, "arithmetic");
    return out;
  }
  struct Free {
    void operator()(BIGNUM* value) const { BN_free(value); }
  };
  std::unique_ptr<BIGNUM, Free> value_;
};

// A block of the message as Poly1305 takes it: with one bit above it.
Number Term(ByteView block) { return Number(block) + Number::PowerOfTwo(128); }

struct PolyKey {
  Number r;
  Block s{};
  PolyKey(ByteView key, const AeadNonce& nonce) {
    std::array<std::uint8_t, 16> iv{};  // counter 0, nonce
    std::copy(nonce.begin(), nonce.end(), iv.begin() + 4);
    Bytes once = Encrypted(EVP_chacha20(), key, iv.data(), Bytes(32, 0));
    for (const std::size_t at : {3, 7, 11, 15}) once[at] &= 15;
    for (const std::size_t at : {4, 8, 12}) once[at] &= 252;
    r = Number(ByteView(once).first(16));
    s = BlockOf(ByteView(once).subspan(16));
  }
  // Poly1305's sum without AAD, were the last two terms zero. `size`: of the whole ciphertext.
  Number SumWithoutLastTwo(ByteView blocks, std::size_t size) const {
    Number sum;
    for (std::size_t at = 0; at < blocks.size(); at += kBlockSize) {
      sum = (sum + Term(blocks.subspan(at, kBlockSize))) * r;
    }
    Block lengths{};
    for (std::size_t i = 0; i < 8; ++i) {
      lengths[8 + i] = static_cast<std::uint8_t>(std::uint64_t{size} >> (8 * i));
    }
    return (sum * r * r + Term(lengths)) * r;
  }
  // A sum that gives `tag`: tag - s modulo 2^128, plus `high` times 2^128.
  Number SumFor(const Block& tag, int high) const {
    std::array<std::uint8_t, 17> sum{};
    int borrow = 0;
    for (std::size_t i = 0; i < kBlockSize; ++i) {
      const int difference = tag[i] - s[i] - borrow;
      sum[i] = static_cast<std::uint8_t>(difference);
      borrow = difference < 0 ? 1 : 0;
    }
    sum[16] = static_cast<std::uint8_t>(high);
    return Number(sum);
  }
};

// x r^3 + y r^2 = what is left for the last two terms, under each key: two equations.
std::optional<Bytes> TryTag(const PolyKey& a, const PolyKey& b, const Number& left_a,
                            const Number& left_b, const Block& tag) {
  const Number a2 = a.r * a.r, b2 = b.r * b.r;
  const Number a3 = a2 * a.r, b3 = b2 * b.r;
  const Number inverse = (a3 * b2 - b3 * a2).Inverted();
  for (int high = 0; high < 9; ++high) {
    const Number to_a = a.SumFor(tag, high % 3) - left_a;
    const Number to_b = b.SumFor(tag, high / 3) - left_b;
    const Number x = (to_a * b2 - to_b * a2) * inverse;
    const Number y = (a3 * to_b - b3 * to_a) * inverse;
    if (!x.HasBits(129) || !y.HasBits(129)) continue;  // of 130: one in 16 is a message
    Bytes out;
    Append(out, x.Low());
    Append(out, y.Low());
    Append(out, tag);
    return out;
  }
  return std::nullopt;
}

Bytes OfTwoPolyKeys(ByteView key_a, ByteView key_b, const AeadNonce& nonce, std::size_t size) {
  const PolyKey a(key_a, nonce), b(key_b, nonce);
  Bytes out(size - 2 * kBlockSize, kFiller);
  const Number left_a = a.SumWithoutLastTwo(out, size), left_b = b.SumWithoutLastTwo(out, size);
  for (int attempt = 0; attempt < 1000; ++attempt) {
    Block tag{};
    PutBe32(MutableBytes(tag).first(4), static_cast<std::uint32_t>(attempt + 1));
    if (const std::optional<Bytes> end = TryTag(a, b, left_a, left_b, tag)) {
      Append(out, *end);
      return out;
    }
  }
  Need(false, "no tag of a thousand fits");
  return out;
}

}  // namespace

Bytes CiphertextOfTwoKeys(Suite suite, ByteView key_a, ByteView key_b, const AeadNonce& nonce,
                          std::size_t plain_size) {
  Need(plain_size >= 2 * kBlockSize && plain_size % kBlockSize == 0,
       "not a whole number of blocks");
  return suite == Suite::kAes256Gcm ? OfTwoGcmKeys(key_a, key_b, nonce, plain_size)
                                    : OfTwoPolyKeys(key_a, key_b, nonce, plain_size);
}

}  // namespace fenchi
