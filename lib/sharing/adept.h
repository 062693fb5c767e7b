// Adept secret sharing: everything of a sharing follows from key, randomness, threshold, context.
//
// With lp(x) = be32 length of x | x, A = scheme | m, M the key, R the randomness, T the context:
//   prk = HKDF-Extract(SHA-512, salt "fenchi/1/adss", lp(A) lp(M) lp(R) lp(T))
//   J, K = HKDF-Expand(prk, "J" and "K", 32 bytes each); L = HKDF-Expand(prk, "L", 32 (m - 1))
//   C = (M | R) xor HKDF-Expand(K, "enc", 64)
//   share i = Shamir's value at i of constant terms K and coefficients L
// On disk, never change, FORMAT.md "Key share". So who recovers K reads M and R from C and can make
// all else again: that is how altered shares are found and lost ones rebuilt.
// Source: Bellare, Dai, Rogaway, PoPETs 2020(4), section 5.
#pragma once

#include <array>
#include <cstdint>

#include "fenchi/bytes.h"
#include "fenchi/secret.h"

namespace fenchi {

inline constexpr std::uint8_t kAdeptScheme = 1;
inline constexpr std::size_t kAdeptPartSize = 32;  // of M, R, J, K and of a share's value

struct AdeptSharing {
  SecretBytes key;                            // M
  SecretBytes base;                           // K
  SecretBytes coins;                          // L
  std::array<std::uint8_t, 32> check{};       // J
  std::array<std::uint8_t, 64> ciphertext{};  // C

  // The value of share `index`, 1..255.
  SecretBytes ValueAt(int index) const;
};

// key, randomness: 32 bytes each. threshold: 1..255.
AdeptSharing DeriveSharing(int threshold, ByteView key, ByteView randomness, ByteView context);

// M | R from C, under K.
SecretBytes OpenCiphertext(ByteView base, ByteView ciphertext);

// Asks many candidates for K whether they give a known J: recovery tries up to thousands, and the
// guarded memory of SecretBytes, a handful of system calls apiece, is taken once here.
class AdeptChecker {
 public:
  // The views stay valid while the object lives.
  AdeptChecker(int threshold, ByteView context, ByteView ciphertext, ByteView check);

  // True where the sharing that `base` opens has check value J and `base` itself as its K.
  bool Fits(ByteView base);

 private:
  int threshold_;
  ByteView context_;
  ByteView ciphertext_;
  ByteView check_;
  SecretBytes scratch_;
};

}  // namespace fenchi
